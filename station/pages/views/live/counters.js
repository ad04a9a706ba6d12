/** The coil in figures: frames by what became of them, and how fast they come. */

import { el } from "../../core/dom.js";
import { fmt, t } from "../../core/i18n.js";
import { lengthOf, say, showIf } from "./say.js";

const FATES = ["clean", "defective", "unsegmented", "dead_lettered"];

/**
 * @returns {{node: HTMLElement, show: (coil: object, paceS: number|null, waiting: number|null) => void}}
 */
export function counters() {
  const inspected = el("p", { class: "figure" });
  const reached = el("p", { class: "live-note" });
  const bar = el("div", { class: "live-fates", "aria-hidden": "true" });
  const rows = Object.fromEntries(FATES.map((fate) => [fate, fateRow(fate)]));
  bar.append(...FATES.map((fate) => rows[fate].part));
  const pace = el("dd", {});
  const waiting = el("dd", {});
  const missing = el("dd", {});
  const missingRow = el("div", { class: "live-pair" }, el("dt", {}, t("live.missing")), missing);
  const node = el(
    "section",
    { class: "panel live-counters", "aria-label": t("live.frames") },
    el("h2", {}, t("live.frames")),
    el("div", { class: "live-figure-line" }, inspected, reached),
    bar,
    el(
      "dl",
      { class: "live-pairs" },
      FATES.map((fate) => rows[fate].row),
      missingRow,
    ),
    el(
      "dl",
      { class: "live-pairs live-pace" },
      el("div", { class: "live-pair" }, el("dt", {}, t("live.pace")), pace),
      el("div", { class: "live-pair" }, el("dt", {}, t("live.waiting")), waiting),
    ),
  );

  function show(coil, paceS, waitingFrames) {
    const sum = (name) => coil.cameras.reduce((total, camera) => total + (camera[name] ?? 0), 0);
    const received = sum("received");
    const announced = coil.ended_at_ns === null ? null : sum("announced");
    say(inspected, fmt.number(received));
    say(reached, announced ? t("live.of_announced", { count: announced }) : t("live.inspected"));
    for (const fate of FATES) {
      rows[fate].show(sum(fate), received);
    }
    const absent = announced === null ? 0 : Math.max(0, announced - received);
    showIf(missingRow, absent > 0);
    say(missing, fmt.number(absent));
    say(pace, paceText(paceS, waitingFrames !== null));
    say(waiting, waitingFrames === null ? t("live.not_known") : fmt.number(waitingFrames));
  }

  return { node, show };
}

/** A slow line's pace needs its tenths. */
function paceText(paceS, known) {
  if (paceS === null) {
    return t(known ? "live.measuring" : "live.not_known");
  }
  return t("live.per_second", { rate: fmt.number(paceS, paceS > 0 && paceS < 10 ? 1 : 0) });
}

function fateRow(fate) {
  const count = el("dd", {});
  const row = el(
    "div",
    { class: "live-pair", dataset: { fate } },
    el("dt", {}, el("span", { class: "live-fate-key", "aria-hidden": "true" }), t(`live.fate.${fate}`)),
    count,
  );
  const part = el("span", { dataset: { fate } });
  const show = (frames, of) => {
    say(count, fmt.number(frames));
    row.dataset.none = String(frames === 0);
    showIf(part, frames > 0);
    part.style.width = lengthOf(of ? frames / of : 0);
  };
  return { row, part, show };
}
