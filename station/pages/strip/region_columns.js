// The regions of one coil as growing columns: typed arrays, because twenty thousand objects cost more to walk
// than a frame of animation may take.

import { lowerBound } from "../core/lower_bound.js";

const COLUMNS = {
  classId: Uint16Array,
  camera: Uint8Array,
  frameIndex: Int32Array,
  frameAlongMm: Float32Array,
  alongMinMm: Float32Array,
  alongMaxMm: Float32Array,
  acrossMinMm: Float32Array,
  acrossMaxMm: Float32Array,
  areaMm2: Float32Array,
  score: Float32Array,
  partition: Int32Array,
  offset: Float64Array,
  gone: Uint8Array,
  pointsFrom: Int32Array,
  pointsCount: Int32Array,
};

/** A name here -> the wire's. */
const ON_WIRE = {
  classId: "class_id",
  camera: "camera",
  frameIndex: "frame_index",
  frameAlongMm: "frame_along_mm",
  alongMinMm: "along_min_mm",
  alongMaxMm: "along_max_mm",
  acrossMinMm: "across_min_mm",
  acrossMaxMm: "across_max_mm",
  areaMm2: "area_mm2",
  score: "score",
  partition: "partition",
  offset: "offset",
};

const AT_FIRST = 256;

/** The columns. An array may be longer than `count`, and another one after `append`: read it each time. */
export class RegionColumns {
  constructor() {
    this.clear();
  }

  /** Forget everything. */
  clear() {
    /** Regions, those that count no more too (`gone`). */
    this.count = 0;
    /** Longest region along the strip: how far before a window a region that reaches into it may begin. */
    this.longestMm = 0;
    for (const [name, Column] of Object.entries(COLUMNS)) {
      this[name] = new Column(AT_FIRST);
    }
    /** Contours one behind the other: column, row of the frame in px. */
    this.points = new Int16Array(AT_FIRST * 8);
    this._pointsUsed = 0;
    this._indexOfRow = new Map();
    this._ofFrame = new Map();
    this._byAlong = new Int32Array(0);
    this._sorted = 0;
  }

  /**
   * Take in what a snapshot or a change brought.
   * @param {object} wire the message's `regions`
   */
  append(wire) {
    const rows = wire.row;
    if (!rows.length) {
      return;
    }
    this._makeRoom(this.count + rows.length);
    const points = pointsOf(wire.points);
    this._makeRoomForPoints(this._pointsUsed + points.length);
    this.points.set(points, this._pointsUsed);
    let from = this._pointsUsed;
    for (let n = 0; n < rows.length; n += 1) {
      const pointsCount = wire.contour_points[n];
      const known = this._indexOfRow.get(rows[n]);
      // A row never changes what it says: one that is known counts again.
      if (known === undefined) {
        this._put(this.count, wire, n, from, pointsCount);
      } else {
        this.gone[known] = 0;
      }
      from += 2 * pointsCount;
    }
    this._pointsUsed += points.length;
  }

  /**
   * Regions that count no more.
   * @param {number[]} rows
   */
  remove(rows) {
    for (const row of rows) {
      const index = this._indexOfRow.get(row);
      if (index !== undefined) {
        this.gone[index] = 1;
      }
    }
  }

  /**
   * A region of a frame, or undefined.
   * @param {number} camera
   * @param {number} frameIndex
   */
  ofFrame(camera, frameIndex) {
    return this._ofFrame.get(frameKey(camera, frameIndex));
  }

  /** The middle of a region's box. @param {number} region @returns {{alongMm: number, acrossMm: number}} */
  middle(region) {
    return {
      alongMm: (this.alongMinMm[region] + this.alongMaxMm[region]) / 2,
      acrossMm: (this.acrossMinMm[region] + this.acrossMaxMm[region]) / 2,
    };
  }

  /** Every index, by where its region begins along the strip. */
  get byAlong() {
    if (this._sorted !== this.count) {
      this._sort();
    }
    return this._byAlong;
  }

  /**
   * The first place in `byAlong` whose region may reach beyond a position.
   * @param {number} alongMm
   */
  firstAt(alongMm) {
    return lowerBound(this.byAlong, this.alongMinMm, alongMm - this.longestMm);
  }

  _put(index, wire, n, from, pointsCount) {
    for (const [name, field] of Object.entries(ON_WIRE)) {
      this[name][index] = wire[field][n];
    }
    this.pointsFrom[index] = from;
    this.pointsCount[index] = pointsCount;
    this.gone[index] = 0;
    this.longestMm = Math.max(this.longestMm, this.alongMaxMm[index] - this.alongMinMm[index]);
    this._indexOfRow.set(wire.row[n], index);
    const key = frameKey(wire.camera[n], wire.frame_index[n]);
    if (!this._ofFrame.has(key)) {
      this._ofFrame.set(key, index);
    }
    this.count = index + 1;
  }

  _sort() {
    const alongMm = this.alongMinMm;
    const fresh = new Int32Array(this.count - this._sorted);
    for (let n = 0; n < fresh.length; n += 1) {
      fresh[n] = this._sorted + n;
    }
    fresh.sort((a, b) => alongMm[a] - alongMm[b]);
    this._byAlong = merged(this._byAlong, fresh, alongMm);
    this._sorted = this.count;
  }

  _makeRoom(count) {
    if (count <= this.classId.length) {
      return;
    }
    const room = Math.max(count, 2 * this.classId.length);
    for (const [name, Column] of Object.entries(COLUMNS)) {
      this[name] = grown(this[name], Column, room);
    }
  }

  _makeRoomForPoints(count) {
    if (count > this.points.length) {
      this.points = grown(this.points, Int16Array, Math.max(count, 2 * this.points.length));
    }
  }
}

/**
 * A longer copy.
 * @param {ArrayLike<number>} array
 * @param {any} Column
 * @param {number} room
 */
export function grown(array, Column, room) {
  const longer = new Column(room);
  longer.set(array);
  return longer;
}

function frameKey(camera, frameIndex) {
  return camera * 2 ** 32 + frameIndex;
}

/** Contours are base64 of little-endian int16, and so is every machine that runs a browser. */
function pointsOf(base64) {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let n = 0; n < text.length; n += 1) {
    bytes[n] = text.charCodeAt(n);
  }
  return new Int16Array(bytes.buffer, 0, bytes.length >> 1);
}

function merged(old, fresh, values) {
  const both = new Int32Array(old.length + fresh.length);
  let a = 0;
  let b = 0;
  for (let n = 0; n < both.length; n += 1) {
    const takeOld = b === fresh.length || (a < old.length && values[old[a]] <= values[fresh[b]]);
    both[n] = takeOld ? old[a++] : fresh[b++];
  }
  return both;
}
