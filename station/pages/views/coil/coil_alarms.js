/** The alarms about the coil: which stand, and who has seen them. They are acknowledged on the live page. */

import { el } from "../../core/dom.js";
import { fmt, t } from "../../core/i18n.js";
import { icon } from "../../parts/icons.js";

/** @param {object[]} alarms @returns {HTMLElement[]} a panel's contents */
export function alarmsOf(alarms) {
  const newest = [...alarms].sort((a, b) => Number(b.raised_at_ns) - Number(a.raised_at_ns));
  return [
    el("h2", {}, t("coil.alarms")),
    newest.length
      ? el("ul", { class: "coil-alarms" }, newest.map(alarmItem))
      : el("p", { class: "coil-calm" }, icon("check"), t("coil.no_alarms")),
  ];
}

/** Seen, as it stands now: an update after somebody looked has to be looked at again. */
export function isSeen(alarm) {
  return alarm.acknowledged_at_ns !== null && BigInt(alarm.acknowledged_at_ns) >= BigInt(alarm.changed_at_ns);
}

function alarmItem(alarm) {
  const state = alarm.ended ? "over" : isSeen(alarm) ? "seen" : "open";
  return el(
    "li",
    { class: `coil-alarm coil-alarm-${state}` },
    icon(state === "open" ? "alarm" : "check"),
    el(
      "div",
      {},
      el("h3", {}, t(`coil.alarm_${alarm.kind}`)),
      el("p", {}, alarm.summary),
      el("p", { class: "soft" }, history(alarm, state)),
    ),
  );
}

function history(alarm, state) {
  const said = [t("coil.alarm_raised", { time: fmt.time(alarm.raised_at_ns) })];
  if (alarm.acknowledged_at_ns !== null) {
    const who = alarm.acknowledged_by ?? "–";
    said.push(t("coil.alarm_acknowledged", { who, time: fmt.time(alarm.acknowledged_at_ns) }));
  }
  said.push(t(`coil.alarm_is_${state}`));
  return said.join(" · ");
}
