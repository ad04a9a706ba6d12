/** The deadline as a bar that fills from the coil's start, with the verdict's time on it. */

import { el } from "../../core/dom.js";
import { fmt, t } from "../../core/i18n.js";
import { barShares } from "./prediction.js";
import { lengthOf, say, showIf } from "./say.js";

/** Words for the flag: of a coil that runs the time is a "what if". */
const FLAGS = {
  running: "live.flag.if_ended",
  unannounced: "live.flag.if_ended",
  closing: "live.flag.about",
  reported: "live.flag.was",
};

/**
 * @typedef {import("./prediction.js").Prediction} Prediction
 * @returns {{node: HTMLElement, show: (prediction: Prediction, nowMs: number) => void}}
 */
export function deadlineBar() {
  const fill = el("div", { class: "live-bar-fill" });
  const late = el("div", { class: "live-bar-late", hidden: true });
  const due = el("div", { class: "live-bar-due" });
  const verdict = el("div", { class: "live-bar-verdict", hidden: true });
  const flag = el("span", { class: "live-bar-flag" });
  const start = el("span", {});
  const deadline = el("span", { class: "live-bar-deadline" });
  const track = el("div", { class: "live-bar-track" }, fill, late, due, verdict);
  const node = el(
    "div",
    { class: "live-bar", role: "img", hidden: true },
    el("div", { class: "live-bar-flags" }, flag),
    track,
    el("div", { class: "live-bar-ends" }, start, deadline),
  );

  function show(prediction, nowMs) {
    const shares = barShares(prediction, nowMs);
    showIf(node, shares !== null);
    if (shares === null) {
      return;
    }
    node.dataset.risk = prediction.risk;
    node.dataset.phase = prediction.phase;
    fill.style.width = lengthOf(Math.min(shares.now, shares.deadline));
    showIf(late, shares.now > shares.deadline);
    late.style.left = lengthOf(shares.deadline);
    late.style.width = lengthOf(shares.now - shares.deadline);
    due.style.left = lengthOf(shares.deadline);
    showIf(verdict, shares.verdict !== null);
    showIf(flag, shares.verdict !== null);
    if (shares.verdict !== null) {
      verdict.style.left = lengthOf(shares.verdict);
      placeAt(flag, shares.verdict);
      say(flag, flagWords(prediction));
    }
    placeAt(deadline, shares.deadline);
    say(start, t("live.bar.start", { time: fmt.time(prediction.startMs * 1e6) }));
    say(deadline, t("live.bar.deadline", { time: fmt.time(prediction.deadlineMs * 1e6) }));
    node.setAttribute("aria-label", spoken(prediction));
  }

  return { node, show };
}

/** Words at a share of the bar; within it at both of its ends. */
function placeAt(words, share) {
  words.style.left = lengthOf(share);
  words.style.transform = `translateX(-${lengthOf(share)})`;
}

function spoken(prediction) {
  const [start, deadline] = [prediction.startMs, prediction.deadlineMs].map((atMs) => fmt.time(atMs * 1e6));
  const bar = t("live.bar.label", { start, deadline });
  if (prediction.verdictMs === null) {
    return bar;
  }
  return `${bar} ${flagWords(prediction)}`;
}

function flagWords(prediction) {
  return t(FLAGS[prediction.phase], { time: fmt.time(prediction.verdictMs * 1e6) });
}
