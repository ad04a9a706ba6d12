/** How fast frames are inspected, measured over the last ten seconds, as the tracker measures it. */

export const WINDOW_S = 10;
/** Below this a burst is no rate: the first delta after a snapshot would promise thousands a second. */
const LEAST_S = 2;

/** Frames a second of one count that only rises, from what it was when it was looked at. */
export class InspectionRate {
  constructor() {
    /** @type {{atS: number, count: number}[]} oldest first */
    this.looks = [];
  }

  /**
   * Note a count. One that fell belongs to something else (another coil, a corrected one): begins anew.
   * @param {number} atS seconds of a clock that never steps back
   * @param {number} count since whenever
   */
  note(atS, count) {
    const last = this.looks.at(-1);
    if (last && (count < last.count || atS < last.atS)) {
      this.looks = [];
    }
    this.looks.push({ atS, count });
    while (this.looks.length > 2 && this.looks[1].atS <= atS - WINDOW_S) {
      this.looks.shift();
    }
  }

  /**
   * @param {number} nowS
   * @returns {number|null} 0 while nothing comes; null while it was not watched for long enough
   */
  perS(nowS) {
    if (!this.looks.length || nowS - this.looks[0].atS < LEAST_S) {
      return null;
    }
    const from = this.countAt(nowS - WINDOW_S);
    const overS = Math.min(WINDOW_S, nowS - this.looks[0].atS);
    return (this.looks.at(-1).count - from) / overS;
  }

  /** The count as it stood then: the latest look that is not later. */
  countAt(atS) {
    let count = this.looks[0].count;
    for (const look of this.looks) {
      if (look.atS > atS) {
        break;
      }
      count = look.count;
    }
    return count;
  }
}
