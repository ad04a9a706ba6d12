/** One alarm of the list. */

import { el } from "../../core/dom.js";
import { fmt, t } from "../../core/i18n.js";
import { coilHref } from "../../core/router.js";
import { classLabel } from "../../parts/class_look.js";
import { icon } from "../../parts/icons.js";
import { alarmClass, alarmDetails, alarmKey, alarmTitle, isAcknowledged } from "./alarm_words.js";

/**
 * @param {object} alarm as on the wire
 * @param {{busy: boolean, failure: string, acknowledge: (alarm: object) => void}} about
 */
export function alarmRow(alarm, { busy, failure, acknowledge }) {
  const seen = isAcknowledged(alarm);
  const details = alarmDetails(alarm);
  const kind = alarmClass(alarm);
  return el(
    "li",
    { class: "live-alarm", tabindex: "-1", dataset: { alarm: alarmKey(alarm), seen: String(seen) } },
    icon("alarm"),
    el(
      "div",
      { class: "live-alarm-words" },
      el(
        "p",
        { class: "live-alarm-head" },
        el("span", { class: "live-alarm-title" }, alarmTitle(alarm)),
        el("span", { class: "live-alarm-time" }, fmt.time(alarm.raised_at_ns)),
      ),
      el("p", { class: "live-alarm-facts", lang: details.lang }, details.text),
      seen || alarm.acknowledged_at_ns === null
        ? null
        : el("p", { class: "live-note" }, whoSaw(alarm, "live.alarm.changed_since")),
      failure ? el("p", { class: "live-bad", role: "alert" }, failure) : null,
    ),
    el(
      "div",
      { class: "live-alarm-foot" },
      el(
        "p",
        { class: "live-note" },
        kind ? classLabel(kind.classId, kind.name ?? undefined) : null,
        el("a", { href: coilHref(alarm.coil_id) }, alarm.coil_id),
      ),
      seen ? seenBy(alarm) : acknowledgeButton(alarm, busy, acknowledge),
    ),
  );
}

function seenBy(alarm) {
  return el("p", { class: "live-seen" }, icon("check"), whoSaw(alarm, "live.alarm.seen"));
}

function whoSaw(alarm, key) {
  return t(key, { who: alarm.acknowledged_by ?? "–", time: fmt.time(alarm.acknowledged_at_ns) });
}

function acknowledgeButton(alarm, busy, acknowledge) {
  const label = t("live.alarm.acknowledge_this", { title: alarmTitle(alarm) });
  const words = t(busy ? "live.alarm.acknowledging" : "live.alarm.acknowledge");
  const onclick = () => acknowledge(alarm);
  return el("button", { type: "button", disabled: busy, "aria-label": label, onclick }, words);
}
