/** Which line is shown, when there are several; remembered on this browser. */

import { el } from "../../core/dom.js";
import { t } from "../../core/i18n.js";
import { prefer, preference } from "../../core/preferences.js";
import { remaking } from "../../core/remaking.js";
import { icon } from "../../parts/icons.js";
import { isAcknowledged } from "./alarm_words.js";
import { showIf } from "./say.js";

/**
 * The line to show: the chosen one while it is there, else one that runs, else the first.
 * @param {object} state the API's
 * @returns {string|null} null: no line is known
 */
export function lineToShow(state) {
  const lines = linesOf(state);
  const chosen = preference("line", "");
  if (lines.includes(chosen)) {
    return chosen;
  }
  return lines.find((line) => line in state.running) ?? lines[0] ?? null;
}

/** @returns {string[]} */
export function linesOf(state) {
  return Object.keys(state.coils).sort();
}

/**
 * @param {() => void} onChoose
 * @returns {{node: HTMLElement, show: (state: object) => void}}
 */
export function lineChoice(onChoose) {
  const node = el("div", { class: "live-lines", role: "group", "aria-label": t("live.lines"), hidden: true });
  const remake = remaking(node);

  function show(state) {
    const lines = linesOf(state);
    const chosen = lineToShow(state);
    showIf(node, lines.length > 1);
    const facts = lines.map((line) => ({
      line,
      runs: line in state.running,
      alarms: state.alarms.filter((alarm) => alarm.line_id === line && !isAcknowledged(alarm)).length,
      chosen: line === chosen,
    }));
    const hadFocus = node.contains(document.activeElement);
    remake(facts, () => facts.map((fact) => lineButton(fact, onChoose)));
    if (hadFocus && !node.contains(document.activeElement)) {
      node.querySelector("[aria-pressed='true']")?.focus();
    }
  }

  return { node, show };
}

function lineButton({ line, runs, alarms, chosen }, onChoose) {
  const choose = () => {
    prefer("line", line);
    onChoose();
  };
  return el(
    "button",
    { type: "button", "aria-pressed": String(chosen), onclick: choose },
    icon(runs ? "running" : "idle"),
    line,
    el("span", { class: "unseen" }, t(runs ? "condition.running" : "condition.idle")),
    alarms ? alarmCount(alarms) : null,
  );
}

function alarmCount(alarms) {
  const what = el("span", { class: "unseen" }, ` ${t("live.alarms")}`);
  return el("span", { class: "live-count" }, String(alarms), what);
}
