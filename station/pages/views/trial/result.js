/** What the models said of the picture: the gate, the time it took, every region. */

import { el, replace } from "../../core/dom.js";
import { fmt, t } from "../../core/i18n.js";
import { classLabel } from "../../parts/class_look.js";
import { icon } from "../../parts/icons.js";
import { figureLine, gauge, scoreText } from "./gauge.js";

/**
 * @param {{onRegion: (index: number|null) => void}} told a row is looked at, or none
 * @returns {{node: HTMLElement, say: (state: object) => void, mark: (index: number|null) => void}} see `say`
 */
export function resultPanel({ onRegion }) {
  const body = el("div", { class: "result-body" });
  const heard = el("p", { class: "unseen", role: "status" });
  const node = el("section", { class: "panel result", "aria-label": t("trial.result") }, heard, body);
  let rows = [];

  /** @param {{result?: object, running?: boolean, sentence?: string}} state one of them; none: no picture */
  function say({ result, running, sentence }) {
    rows = [];
    replace(heard, result ? inWords(result) : running ? t("trial.running") : "");
    if (result) {
      rows = result.regions.map((region, index) => regionRow(region, index, result, onRegion));
      replace(body, conclusion(result), figures(result), regionTable(result, rows));
    } else if (sentence) {
      const said = el("p", {}, sentence);
      replace(body, el("div", { class: "note error", role: "alert" }, icon("worker_down"), said));
    } else if (running) {
      const why = el("p", { class: "soft" }, t("trial.runningWhat"));
      replace(body, el("p", { class: "result-running" }, t("trial.running")), why);
    } else {
      replace(body, el("p", { class: "soft" }, t("trial.nothing")));
    }
  }

  function mark(index) {
    rows.forEach((row, at) => row.classList.toggle("is-marked", at === index));
  }

  say({});
  return { node, say, mark };
}

/** @param {object} result @returns {number} all of it, in milliseconds */
export function totalMs(result) {
  return result.decode_ms + result.gate_ms + (result.segment_ms ?? 0);
}

/** What it means on the line, in one word and one sentence. @param {object} result */
export function outcome(result) {
  if (!result.passed) {
    return { name: "clean", sign: "release" };
  }
  return result.regions.length ? { name: "defective", sign: "mask" } : { name: "empty", sign: "release" };
}

function inWords(result) {
  const count = result.regions.length + result.regions_left_out;
  return t(`trial.outcome.${outcome(result).name}`, { count });
}

function conclusion(result) {
  const { name, sign } = outcome(result);
  return el(
    "div",
    { class: `result-conclusion is-${name}` },
    icon(sign),
    el("div", {}, el("h2", {}, inWords(result)), el("p", { class: "soft" }, t(`trial.outcome.${name}.what`))),
  );
}

function figures(result) {
  const parts = [
    { name: "decode", ms: result.decode_ms },
    { name: "gate", ms: result.gate_ms },
    { name: "segment", ms: result.segment_ms },
  ];
  const fitted = result.fitted
    ? t("trial.fitted", {
        width: String(result.width_px),
        height: String(result.height_px),
        percent: fmt.percent(result.fitted.scale),
      })
    : null;
  return el(
    "div",
    { class: "result-figures" },
    gauge(result.gate_score, result.gate_threshold),
    el(
      "div",
      { class: "times" },
      figureLine(t("trial.time"), ms(totalMs(result))),
      el(
        "dl",
        {},
        parts.map((part) => timeLine(part, totalMs(result))),
      ),
    ),
    fitted ? el("p", { class: "result-fitted soft" }, fitted) : null,
  );
}

function timeLine({ name, ms: took }, total) {
  const said = took === null ? t("trial.time.none") : ms(took);
  const bar = el("div", { class: "times-bar", "aria-hidden": "true" });
  bar.style.width = `${took === null || !total ? 0 : (took / total) * 100}%`;
  return el(
    "div",
    { class: "times-line" },
    el("dt", {}, t(`trial.time.${name}`)),
    el("dd", { class: "times-track" }, bar, el("span", { class: "unseen" }, said)),
    el("dd", { class: "number", "aria-hidden": "true" }, took === null ? "–" : ms(took)),
  );
}

function ms(value) {
  return t("trial.ms", { ms: fmt.number(value, value < 10 ? 1 : 0) });
}

function regionTable(result, rows) {
  if (!rows.length) {
    return null;
  }
  const leftOut = result.regions_left_out;
  const heads = ["class", "score", "area", "where"].map((name) =>
    el("th", { scope: "col", class: name === "class" ? null : "number" }, t(`trial.region.${name}`)),
  );
  return el(
    "div",
    { class: "regions" },
    el(
      "div",
      { class: "regions-scroll", tabIndex: 0, role: "region", "aria-label": t("trial.regions") },
      el(
        "table",
        {},
        el("caption", { class: "unseen" }, t("trial.regions")),
        el("thead", {}, el("tr", {}, heads)),
        el("tbody", {}, rows),
      ),
    ),
    leftOut > 0 && el("p", { class: "soft" }, t("trial.leftOut", { count: leftOut })),
  );
}

/** Sizes are of the picture that was dropped, not of the frame that it was fitted into. */
function regionRow(region, index, result, onRegion) {
  const scale = result.fitted?.scale ?? 1;
  const area = fmt.number(Math.round(region.area_px / scale ** 2));
  const px = (value) => fmt.number(Math.round(value / scale));
  return el(
    "tr",
    { onpointerenter: () => onRegion(index), onpointerleave: () => onRegion(null) },
    el("td", {}, classLabel(region.class_id, region.name)),
    el("td", { class: "number" }, scoreText(region.score)),
    el("td", { class: "number" }, t("trial.px2", { area })),
    el(
      "td",
      { class: "number soft" },
      `${px(region.col_min)}–${px(region.col_max)}, ${px(region.row_min)}–${px(region.row_max)}`,
    ),
  );
}
