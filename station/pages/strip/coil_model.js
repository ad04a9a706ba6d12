// One coil as the page knows it: what the server's snapshot and changes add up to.

import { RegionColumns, grown } from "./region_columns.js";

/** What became of a frame, as on the wire. */
export const FATE = { NOT_INSPECTED: 0, CLEAN: 1, DEFECTIVE: 2, UNSEGMENTED: 3, DEAD_LETTERED: 4 };

/** A frame's length while nothing tells it: positions then count frames. */
const UNKNOWN_FRAME_MM = 100;
const UNKNOWN_WIDTH_MM = 1000;
const NO_FATES = new Uint8Array(0);

/** A coil, folded from the wire's messages. */
export class CoilModel {
  /** @param {string} [coilId] */
  constructor(coilId = "") {
    this.coilId = coilId;
    /** Rises with every change: what was drawn of an older one is out of date. */
    this.revision = 0;
    /** The wire's sequence number. */
    this.seq = 0;
    /** The wire's coil; null before the first message. */
    this.coil = null;
    this.report = null;
    this.marks = [];
    this.alarms = [];
    this.regions = new RegionColumns();
    this._fates = [];
    this._lengths = [];
  }

  /**
   * Take in a snapshot or a change.
   * @param {object} event the wire's message
   */
  apply(event) {
    if (event.whole || event.since === 0) {
      this._clear();
    }
    if (event.coil) {
      this.coil = event.coil;
      this.coilId = event.coil.coil_id;
    }
    for (const runs of event.fates ?? []) {
      this._takeFates(runs);
    }
    if (event.regions) {
      this.regions.append(event.regions);
    }
    if (event.gone) {
      this.regions.remove(event.gone);
    }
    if (event.marks) {
      this.marks = event.marks;
    }
    if (event.alarms) {
      this.alarms = event.alarms;
    }
    if (event.report) {
      this.report = event.report;
    }
    if (event.seq !== undefined) {
      this.seq = event.seq;
    }
    this.revision += 1;
  }

  /** The coil's cameras as the wire lists them: a region's `camera` is a place in this list. */
  get cameras() {
    return this.coil?.cameras ?? [];
  }

  /** Whether positions are in mm. False while no frame's length is known: `alongMm` then counts frames. */
  get inMm() {
    return this.cameras.some((camera) => camera.frame_mm) || this.coil?.length_mm > 0;
  }

  /**
   * What became of a camera's frames, by their index; 0 beyond the last that is known.
   * @param {number} camera
   * @returns {Uint8Array}
   */
  fates(camera) {
    return this._fates[camera]?.subarray(0, this._lengths[camera]) ?? NO_FATES;
  }

  /**
   * From one frame to the next.
   * @param {number} camera
   */
  frameMm(camera) {
    const own = this.cameras[camera]?.frame_mm;
    if (own) {
      return own;
    }
    const other = this.cameras.find((each) => each.frame_mm);
    if (other) {
      return other.frame_mm;
    }
    const frames = this._mostFrames();
    return this.coil?.length_mm && frames ? this.coil.length_mm / frames : UNKNOWN_FRAME_MM;
  }

  /** As far as the strip is known to reach. */
  lengthMm() {
    if (!this.coil) {
      return 0;
    }
    let longest = Math.max(this.coil.length_mm ?? 0, this.coil.reached_mm ?? 0);
    this.cameras.forEach((camera, number) => {
      longest = Math.max(longest, this.framesOf(number) * this.frameMm(number));
    });
    return longest;
  }

  /** Across the strip. */
  widthMm() {
    if (this.coil?.width_mm) {
      return this.coil.width_mm;
    }
    let widest = 0;
    for (const { geometry } of this.cameras) {
      if (geometry) {
        widest = Math.max(widest, geometry.across_mm + geometry.width_mm);
      }
    }
    return widest || UNKNOWN_WIDTH_MM;
  }

  /**
   * What a camera sees across the strip; its share of the width while its geometry is unknown.
   * @param {number} camera
   * @returns {{fromMm: number, toMm: number}}
   */
  bandMm(camera) {
    const geometry = this.cameras[camera]?.geometry;
    if (geometry) {
      return { fromMm: geometry.across_mm, toMm: geometry.across_mm + geometry.width_mm };
    }
    const share = this.widthMm() / Math.max(1, this.cameras.length);
    return { fromMm: camera * share, toMm: (camera + 1) * share };
  }

  /**
   * Frames of a camera, sent or announced.
   * @param {number} camera
   */
  framesOf(camera) {
    const { frames = 0, announced = 0 } = this.cameras[camera] ?? {};
    return Math.max(frames, announced ?? 0, this._lengths[camera] ?? 0);
  }

  /**
   * Which frame lies at a position.
   * @param {number} camera
   * @param {number} alongMm
   */
  frameAt(camera, alongMm) {
    return Math.floor(alongMm / this.frameMm(camera));
  }

  /**
   * Where a frame's record lies; known only of frames with regions.
   * @param {number} camera
   * @param {number} frameIndex
   * @returns {{partition: number, offset: number} | null}
   */
  framePlace(camera, frameIndex) {
    const region = this.regions.ofFrame(camera, frameIndex);
    if (region === undefined) {
      return null;
    }
    return { partition: this.regions.partition[region], offset: this.regions.offset[region] };
  }

  /**
   * A region's outline on the strip: pairs of along, across in mm; null when only its box is known.
   * @param {number} region
   * @returns {Float32Array | null}
   */
  contour(region) {
    const { regions } = this;
    const geometry = this.cameras[regions.camera[region]]?.geometry;
    const count = regions.pointsCount[region];
    if (!geometry || !count) {
      return null;
    }
    const contour = new Float32Array(2 * count);
    const from = regions.pointsFrom[region];
    for (let n = 0; n < 2 * count; n += 2) {
      contour[n] = regions.frameAlongMm[region] + regions.points[from + n + 1] * geometry.mm_per_px_along;
      contour[n + 1] = geometry.across_mm + regions.points[from + n] * geometry.mm_per_px_across;
    }
    return contour;
  }

  /**
   * A class's name; its number while no event has told the name.
   * @param {number} classId
   */
  className(classId) {
    return this.coil?.class_names[String(classId)] ?? `#${classId}`;
  }

  _clear() {
    this.regions.clear();
    this._fates = [];
    this._lengths = [];
    this.marks = [];
    this.alarms = [];
    this.report = null;
  }

  _mostFrames() {
    return this.cameras.reduce((most, _, number) => Math.max(most, this.framesOf(number)), 0);
  }

  _takeFates({ camera, start, length, fate }) {
    const last = start.length - 1;
    if (last < 0) {
      return;
    }
    const reach = start.reduce((most, first, n) => Math.max(most, first + length[n]), 0);
    const known = this._fates[camera] ?? NO_FATES;
    if (reach > known.length) {
      this._fates[camera] = grown(known, Uint8Array, Math.max(reach, 2 * known.length, 1024));
    }
    this._lengths[camera] = Math.max(this._lengths[camera] ?? 0, reach);
    for (let n = 0; n <= last; n += 1) {
      this._fates[camera].fill(fate[n], start[n], start[n] + length[n]);
    }
  }
}
