/** The server's clock: a wall screen's own may be minutes off, and slack is counted in seconds. */

let aheadMs = 0;

/** @param {string} ns the server's time now, nanoseconds since the epoch */
export function setServerNow(ns) {
  aheadMs = Number(ns) / 1e6 - performance.now();
}

/** @returns {number} milliseconds since the epoch by the server; by this browser until the server has spoken */
export function serverNowMs() {
  return aheadMs ? aheadMs + performance.now() : Date.now();
}

/** Seconds from now to a time; below zero when it has passed. @param {string} ns since the epoch */
export function secondsTo(ns) {
  return (Number(ns) / 1e6 - serverNowMs()) / 1000;
}
