/** Regions by class, the most first in length, always in the order of the classes' letters. */

import { el } from "../../core/dom.js";
import { fmt, t } from "../../core/i18n.js";
import { remaking } from "../../core/remaking.js";
import { classLook, classSwatch } from "../../parts/class_look.js";
import { lengthOf, say } from "./say.js";

/** @returns {{node: HTMLElement, show: (coil: object, known: Object<string, string>) => void}} */
export function classes() {
  const list = el("ul", { class: "live-classes" });
  const total = el("p", { class: "figure" });
  const note = el("p", { class: "live-note" });
  const remake = remaking(list);
  let rows = [];
  const node = el(
    "section",
    { class: "panel", "aria-label": t("live.defects") },
    el("h2", {}, t("live.defects")),
    el("div", { class: "live-figure-line" }, total, note),
    list,
  );

  function show(coil, known) {
    const names = { ...known, ...coil.class_names };
    const ids = Object.keys(names)
      .map(Number)
      .sort((a, b) => a - b);
    remake([ids, names], () => (rows = ids.map((id) => classRow(id, names[id]))).map((row) => row.node));
    const counts = ids.map((id) => coil.regions_by_class[id] ?? 0);
    const sum = counts.reduce((a, b) => a + b, 0);
    const most = Math.max(1, ...counts);
    say(total, fmt.number(sum));
    say(note, sum ? t("live.regions", { count: sum }) : t("live.no_defect"));
    rows.forEach((row, index) => row.show(counts[index], most));
  }

  return { node, show };
}

function classRow(classId, name) {
  const count = el("span", { class: "live-class-count" });
  const bar = el("span", { class: "live-class-bar", "aria-hidden": "true" });
  bar.style.background = classLook(classId).colour;
  const node = el(
    "li",
    {},
    classSwatch(classId),
    el("span", { class: "live-class-name" }, name),
    count,
    el("span", { class: "live-class-track", "aria-hidden": "true" }, bar),
  );
  const show = (regions, most) => {
    say(count, fmt.number(regions));
    bar.style.width = lengthOf(regions / most);
    node.dataset.none = String(regions === 0);
  };
  return { node, show };
}
