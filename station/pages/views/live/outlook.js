/** The prediction in words. */

import { fmt, t } from "../../core/i18n.js";

/** One who waits a second does not wait. */
const AT_ONCE_S = 1.5;

/**
 * When the verdict will be there, in a sentence.
 * @param {import("./prediction.js").Prediction} prediction
 * @param {object|null} report
 * @param {{key: string, alert: boolean}} now
 * @returns {string}
 */
export function outlook(prediction, report, now) {
  if (report) {
    return t("live.outlook.reported", { time: fmt.time(report.reported_at_ns) });
  }
  if (prediction.waitS === null) {
    return t(now.alert ? "live.outlook.no_data" : whyUnknown(prediction));
  }
  const seconds = { time: fmt.duration(Math.ceil(prediction.waitS)), count: prediction.behind };
  if (prediction.phase === "closing") {
    return t(prediction.waitS < AT_ONCE_S ? "live.outlook.closing_soon" : "live.outlook.closing", seconds);
  }
  return t(prediction.waitS < AT_ONCE_S ? "live.outlook.at_end" : "live.outlook.after_end", seconds);
}

function wasDue(deadlineMs) {
  return t("live.slack.was_due", { time: fmt.time(deadlineMs * 1e6) });
}

function whyUnknown({ behind, ratePerS }) {
  if (behind === null) {
    return "live.outlook.unknown_behind";
  }
  return ratePerS === null ? "live.outlook.measuring" : "live.outlook.standing";
}

/**
 * @param {import("./prediction.js").Prediction} prediction
 * @returns {{title: string, figure: string, note: string}}
 */
export function slackWords(prediction) {
  const { slackS, deadlineMs, phase, verdictMs } = prediction;
  if (slackS === null) {
    return { title: t("live.slack"), figure: "–", note: t("live.slack.no_deadline") };
  }
  if (phase === "reported") {
    const late = slackS < 0;
    return {
      title: t(late ? "live.slack.late_by" : "live.slack.was"),
      figure: fmt.clock(Math.abs(slackS)),
      note: t(late ? "live.slack.was_late" : "live.slack.was_in_time"),
    };
  }
  const until = deadlineMs === null ? "" : t("live.slack.until", { time: fmt.time(deadlineMs * 1e6) });
  if (slackS < 0) {
    return { title: t("live.slack.overdue"), figure: fmt.clock(slackS), note: wasDue(deadlineMs) };
  }
  const misses = verdictMs !== null && deadlineMs !== null && verdictMs > deadlineMs;
  const note = misses ? t("live.slack.not_enough") : until;
  return { title: t("live.slack"), figure: fmt.clock(slackS), note };
}
