// Where one looks: the window stays at the strip's end, glides to where it is sent, or is held by a pointer.

import { EndFollower, Glide } from "./motion.js";
import { Viewport } from "./viewport.js";

const LIVE_FRAME_PX = 8;
const LIVE_LEAD = 0.04;

/** The window onto the strip, and what moves it. */
export class StripWindow {
  /**
   * @param {HTMLElement} stage whose size the map has
   * @param {boolean} isLive whether it follows the strip's end at first
   * @param {{moved: () => void, follows: (follows: boolean) => void}} told `moved`: there is news to draw
   */
  constructor(stage, isLive, told) {
    this._stage = stage;
    this._isLive = isLive;
    this._told = told;
    this._model = null;
    /** Whether it stays at the strip's end. */
    this.follows = isLive;
    this.view = new Viewport();
    this.view.lead = isLive ? LIVE_LEAD : 0;
    this.end = new EndFollower();
    this._glide = new Glide();
    this._fresh = false;
  }

  /** @param {object | null} model a CoilModel @param {boolean} isOther whether it is of another coil */
  show(model, isOther) {
    this._model = model;
    if (isOther) {
      this.follows = this._isLive;
      this._fresh = true;
    }
  }

  /** Take the stage's size, and the strip's. */
  measure() {
    if (!this._model) {
      return;
    }
    const { width, height } = this._stage.getBoundingClientRect();
    this.view.resize(width, height);
    const lengthMm = this._model.lengthMm();
    // A coil that has just begun grows across the screen before it runs.
    const least = this._isLive && this._model.coil?.runs ? this._liveSpan() * (1 - LIVE_LEAD) : 0;
    this.view.measure(Math.max(lengthMm, least), this._model.widthMm());
  }

  /**
   * One step of whatever moves by itself.
   * @param {number} nowMs
   * @returns {boolean} whether it goes on
   */
  step(nowMs) {
    const { view } = this;
    const endMm = this._model.lengthMm();
    if (this._fresh) {
      this._fresh = !this._model.cameras.length;
      this.end.jump(endMm);
      const span = this._isLive ? this._liveSpan() : view.lengthMm;
      const toMm = this._isLive ? endMm + LIVE_LEAD * span : span;
      view.look(toMm - span, toMm, 0);
    }
    if (this.follows) {
      const runs = this.end.step(endMm, nowMs);
      const span = view.allowedSpan(view.spanMm);
      const toMm = this.end.endMm + view.lead * span;
      view.look(toMm - span, toMm);
      return runs;
    }
    if (this._glide.moving) {
      const now = this._glide.at(nowMs);
      view.look(now.fromMm, now.toMm, now.acrossFromMm);
      return this._glide.moving;
    }
    view.look(view.fromMm, view.toMm);
    return false;
  }

  /** @param {boolean} follows */
  followEnd(follows) {
    this.follows = follows;
    if (follows) {
      this._glide.stop();
    }
    this._told.follows(follows);
    this._told.moved();
  }

  /** Glide to a part of the strip. @param {number} fromMm @param {number} toMm */
  look(fromMm, toMm) {
    this.measure();
    this._go({ fromMm, toMm, acrossFromMm: this.view.acrossFromMm });
  }

  /**
   * Be at a window at once: a pointer is holding it.
   * @param {{fromMm: number, toMm: number, acrossFromMm?: number}} window
   */
  jump({ fromMm, toMm, acrossFromMm }) {
    this._leaveEnd();
    this._glide.stop();
    this.view.look(fromMm, toMm, acrossFromMm);
    this._told.moved();
  }

  /** A pointer drags the strip. @param {number} dx px @param {number} dy px */
  pan(dx, dy) {
    const byMm = -dx / this.view.scaleX;
    const { fromMm, toMm, acrossFromMm } = this.view;
    this.jump({
      fromMm: fromMm + byMm,
      toMm: toMm + byMm,
      acrossFromMm: acrossFromMm - dy / this.view.scaleY,
    });
  }

