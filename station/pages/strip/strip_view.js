// The strip on the screen: a map to zoom and pan, an overview of the whole coil beneath it.

import { t } from "../core/i18n.js";
import { Choosing } from "./choosing.js";
import { listenToGestures } from "./gestures.js";
import { listenToKeys } from "./keyboard.js";
import { Overview } from "./overview.js";
import { Palette } from "./palette.js";
import { StripFoot, regionSentence } from "./strip_foot.js";
import { stripNodes } from "./strip_nodes.js";
import { StripPainter } from "./strip_painter.js";
import { StripScene } from "./strip_scene.js";
import { StripWindow } from "./strip_window.js";

const DRAWN = "coilwatch:drawn";

/** A coil's strip. Give it a host; it fills the host's width, and `.strip-stage` has the map's height. */
export class StripView {
  /**
   * @param {HTMLElement} host
   * @param {object} [options]
   * @param {"live" | "map"} [options.mode] live: follows the strip's end as it is rolled
   * @param {(region: number | null) => void} [options.onPick] click, tap or Enter
   * @param {(at: {regionIndex: number | null, alongMm: number, acrossMm: number, clientX: number,
   *   clientY: number} | null) => void} [options.onHover]
   * @param {(window: {fromMm: number, toMm: number}) => void} [options.onWindow]
   * @param {string} [options.label] what the map shows, for whoever does not see it
   */
  constructor(host, { mode = "map", onPick, onHover, onWindow, label = t("strip.label") } = {}) {
    const isLive = mode === "live";
    this._onWindow = onWindow;
    this._model = null;
    this._drawnRevision = -1;
    this._request = 0;
    this._foot = new StripFoot({
      zoom: (factor) => this._zoomMiddle(factor),
      whole: () => this._window.whole(),
      follow: isLive ? () => this.followEnd(true) : null,
    });
    const nodes = stripNodes(label, isLive, this._foot.node);
    const { map, over, line } = nodes;
    /** All of it. */
    this.node = nodes.node;
    this._nodes = nodes;
    host.append(this.node);
    this._window = new StripWindow(nodes.stage, isLive, {
      moved: () => this._paint(),
      follows: (follows) => this._foot.showFollows(follows),
    });
    this._foot.showFollows(isLive);
    this._scene = new StripScene(this._window.view, new Palette(this.node));
    this._choosing = new Choosing(this._scene, this._foot, { onPick, onHover });
    this._overview = new Overview(line, (fromMm, toMm) => this._window.jump({ fromMm, toMm }));
    this._painter = new StripPainter({ map, over, line }, this._overview, isLive);
    this._listen();
  }

  /** Another coil, or the same one anew. @param {object | null} model a CoilModel */
  show(model) {
    const isOther = model?.coilId !== this._model?.coilId;
    if (model !== this._model) {
      this._choosing.forget();
    }
    this._model = this._scene.model = model;
    this._window.show(model, isOther);
    this._drawnRevision = -1;
    this._nodes.empty.hidden = Boolean(model?.cameras.length);
    this.update();
  }

  /** The model has changed. */
  update() {
    if (this._model) {
      this._nodes.empty.hidden = this._model.cameras.length > 0;
      this._foot.explain(this._scene);
      this._foot.showFollows(this._window.follows);
    }
    this._paint();
  }

  /**
   * Show only some regions.
   * @param {{classes?: Set<number> | null, minAreaMm2?: number, cameras?: Set<number> | null}} filter
   */
  setFilter({ classes = null, minAreaMm2 = 0, cameras = null } = {}) {
    this._scene.setFilter({ classes, minAreaMm2, cameras });
    this._paint();
  }

  /** Look at a part of the strip. @param {number} fromMm @param {number} toMm */
  setWindow(fromMm, toMm) {
    this._window.look(fromMm, toMm);
  }

  /** @param {boolean} follows whether the window stays at the strip's end */
  followEnd(follows) {
    this._window.followEnd(follows);
  }

