/** What the coil on the line does now, in a word; where data are old, of when they are. */

import { fmt, t } from "../../core/i18n.js";

const DOING = {
  running: "live.doing.running",
  closing: "live.doing.closing",
  reported: "live.doing.reported",
  unannounced: "live.doing.unannounced",
};

/**
 * @param {{look: string}|null} condition as `conditionNow` says
 * @param {import("./prediction.js").Phase} phase
 * @returns {{key: string, alert: boolean}}
 */
export function doingNow(condition, phase) {
  const alert = condition !== null && condition.look !== "calm";
  return { key: alert && phase !== "reported" ? "live.doing.not_known" : DOING[phase], alert };
}

/**
 * @param {{look: string}|null} condition
 * @param {{last_inspected_at_ns: string|null}} coil
 * @returns {string} empty: what is shown is of now
 */
export function asOf(condition, coil) {
  if (condition === null || condition.look === "calm" || coil.last_inspected_at_ns === null) {
    return "";
  }
  return t("live.as_of", { time: fmt.time(coil.last_inspected_at_ns) });
}
