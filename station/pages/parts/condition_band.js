/** What the line is like: calm words in the header when all is as it should be, a band when it is not. */

import { el, replace } from "../core/dom.js";
import { secondsTo } from "../core/clock.js";
import { fmt, t } from "../core/i18n.js";
import { lineState, linkState } from "../core/stream.js";
import { icon } from "./icons.js";

const LOOKS = {
  running: "calm",
  idle: "calm",
  stale: "doubt",
  no_data: "empty",
  worker_down: "bad",
  broker_away: "bad",
  lost: "bad",
};

/**
 * What to show, the worst that holds: without the server nothing is known of the line.
 * @returns {{name: string, look: string, sinceS: number|null, why: string}|null} null before anything is known
 */
export function conditionNow(state = lineState(), link = linkState(), nowMs = Date.now()) {
  const lostS = (nowMs - link.sinceMs) / 1000;
  if (link.state === "lost" && (state !== null || lostS > 2)) {
    return { name: "lost", look: LOOKS.lost, sinceS: lostS, why: link.why };
  }
  if (state === null) {
    return null;
  }
  const why = state.condition === "broker_away" ? state.broker.why : "";
  return { name: state.condition, look: LOOKS[state.condition], sinceS: -secondsTo(state.since_ns), why };
}

/** The words in the header. @returns {{node: HTMLElement, update: () => void}} */
export function conditionWords() {
  const node = el("div", { class: "condition condition-calm" });
  let shown = "";
  return {
    node,
    update() {
      const now = conditionNow();
      const name = now && now.look === "calm" ? now.name : "";
      if (name !== shown) {
        shown = name;
        node.className = `condition condition-calm condition-${name}`;
        replace(node, name ? [icon(name), el("span", {}, t(`condition.${name}`))] : []);
      }
    },
  };
}

/** The band beneath the header. @returns {{node: HTMLElement, update: () => void}} */
export function conditionBand() {
  const since = el("span", { class: "condition-since", "aria-hidden": "true" });
  const words = el("div", { class: "condition", role: "status", "aria-live": "assertive" });
  const node = el("div", { hidden: true }, words, since);
  let shown = "";
  return {
    node,
    update() {
      const now = conditionNow();
      const bad = now !== null && now.look !== "calm";
      const key = bad ? `${now.name} ${now.why}` : "";
      node.hidden = !bad;
      if (key !== shown) {
        shown = key;
        node.className = bad ? `condition condition-band condition-${now.look} condition-${now.name}` : "";
        replace(words, bad ? sentences(now) : []);
      }
      if (bad) {
        since.textContent = t("condition.since", { time: fmt.duration(Math.max(0, now.sinceS)) });
      }
    },
  };
}

function sentences(now) {
  const advice = t(`condition.${now.name}.advice`);
  return [
    icon(now.name),
    el("strong", {}, t(`condition.${now.name}`)),
    el("span", { class: "advice" }, now.why ? `${advice} (${now.why})` : advice),
  ];
}