  /** Choose a region, and have it in view. @param {number | null} region */
  select(region) {
    this._choosing.selected = region;
    if (region !== null) {
      this._window.bringIntoView(region);
    }
    this._paint();
  }

  /** Choose a region and look at it closely. @param {number} region */
  reveal(region) {
    this._choosing.selected = region;
    this._window.reveal(region);
  }

  /** Put the keyboard's focus on the map. */
  focus() {
    this._nodes.map.focus();
  }

  /** Let go of everything. */
  destroy() {
    cancelAnimationFrame(this._request);
    this._stop.forEach((stop) => stop());
    this.node.remove();
  }

  _listen() {
    const resized = new ResizeObserver(() => this._paint());
    resized.observe(this._nodes.stage);
    resized.observe(this._nodes.line);
    const themed = () => this._takeTheme();
    document.addEventListener("coilwatch:theme", themed);
    this._stop = [
      () => resized.disconnect(),
      () => document.removeEventListener("coilwatch:theme", themed),
      () => this._overview.destroy(),
      listenToGestures(this._nodes.map, {
        pan: (dx, dy) => this._window.pan(dx, dy),
        zoom: (factor, x, y) => this._window.zoom(factor, x, y),
        hover: (at) => this._hover(at),
        pick: (at) => this._pickAt(at),
        grab: (held) => this._nodes.map.classList.toggle("held", held),
      }),
      listenToKeys(this._nodes.map, {
        pan: (along, across) => this._window.panShare(along, across),
        zoom: (factor) => this._zoomMiddle(factor),
        end: (which) => this._window.goToEnd(which),
        whole: () => this._window.whole(),
        beside: (step) => this._beside(step),
        pick: () => this._choosing.pick(),
        leave: () => this._leave(),
      }),
    ];
  }

  _takeTheme() {
    this._scene.palette.read();
    if (this._model) {
      this._foot.refresh(this._scene);
    }
    this._paint();
  }

  _zoomMiddle(factor) {
    this._window.zoomMiddle(factor, this._choosing.selected);
  }

  _beside(step) {
    const region = this._model ? this._choosing.beside(step) : null;
    if (region !== null) {
      this.select(region);
      this._nodes.said.textContent = regionSentence(this._model, region);
      this._foot.say(this._scene, null, region);
    }
  }

  _leave() {
    this._choosing.leave();
    this._paint();
  }

  _pickAt(at) {
    if (this._model) {
      this._choosing.pickAt(at);
      this._paint();
    }
  }

  _hover(at) {
    this._choosing.hover(at);
    if (at && this._model) {
      this._nodes.map.classList.toggle("meant", this._choosing.hovered !== null);
    }
    if (this._model && !this._request) {
      this._painter.drawOver(this._scene, this._choosing);
    }
  }

  /** Draw with the next frame of the screen. */
  _paint() {
    if (!this._request) {
      this._request = requestAnimationFrame((nowMs) => this._frame(nowMs));
    }
  }

  _frame(nowMs) {
    this._request = 0;
    if (!this._model) {
      this._painter.clear();
      return;
    }
    this._window.measure();
    const moving = this._window.step(nowMs);
    this._painter.draw(this._scene);
    if (this._choosing.isOutOfDate) {
      this._hover(this._choosing.pointer);
    }
    this._painter.drawOver(this._scene, this._choosing);
    this._tellWindow();
    this._noteDrawn();
    if (moving) {
      this._paint();
    }
  }

  _tellWindow() {
    const { fromMm, toMm } = this._window.view;
    if (this._toldFromMm !== fromMm || this._toldToMm !== toMm) {
      this._toldFromMm = fromMm;
      this._toldToMm = toMm;
      this._onWindow?.({ fromMm, toMm });
    }
  }

  /** For measuring: when news was on the screen. Only the last stays, for a page may be open for months. */
  _noteDrawn() {
    if (this._model.revision !== this._drawnRevision) {
      this._drawnRevision = this._model.revision;
      performance.clearMarks(DRAWN);
      performance.mark(DRAWN, { detail: { coilId: this._model.coilId, seq: this._model.seq } });
    }
  }
}
