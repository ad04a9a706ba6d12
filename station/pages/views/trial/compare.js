/** The same picture through every bundle, one after another: a line each. */

import { el, replace } from "../../core/dom.js";
import { fmt, t } from "../../core/i18n.js";
import { classSwatch } from "../../parts/class_look.js";
import { icon } from "../../parts/icons.js";
import { gauge } from "./gauge.js";
import { nameOf } from "./models.js";
import { outcome, totalMs } from "./result.js";

/**
 * @param {{onCompare: () => void, onShow: (key: string) => void}} told
 * @returns {{node: HTMLElement, ready: (can: boolean) => void,
 *   show: (choices: object[], outcomes: Map<string, object>, chosen: string) => void}}
 *   `outcomes`: by key, `{result}`, `{sentence}` or `{running: true}`
 */
export function comparePanel({ onCompare, onShow }) {
  const go = { type: "button", class: "compare-go", disabled: true, onclick: onCompare };
  const button = el("button", go, t("trial.compare.go"));
  const body = el("tbody");
  const heads = ["model", "score", "outcome", "found", "time"].map((name) =>
    el("th", { scope: "col", class: name === "time" ? "number" : null }, t(`trial.compare.${name}`)),
  );
  const table = el(
    "div",
    { class: "compare-scroll", hidden: true },
    el(
      "table",
      {},
      el("caption", { class: "unseen" }, t("trial.compare")),
      el("thead", {}, el("tr", {}, heads)),
      body,
    ),
  );
  const node = el(
    "section",
    { class: "panel compare", "aria-label": t("trial.compare") },
    el(
      "header",
      { class: "compare-head" },
      el("div", {}, el("h2", {}, t("trial.compare")), el("p", { class: "soft" }, t("trial.compare.what"))),
      button,
    ),
    table,
  );

  function show(choices, outcomes, chosen) {
    table.hidden = outcomes.size === 0;
    const focused = body.contains(document.activeElement) ? document.activeElement.dataset.key : null;
    replace(
      body,
      choices.map((choice) => row(choice, outcomes.get(choice.key), choice.key === chosen, onShow)),
    );
    if (focused) {
      body.querySelector(`[data-key="${CSS.escape(focused)}"]`)?.focus();
    }
  }

  return { node, show, ready: (can) => (button.disabled = !can) };
}

function row(choice, known, chosen, onShow) {
  const name = el(
    "button",
    {
      type: "button",
      class: "compare-name quiet",
      dataset: { key: choice.key },
      "aria-pressed": String(chosen),
      onclick: () => onShow(choice.key),
    },
    nameOf(choice),
  );
  return el("tr", { class: chosen ? "is-chosen" : null }, el("td", {}, name), cells(known));
}

function cells(known) {
  if (known?.result) {
    const { name, sign } = outcome(known.result);
    return [
      el("td", {}, gauge(known.result.gate_score, known.result.gate_threshold, { small: true })),
      el("td", { class: `compare-outcome is-${name}` }, icon(sign), t(`trial.compare.${name}`)),
      el("td", {}, found(known.result)),
      el("td", { class: "number" }, t("trial.ms", { ms: fmt.number(totalMs(known.result)) })),
    ];
  }
  const words = known?.sentence ?? (known?.running ? t("trial.running") : t("trial.compare.waits"));
  return [el("td", { colSpan: 4, class: "soft" }, words)];
}

/** Regions by class; what was left out of the answer is not guessed at. */
function found(result) {
  const counts = new Map();
  for (const region of result.regions) {
    const known = counts.get(region.class_id) ?? { name: region.name, count: 0 };
    counts.set(region.class_id, { ...known, count: known.count + 1 });
  }
  if (!counts.size) {
    return el("span", { class: "soft" }, "–");
  }
  const kinds = [...counts]
    .sort(([a], [b]) => a - b)
    .map(([classId, { name, count }]) =>
      el(
        "span",
        { class: "compare-kind", title: name },
        classSwatch(classId),
        el("span", { class: "unseen" }, `${name} `),
        fmt.number(count),
      ),
    );
  return el("span", { class: "compare-kinds" }, kinds);
}
