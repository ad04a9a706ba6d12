/** A coil's time: when it was rolled, when its verdict came, and how that lies to the deadline. */

import { serverNowMs } from "../../core/clock.js";
import { el } from "../../core/dom.js";
import { fmt, t } from "../../core/i18n.js";

/**
 * @typedef {Object} Times nanoseconds since the epoch as text; null where nobody said
 * @property {string|null} startedAtNs
 * @property {string|null} endedAtNs
 * @property {string|null} reportedAtNs
 * @property {string|null} deadlineAtNs
 */

/**
 * The bar and, beneath it, its four moments.
 * @param {Times} times
 * @returns {HTMLElement}
 */
export function timeline(times) {
  return el("div", { class: "coil-times" }, bar(times), moments(times));
}

function bar({ startedAtNs, endedAtNs, reportedAtNs, deadlineAtNs }) {
  const from = ms(startedAtNs);
  if (from === null || deadlineAtNs === null) {
    return null;
  }
  const now = serverNowMs();
  const done = ms(reportedAtNs) ?? now;
  const end = Math.max(ms(deadlineAtNs), done);
  const share = (at) => Math.min(1, Math.max(0, (at - from) / Math.max(1, end - from)));
  const part = (name, start, stop) => {
    const node = el("span", { class: `coil-time coil-time-${name}` });
    node.style.left = `${100 * share(start)}%`;
    node.style.width = `${100 * Math.max(0, share(stop) - share(start))}%`;
    return node;
  };
  const rolledTo = Math.min(ms(endedAtNs) ?? now, done);
  const track = el(
    "div",
    { class: "coil-time-track", "aria-hidden": "true" },
    part("rolling", from, rolledTo),
    part("finishing", rolledTo, Math.min(done, ms(deadlineAtNs))),
    part("late", ms(deadlineAtNs), done),
    tick("deadline", share(ms(deadlineAtNs))),
    tick(reportedAtNs === null ? "now" : "reported", share(done)),
  );
  return track;
}

function tick(name, share) {
  const node = el("span", { class: `coil-time-tick coil-time-tick-${name}` });
  node.style.left = `${100 * share}%`;
  return node;
}

function moments({ startedAtNs, endedAtNs, reportedAtNs, deadlineAtNs }) {
  return el(
    "dl",
    { class: "coil-moments" },
    moment("started", startedAtNs, startedAtNs),
    moment("ended", endedAtNs, startedAtNs),
    moment("reported", reportedAtNs, startedAtNs),
    moment("deadline", deadlineAtNs, startedAtNs),
  );
}

function moment(name, atNs, startedAtNs) {
  const known = atNs !== null;
  const isStart = name === "started";
  const after = known && !isStart && startedAtNs !== null ? (ms(atNs) - ms(startedAtNs)) / 1000 : null;
  return el(
    "div",
    {},
    el(
      "dt",
      {},
      el("span", { class: `coil-key coil-key-${name}`, "aria-hidden": "true" }),
      t(`coil.${name}`),
    ),
    el("dd", {}, known ? (isStart ? fmt.dateTime(atNs) : fmt.time(atNs)) : t(`coil.${name}_unknown`)),
    after === null ? null : el("dd", { class: "soft" }, `+${fmt.duration(after)}`),
  );
}

function ms(ns) {
  return ns === null || ns === undefined ? null : Number(ns) / 1e6;
}
