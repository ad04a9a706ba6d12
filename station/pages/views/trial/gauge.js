/** The gate's score against its threshold: on which side it fell, and how clearly. */

import { el } from "../../core/dom.js";
import { fmt, t } from "../../core/i18n.js";

/**
 * @param {number} score 0 to 1
 * @param {number} threshold 0 to 1
 * @param {{small?: boolean}} [options] small: without words, for a table
 * @returns {HTMLElement}
 */
export function gauge(score, threshold, { small = false } = {}) {
  const passed = score >= threshold;
  const words = t("trial.gauge", { score: scoreText(score), threshold: scoreText(threshold) });
  const fill = el("div", { class: "gauge-fill" });
  fill.style.width = `${clamped(score) * 100}%`;
  const tick = el("div", { class: "gauge-tick" });
  tick.style.left = `${clamped(threshold) * 100}%`;
  const kind = passed ? "gauge-track is-passed" : "gauge-track";
  const track = el("div", { class: kind, role: "img", "aria-label": words }, fill, tick);
  if (small) {
    return el("div", { class: "gauge gauge-small" }, el("span", {}, scoreText(score)), track);
  }
  const sentence = t("trial.threshold", { threshold: scoreText(threshold) });
  const said = el("span", { class: "gauge-threshold" }, sentence);
  // the words stand on the side of the tick where there is room
  if (threshold > 0.5) {
    said.style.right = `${(1 - clamped(threshold)) * 100}%`;
  } else {
    said.style.left = `${clamped(threshold) * 100}%`;
  }
  return el(
    "div",
    { class: "gauge" },
    figureLine(t("trial.score"), scoreText(score)),
    track,
    el("div", { class: "gauge-scale", "aria-hidden": "true" }, said),
  );
}

/** What it is, and how much, large. @param {string} name @param {string} figure */
export function figureLine(name, figure) {
  const said = el("span", { class: "soft" }, name);
  return el("p", { class: "gauge-head" }, said, el("span", { class: "figure" }, figure));
}

/** Three decimals; what is below the last one says so rather than 0. @param {number} score */
export function scoreText(score) {
  return score > 0 && score < 0.0005 ? `< ${fmt.number(0.001, 3)}` : fmt.number(score, 3);
}

function clamped(share) {
  return Math.min(1, Math.max(0, share));
}
