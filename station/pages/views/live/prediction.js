/**
 * When a coil's verdict will be there. Pure: from what the stream says, a measured rate and a time.
 *
 * A coil that ended: what is outstanding, at the rate at which frames are settled. One that runs: how long
 * after its end, for nobody knows how much strip is still to come. What is not known is null, never 0.
 */

/** @typedef {"running"|"closing"|"reported"|"unannounced"} Phase */
/** @typedef {"ok"|"at_risk"|"late"|"unknown"} Risk */

/** Less slack than this share of the budget is worth a look. */
const LITTLE = 0.15;

/**
 * What is settled of a coil: inspected, and not waiting to be segmented.
 * @param {{cameras: {received: number, unsegmented: number}[]}} coil as on the wire
 */
export function settledFrames(coil) {
  return coil.cameras.reduce((sum, camera) => sum + camera.received - camera.unsegmented, 0);
}

/**
 * Frames that a verdict would wait for if the strip ended now.
 * @param {{outstanding: number|null, cameras: object[]}} coil
 * @param {number|null} waitingFrames on the frame topic; null: not known
 * @returns {number|null}
 */
export function framesBehind(coil, waitingFrames) {
  if (coil.outstanding !== null) {
    return coil.outstanding;
  }
  if (waitingFrames === null) {
    return null;
  }
  const sum = (of) => coil.cameras.reduce((total, camera) => total + of(camera), 0);
  const reachedOver = sum((camera) => Math.max(0, camera.frames - camera.received));
  return Math.max(waitingFrames, reachedOver) + sum((camera) => camera.unsegmented);
}

/** @returns {Phase} */
export function phaseOf(coil, report) {
  if (report) {
    return "reported";
  }
  if (coil.ended_at_ns !== null) {
    return "closing";
  }
  return coil.runs ? "running" : "unannounced";
}

/**
 * @typedef {object} Prediction
 * @property {Phase} phase
 * @property {number|null} startMs since the epoch, as all `…Ms` here
 * @property {number|null} deadlineMs null: nobody said when it is due
 * @property {number|null} slackS deadline - now; of a reported coil deadline - report; below zero: late
 * @property {number|null} behind frames that the verdict waits for
 * @property {number|null} ratePerS settled frames a second; null: not measured (yet)
 * @property {number|null} waitS until they are settled; null: not known
 * @property {number|null} verdictMs when it was, or is predicted; of a running coil: if the strip ended now
 * @property {Risk} risk
 */

/**
 * @param {object} coil as on the wire
 * @param {object|null} report
 * @param {number|null} waitingFrames
 * @param {number|null} ratePerS settled frames a second; null: not measured (yet)
 * @param {number} nowMs by the server's clock
 * @returns {Prediction}
 */
export function predict(coil, report, waitingFrames, ratePerS, nowMs) {
  const phase = phaseOf(coil, report);
  const startMs = toMs(coil.started_at_ns ?? coil.began_at_ns);
  const deadlineMs = toMs(coil.deadline_at_ns ?? report?.deadline_at_ns ?? null);
  if (report) {
    const verdictMs = toMs(report.reported_at_ns);
    const slackS = deadlineMs === null ? report.slack_s - report.late_by_s : (deadlineMs - verdictMs) / 1000;
    const risk = report.in_time ? "ok" : "late";
    return { phase, startMs, deadlineMs, slackS, behind: 0, ratePerS, waitS: 0, verdictMs, risk };
  }
  const slackS = deadlineMs === null ? null : (deadlineMs - nowMs) / 1000;
  const behind = framesBehind(coil, waitingFrames);
  const waitS = waitOf(behind, ratePerS);
  const verdictMs = waitS === null ? null : nowMs + waitS * 1000;
  const risk = riskOf(slackS, waitS, startMs, deadlineMs);
  return { phase, startMs, deadlineMs, slackS, behind, ratePerS, waitS, verdictMs, risk };
}

/**
 * Where things stand on the bar, as shares of its length. It runs from the start to the deadline, and
 * further when now or the verdict lies beyond it.
 * @param {Prediction} prediction
 * @param {number} nowMs
 * @returns {{now: number, deadline: number, verdict: number|null}|null} null: nothing to measure by
 */
export function barShares(prediction, nowMs) {
  const { phase, startMs, deadlineMs, verdictMs } = prediction;
  if (startMs === null || deadlineMs === null || deadlineMs <= startMs) {
    return null;
  }
  const untilMs = phase === "reported" ? verdictMs : nowMs;
  const furthestMs = Math.max(untilMs, verdictMs ?? untilMs);
  const overtime = furthestMs > deadlineMs ? (furthestMs - startMs) * 1.04 : 0;
  const lengthMs = Math.max(deadlineMs - startMs, overtime);
  const share = (atMs) => Math.min(1, Math.max(0, (atMs - startMs) / lengthMs));
  return {
    now: share(untilMs),
    deadline: share(deadlineMs),
    verdict: verdictMs === null ? null : share(verdictMs),
  };
}

function waitOf(behind, ratePerS) {
  if (behind === 0) {
    return 0;
  }
  return behind === null || !ratePerS ? null : behind / ratePerS;
}

function riskOf(slackS, waitS, startMs, deadlineMs) {
  if (slackS === null) {
    return "unknown";
  }
  if (slackS < 0) {
    return "late";
  }
  const spareS = slackS - (waitS ?? 0);
  const littleS = ((deadlineMs - (startMs ?? deadlineMs)) / 1000) * LITTLE;
  if (spareS < 0 || slackS < littleS) {
    return "at_risk";
  }
  return waitS === null ? "unknown" : "ok";
}

function toMs(ns) {
  return ns === null || ns === undefined ? null : Number(ns) / 1e6;
}
