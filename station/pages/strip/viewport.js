// Which part of the strip is on the canvas: along is x, across is y.
//
// Seen from afar the strip is squeezed along, and all of its width is on the canvas. Closer than a true scale
// (as many px a mm along as across) both zoom in together, so that a defect up close has its own shape.

/** Room for the scales. */
export const MARGIN_PX = { left: 52, top: 24, right: 10, bottom: 8 };
const NARROW_MARGIN_PX = { left: 44, top: 22, right: 4, bottom: 6 };
const NARROW_PX = 520;
/** A camera's px is some tenths of a mm: closer in there is nothing more to see. */
const CLOSEST_PX_PER_MM = 10;
const SHORTEST_STRIP_MM = 100;

/** The window onto the strip. */
export class Viewport {
  constructor() {
    this.widthPx = 1;
    this.heightPx = 1;
    this.margin = MARGIN_PX;
    this.fromMm = 0;
    this.toMm = 1;
    this.acrossFromMm = 0;
    this.lengthMm = SHORTEST_STRIP_MM;
    this.stripMm = 1;
    /** Share of the window that may lie beyond the strip's end. */
    this.lead = 0;
  }

  /** @param {number} widthPx of the canvas, in CSS px @param {number} heightPx */
  resize(widthPx, heightPx) {
    this.widthPx = Math.max(1, widthPx);
    this.heightPx = Math.max(1, heightPx);
    this.margin = widthPx < NARROW_PX ? NARROW_MARGIN_PX : MARGIN_PX;
  }

  /** @param {number} lengthMm along @param {number} stripMm across */
  measure(lengthMm, stripMm) {
    this.lengthMm = Math.max(SHORTEST_STRIP_MM, lengthMm);
    this.stripMm = Math.max(1, stripMm);
  }

  get left() {
    return this.margin.left;
  }

  get top() {
    return this.margin.top;
  }

  get plotWidth() {
    return Math.max(1, this.widthPx - this.margin.left - this.margin.right);
  }

  get plotHeight() {
    return Math.max(1, this.heightPx - this.margin.top - this.margin.bottom);
  }

  get right() {
    return this.left + this.plotWidth;
  }

  get bottom() {
    return this.top + this.plotHeight;
  }

  /** @returns {{fromMm: number, toMm: number, acrossFromMm: number}} */
  get window() {
    const { fromMm, toMm, acrossFromMm } = this;
    return { fromMm, toMm, acrossFromMm };
  }

  get spanMm() {
    return this.toMm - this.fromMm;
  }

  /** px a mm along. */
  get scaleX() {
    return this.plotWidth / this.spanMm;
  }

  /** px a mm across. */
  get scaleY() {
    return this.scaleAcross(this.scaleX);
  }

  get acrossToMm() {
    return this.acrossFromMm + this.plotHeight / this.scaleY;
  }

  /** Whether part of the strip's width is out of sight. */
  get isClose() {
    return this.scaleX > this.plotHeight / this.stripMm;
  }

  /** @param {number} scaleX */
  scaleAcross(scaleX) {
    return Math.max(this.plotHeight / this.stripMm, scaleX);
  }

  /** @param {number} alongMm @returns {number} px from the canvas's left */
  x(alongMm) {
    return this.left + (alongMm - this.fromMm) * this.scaleX;
  }

  /** @param {number} acrossMm @returns {number} px from the canvas's top */
  y(acrossMm) {
    return this.top + (acrossMm - this.acrossFromMm) * this.scaleY;
  }

  /** @param {number} x */
  along(x) {
    return this.fromMm + (x - this.left) / this.scaleX;
  }

  /** @param {number} y */
  across(y) {
    return this.acrossFromMm + (y - this.top) / this.scaleY;
  }

  /**
   * Look at another part, as far as there is strip.
   * @param {number} fromMm @param {number} toMm @param {number} [acrossFromMm]
   */
  look(fromMm, toMm, acrossFromMm = this.acrossFromMm) {
    const span = this.allowedSpan(toMm - fromMm);
    const start = fromMm + (toMm - fromMm - span) / 2;
    const last = Math.max(0, this.lengthMm + this.lead * span - span);
    this.fromMm = Math.min(Math.max(0, start), last);
    this.toMm = this.fromMm + span;
    const hidden = this.stripMm - this.plotHeight / this.scaleY;
    this.acrossFromMm = Math.min(Math.max(0, acrossFromMm), Math.max(0, hidden));
  }

  /** @param {number} spanMm @returns {number} as long a window as there may be */
  allowedSpan(spanMm) {
    const longest = this.lengthMm / (1 - this.lead);
    return Math.max(Math.min(spanMm, longest), Math.min(longest, this.plotWidth / CLOSEST_PX_PER_MM));
  }

  /**
   * The window that is `factor` times as long, with the same place under the pointer.
   * @param {number} factor @param {number} x @param {number} y of the pointer
   * @returns {{fromMm: number, toMm: number, acrossFromMm: number}}
   */
  zoomed(factor, x, y) {
    const span = this.allowedSpan(this.spanMm * factor);
    const fromMm = this.along(x) - ((x - this.left) / this.plotWidth) * span;
    const acrossFromMm = this.across(y) - (y - this.top) / this.scaleAcross(this.plotWidth / span);
    return { fromMm, toMm: fromMm + span, acrossFromMm };
  }
}