  /** Glide on by a share of the window. @param {number} along @param {number} across */
  panShare(along, across) {
    const from = this._glide.target ?? this.view.window;
    const byMm = along * (from.toMm - from.fromMm);
    const acrossMm = across * (this.view.acrossToMm - this.view.acrossFromMm);
    this._go({
      fromMm: from.fromMm + byMm,
      toMm: from.toMm + byMm,
      acrossFromMm: from.acrossFromMm + acrossMm,
    });
  }

  /** Zoom at a pointer. @param {number} factor of the window's length @param {number} x @param {number} y */
  zoom(factor, x, y) {
    if (!this._model) {
      return;
    }
    if (this.follows) {
      this.view.toMm = this.view.fromMm + this.view.allowedSpan(this.view.spanMm * factor);
      this._told.moved();
      return;
    }
    this.jump(this.view.zoomed(factor, x, y));
  }

  /**
   * Zoom without a pointer: a region stays where it is; without one in view the middle.
   * @param {number} factor @param {number | null} region
   */
  zoomMiddle(factor, region) {
    if (!this._model) {
      return;
    }
    const { view } = this;
    if (this.follows) {
      this.zoom(factor, 0, 0);
      return;
    }
    const middle = { x: view.left + view.plotWidth / 2, y: view.top + view.plotHeight / 2 };
    // From where a glide is going, not from where it is: two quick steps are two steps.
    const seen = this.view.window;
    const heading = this._glide.target ?? seen;
    view.look(heading.fromMm, heading.toMm, heading.acrossFromMm);
    const aim = this._placeInView(region) ?? middle;
    const wanted = view.zoomed(factor, aim.x, aim.y);
    view.look(seen.fromMm, seen.toMm, seen.acrossFromMm);
    this._go(wanted);
  }

  /** @param {"head" | "tail"} which */
  goToEnd(which) {
    if (which === "tail" && this._isLive) {
      this.followEnd(true);
      return;
    }
    const { spanMm, lengthMm } = this.view;
    const fromMm = which === "head" ? 0 : lengthMm - spanMm;
    this._go({ fromMm, toMm: fromMm + spanMm, acrossFromMm: this.view.acrossFromMm });
  }

  /** All of the strip. */
  whole() {
    this._go({ fromMm: 0, toMm: this.view.lengthMm / (1 - this.view.lead), acrossFromMm: 0 });
  }

  /** As close as shows a region's shape. @param {number} region */
  reveal(region) {
    const { regions } = this._model;
    this.measure();
    const long = regions.alongMaxMm[region] - regions.alongMinMm[region];
    const wide = regions.acrossMaxMm[region] - regions.acrossMinMm[region];
    const { view } = this;
    const span = view.allowedSpan(Math.max(long * 4, (wide * 3 * view.plotWidth) / view.plotHeight));
    this._centre(region, span);
  }

  /** Glide only as far as needed. @param {number} region */
  bringIntoView(region) {
    const { regions } = this._model;
    this.measure();
    const { view } = this;
    const inside =
      regions.alongMinMm[region] >= view.fromMm &&
      regions.alongMaxMm[region] <= view.toMm &&
      regions.acrossMinMm[region] >= view.acrossFromMm &&
      regions.acrossMaxMm[region] <= view.acrossToMm;
    if (!inside) {
      this._centre(region, view.spanMm);
    }
  }

  _centre(region, spanMm) {
    const { alongMm, acrossMm } = this._model.regions.middle(region);
    const seen = this.view.plotHeight / this.view.scaleAcross(this.view.plotWidth / spanMm);
    this._go({ fromMm: alongMm - spanMm / 2, toMm: alongMm + spanMm / 2, acrossFromMm: acrossMm - seen / 2 });
  }

  _placeInView(region) {
    if (region === null) {
      return null;
    }
    const { alongMm, acrossMm } = this._model.regions.middle(region);
    const x = this.view.x(alongMm);
    return x >= this.view.left && x <= this.view.right ? { x, y: this.view.y(acrossMm) } : null;
  }

  _go(window) {
    this._leaveEnd();
    this._glide.begin(this.view.window, window, performance.now());
    this._told.moved();
  }

  _leaveEnd() {
    if (this.follows) {
      this.follows = false;
      this._told.follows(false);
    }
  }

  _liveSpan() {
    return (this.view.plotWidth / LIVE_FRAME_PX) * this._model.frameMm(0);
  }
}
