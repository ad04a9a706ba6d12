/** What repeats on the coil: roll marks with the roll to look at, and lanes where defects gather. */

import { el } from "../../core/dom.js";
import { fmt, t } from "../../core/i18n.js";
import { classSwatch } from "../../parts/class_look.js";
import { icon } from "../../parts/icons.js";

/**
 * @param {object[]} marks
 * @param {object[]} lanes
 * @param {(classId: number, fromMm: number|null, toMm: number|null) => void} showOnMap
 * @returns {HTMLElement[]} a panel's contents
 */
export function repeatsOf(marks, lanes, showOnMap) {
  const heading = el("h2", {}, t("coil.repeats"));
  if (!marks.length && !lanes.length) {
    return [heading, el("p", { class: "coil-calm" }, icon("check"), t("coil.nothing_repeats"))];
  }
  return [
    heading,
    el(
      "ul",
      { class: "coil-repeats" },
      marks.map((mark) => markItem(mark, showOnMap)),
      lanes.map((lane) => laneItem(lane, showOnMap)),
    ),
  ];
}

function markItem(mark, showOnMap) {
  const kind = mark.class_name ?? t("coil.class_number", { id: mark.class_id });
  const others = mark.rolls.filter((roll) => roll !== mark.roll);
  const apart = mark.period_uncertainty_mm === null ? "" : ` ± ${fmt.number(mark.period_uncertainty_mm, 1)}`;
  const facts = [
    [t("coil.mark_period"), `${fmt.number(mark.period_mm, 1)}${apart} ${t("unit.mm")}`],
    [t("coil.mark_hits"), hits(mark)],
    [t("coil.mark_across"), fmt.mm(mark.lane_mm)],
    [t("coil.mark_along"), along(mark)],
    [t("coil.mark_chance"), chance(mark.false_alarm_probability)],
  ];
  return item({
    classId: mark.class_id,
    title: mark.roll ?? t("coil.no_roll"),
    kind: t("coil.mark_of", { kind }),
    aside: others.length ? t("coil.other_rolls", { rolls: others.join(", ") }) : "",
    facts,
    show: () => showOnMap(mark.class_id, mark.first_mm, mark.last_mm),
  });
}

function laneItem(lane, showOnMap) {
  const facts = [
    [t("coil.lane_count"), fmt.number(lane.count)],
    [t("coil.mark_across"), `${fmt.number(lane.across_min_mm)}–${fmt.mm(lane.across_max_mm)}`],
  ];
  return item({
    classId: lane.class_id,
    title: t("coil.lane"),
    kind: t("coil.lane_of", { kind: lane.class_name }),
    aside: "",
    facts,
    show: () => showOnMap(lane.class_id, null, null),
  });
}

function item({ classId, title, kind, aside, facts, show }) {
  return el(
    "li",
    { class: "coil-repeat" },
    el(
      "div",
      { class: "coil-repeat-head" },
      classSwatch(classId),
      el("div", {}, el("h3", {}, title), el("p", { class: "soft" }, kind)),
      el(
        "button",
        { type: "button", onclick: show, "aria-label": t("coil.show_on_map_of", { title }) },
        t("coil.show_on_map"),
      ),
    ),
    el(
      "dl",
      { class: "coil-facts" },
      facts.map(([name, said]) => el("div", {}, el("dt", {}, name), el("dd", {}, said))),
    ),
    aside ? el("p", { class: "soft" }, aside) : null,
  );
}

function hits(mark) {
  return mark.revolutions === null
    ? fmt.number(mark.count)
    : t("coil.hits_of", { count: mark.count, revolutions: mark.revolutions });
}

function along(mark) {
  return mark.first_mm === null || mark.last_mm === null
    ? "–"
    : `${fmt.number(mark.first_mm / 1000, 1)}–${fmt.metres(mark.last_mm)}`;
}

/** "1 in 200": a small probability is read in words better than in zeros. */
function chance(probability) {
  if (probability >= 0.1) {
    return fmt.percent(probability);
  }
  if (probability < 1e-9) {
    return t("coil.chance_none");
  }
  const digits = 10 ** Math.floor(Math.log10(1 / probability));
  return t("coil.chance_one_in", { number: Math.round(1 / probability / digits) * digits });
}
