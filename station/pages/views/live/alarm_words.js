/** An alarm in the person's language. The tracker's summary is English: it stands where nothing says more. */

import { fmt, t } from "../../core/i18n.js";

/**
 * Whether somebody has seen it as it stands now.
 * @param {{acknowledged_at_ns: string|null, changed_at_ns: string}} alarm
 */
export function isAcknowledged(alarm) {
  return alarm.acknowledged_at_ns !== null && BigInt(alarm.acknowledged_at_ns) >= BigInt(alarm.changed_at_ns);
}

/** An alarm's name is its own only within its coil. @param {object} alarm @returns {string} */
export function alarmKey(alarm) {
  return `${alarm.coil_id}/${alarm.alarm_id}`;
}

/** @param {object} alarm as on the wire @returns {string} */
export function alarmTitle(alarm) {
  if (alarm.kind === "roll_mark" && alarm.mark?.roll) {
    return t("live.alarm.roll_mark_of", { roll: alarm.mark.roll });
  }
  return t(`live.alarm.${alarm.kind}`);
}

/** @returns {{text: string, lang: string|null}} `lang` where it is not the page's */
export function alarmDetails(alarm) {
  const { mark, lane } = alarm;
  if (mark) {
    const values = { period: fmt.mm(mark.period_mm), count: mark.count, across: fmt.mm(mark.lane_mm) };
    return { text: t("live.alarm.mark_facts", values), lang: null };
  }
  if (lane) {
    const from = fmt.number(lane.across_min_mm);
    const values = { from, to: fmt.mm(lane.across_max_mm), coils: lane.coils.length, count: lane.of_last };
    return { text: t("live.alarm.lane_facts", values), lang: null };
  }
  return { text: alarm.summary, lang: "en" };
}

/** The class that it is about, when it is about one. @returns {{classId: number, name: string|null}|null} */
export function alarmClass(alarm) {
  const about = alarm.mark ?? alarm.lane;
  return about ? { classId: about.class_id, name: about.class_name ?? null } : null;
}

/** Those that nobody has seen first, then the newest first. @param {object[]} alarms @returns {object[]} */
export function inOrder(alarms) {
  const rank = (alarm) => (isAcknowledged(alarm) ? 1 : 0);
  return [...alarms].sort((a, b) => rank(a) - rank(b) || Number(b.raised_at_ns) - Number(a.raised_at_ns));
}
