// Which region is meant: the one under the pointer, and the one that was chosen.

import { regionAt, regionBeside } from "./picking.js";

const REACH_PX = 7;
const REACH_FINGER_PX = 16;

/** Hover and selection. Each is told to the foot beneath the map and to whoever shows the strip. */
export class Choosing {
  /**
   * @param {object} scene model, view, shows
   * @param {import("./strip_foot.js").StripFoot} foot
   * @param {{onPick?: (region: number | null) => void, onHover?: (at: object | null) => void}} told
   */
  constructor(scene, foot, told) {
    this._scene = scene;
    this._foot = foot;
    this._told = told;
    /** @type {{x: number, y: number, clientX: number, clientY: number} | null} */
    this.pointer = null;
    /** @type {number | null} */
    this.hovered = null;
    /** @type {number | null} */
    this.selected = null;
  }

  /** Another model's regions may be numbered otherwise. */
  forget() {
    this.hovered = null;
    this.selected = null;
  }

  /** The pointer has moved; null: it has left. @param {object | null} at px, on the map and in the window */
  hover(at) {
    this.pointer = at;
    if (!at || !this._scene.model) {
      this.hovered = null;
      this._foot.say(this._scene, null, this._scene.model ? this.selected : null);
      this._told.onHover?.(null);
      return;
    }
    this.hovered = this._at(at, REACH_PX);
    const { view } = this._scene;
    const place = { alongMm: view.along(at.x), acrossMm: view.across(at.y) };
    const { clientX, clientY } = at;
    this._foot.say(this._scene, place, this.hovered);
    this._told.onHover?.({ regionIndex: this.hovered, ...place, clientX, clientY });
  }

  /** Whether the strip has run on under a pointer that rests. */
  get isOutOfDate() {
    return this.pointer !== null && this._at(this.pointer, REACH_PX) !== this.hovered;
  }

  /** A click or a tap. @param {{x: number, y: number, coarse: boolean}} at `coarse`: by a finger */
  pickAt(at) {
    this.selected = this._at(at, at.coarse ? REACH_FINGER_PX : REACH_PX);
    this._foot.say(this._scene, null, this.selected);
    this.pick();
  }

  /** Tell what is chosen. */
  pick() {
    this._told.onPick?.(this.selected);
  }

  /** The next region along the strip, or the one before. @param {1 | -1} step @returns {number | null} */
  beside(step) {
    return regionBeside(this._scene, this.selected, step);
  }

  /** Choose nothing. */
  leave() {
    this.selected = null;
    this._foot.say(this._scene, null, null);
    this.pick();
  }

  _at({ x, y }, reachPx) {
    return regionAt(this._scene, x, y, reachPx);
  }
}
