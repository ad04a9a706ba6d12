// What moves by itself: the strip's end runs on evenly though news comes in bursts, and zooming glides.

const CATCH_UP_MS = 350;
/** As far behind as the server's turns are apart: then there is always some way to go until the next news. */
const BEHIND_MS = 120;
/** Without news for so long the strip stands. */
const STANDS_MS = 600;
const NEWEST_SHARE = 0.3;
const GLIDE_MS = 180;
const STILL_MM = 0.5;

/** Whether the person asked for as little motion as possible. */
export function wantsStill() {
  return matchMedia("(prefers-reduced-motion: reduce)").matches;
}

/** The strip's end as it is shown, a moment behind the one that is known. */
export class EndFollower {
  constructor() {
    this.endMm = 0;
    this._forget(0);
  }

  /** Be there at once. @param {number} endMm */
  jump(endMm) {
    this.endMm = endMm;
    this._forget(endMm);
  }

  /**
   * Go on towards the end, at the speed at which it moves away.
   * @param {number} targetMm @param {number} nowMs
   * @returns {boolean} whether it has still some way to go
   */
  step(targetMm, nowMs) {
    const passedMs = Math.min(STANDS_MS, Math.max(0, nowMs - (this._steppedMs ?? nowMs)));
    this._steppedMs = nowMs;
    this._noteSpeed(targetMm, nowMs);
    if (wantsStill() || targetMm - this.endMm < STILL_MM) {
      this.endMm = targetMm;
      return this._speed > 0 && !wantsStill();
    }
    const aimMm = targetMm - this._speed * BEHIND_MS;
    const stepMm = this._speed * passedMs + (aimMm - this.endMm) * (1 - Math.exp(-passedMs / CATCH_UP_MS));
    this.endMm = Math.min(targetMm, this.endMm + Math.max(0, stepMm));
    return true;
  }

  _noteSpeed(targetMm, nowMs) {
    if (this._toldMs === null) {
      this._toldMs = nowMs;
    } else if (targetMm !== this._targetMm) {
      const newest = Math.max(0, targetMm - this._targetMm) / Math.max(1, nowMs - this._toldMs);
      this._speed += (newest - this._speed) * (this._speed ? NEWEST_SHARE : 1);
      this._toldMs = nowMs;
    } else if (nowMs - this._toldMs > STANDS_MS) {
      this._speed = 0;
    }
    this._targetMm = targetMm;
  }

  _forget(targetMm) {
    this._targetMm = targetMm;
    this._toldMs = null;
    this._steppedMs = null;
    /** mm a ms. */
    this._speed = 0;
  }
}

/** From one window to another. */
export class Glide {
  constructor() {
    this._to = null;
  }

  get moving() {
    return this._to !== null;
  }

  /** The window it ends with; null when nothing moves. */
  get target() {
    return this._to;
  }

  /** @param {object} from window @param {object} to window @param {number} nowMs */
  begin(from, to, nowMs) {
    this._from = { ...from };
    this._to = to;
    this._begunMs = nowMs;
  }

  stop() {
    this._to = null;
  }

  /** @param {number} nowMs @returns {{fromMm: number, toMm: number, acrossFromMm: number}} the window now */
  at(nowMs) {
    const passed = wantsStill() ? 1 : Math.min(1, Math.max(0, (nowMs - this._begunMs) / GLIDE_MS));
    const share = 1 - (1 - passed) ** 3;
    const now = {};
    for (const name of ["fromMm", "toMm", "acrossFromMm"]) {
      now[name] = this._from[name] + (this._to[name] - this._from[name]) * share;
    }
    if (passed === 1) {
      this._to = null;
    }
    return now;
  }
}
