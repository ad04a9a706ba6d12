// The whole coil in one line: how dense each class is, where frames want attention, and the window's handle.

import { FATE } from "./coil_model.js";
import { eachStretch, fillStretch, MISSING, STRETCHES } from "./draw_ground.js";

const COLUMN_PX = 3;
const FATES_PX = 5;
const HANDLE_PX = 12;
const NARROWEST_PX = 6;
const CLASSES = 64;

/** The line beneath the map. */
export class Overview {
  /**
   * @param {HTMLCanvasElement} canvas
   * @param {(fromMm: number, toMm: number) => void} look is told where the window was dragged to
   */
  constructor(canvas, look) {
    this.canvas = canvas;
    this._look = look;
    this._counts = new Uint16Array(0);
    this._counted = "";
    this._listening = this._listen();
  }

  /** @param {object} scene model, view, palette, ratio, shows, filterKey */
  draw(context, scene, widthPx, heightPx) {
    const { model, view, palette } = scene;
    this._view = view;
    // Under the map's own left and right edge.
    this._frame = {
      left: view.left,
      right: view.right,
      top: 0,
      bottom: heightPx,
      fromMm: 0,
      toMm: Math.max(1, view.lengthMm / (1 - view.lead)),
      plotWidth: view.plotWidth,
    };
    const frame = this._frame;
    frame.scaleX = frame.plotWidth / frame.toMm;
    frame.x = (mm) => frame.left + mm * frame.scaleX;
    context.clearRect(0, 0, widthPx, heightPx);
    const base = heightPx - FATES_PX - 3;
    const end = Math.max(frame.left, frame.x(model.lengthMm()));
    context.fillStyle = palette.steel;
    context.fillRect(frame.left, base, end - frame.left, FATES_PX);
    this._drawFates(context, scene, base);
    this._drawDensity(context, scene, base - 2);
    this._drawWindow(context, scene, heightPx);
  }

  destroy() {
    this._listening.abort();
  }

  _drawFates(context, scene, top) {
    const { model } = scene;
    model.cameras.forEach((_, camera) => {
      const [fates, frames, frameMm] = [model.fates(camera), model.framesOf(camera), model.frameMm(camera)];
      eachStretch(fates, frames, frameMm, this._frame, (fate, from, to) => {
        const stretch = fate === FATE.NOT_INSPECTED && model.report ? MISSING : STRETCHES[fate];
        if (fate === FATE.NOT_INSPECTED && !model.report) {
          return;
        }
        context.fillStyle = scene.palette[stretch.name];
        context.fillRect(from, top, Math.max(to - from, 2), FATES_PX);
      });
    });
  }

  _drawDensity(context, scene, base) {
    const columns = Math.ceil(this._frame.plotWidth / COLUMN_PX);
    this._count(scene, columns);
    const most = this._most || 1;
    const height = base - 3;
    for (let column = 0; column < columns; column += 1) {
      let total = 0;
      for (let n = column * CLASSES; n < (column + 1) * CLASSES; n += 1) {
        total += this._counts[n];
      }
      if (!total) {
        continue;
      }
      // The root: a single defect stays visible beside a hundred.
      const whole = Math.max(2, height * Math.sqrt(total / most));
      let y = base;
      for (let classId = 0; classId < CLASSES; classId += 1) {
        const count = this._counts[column * CLASSES + classId];
        if (!count) {
          continue;
        }
        const part = (whole * count) / total;
        context.fillStyle = scene.palette.look(classId).colour;
        context.fillRect(this._frame.left + column * COLUMN_PX, y - part, COLUMN_PX - 1, part);
        y -= part;
      }
    }
  }

  _count({ model, shows, filterKey }, columns) {
    const key = `${model.coilId} ${model.revision} ${columns} ${filterKey} ${this._frame.toMm}`;
    if (key === this._counted) {
      return;
    }
    this._counted = key;
    if (this._counts.length < columns * CLASSES) {
      this._counts = new Uint16Array(columns * CLASSES);
    } else {
      this._counts.fill(0);
    }
    const totals = new Uint32Array(columns);
    const { regions } = model;
    const perMm = this._frame.scaleX / COLUMN_PX;
    this._most = 0;
    for (let region = 0; region < regions.count; region += 1) {
      if (!shows(region)) {
        continue;
      }
      const middle = (regions.alongMinMm[region] + regions.alongMaxMm[region]) / 2;
      const column = Math.min(columns - 1, Math.max(0, Math.floor(middle * perMm)));
      this._counts[column * CLASSES + Math.min(CLASSES - 1, regions.classId[region])] += 1;
      totals[column] += 1;
      this._most = Math.max(this._most, totals[column]);
    }
  }

  _drawWindow(context, { view, palette }, heightPx) {
    const { from, to } = this._windowPx(view);
    const { left, right } = this._frame;
    context.fillStyle = palette.halo;
    context.globalAlpha = 0.55;
    context.fillRect(left, 0, from - left, heightPx);
    context.fillRect(to, 0, right - to, heightPx);
    context.globalAlpha = 1;
    context.strokeStyle = palette.accent;
    context.lineWidth = 1.5;
    context.beginPath();
    context.roundRect(from + 0.75, 0.75, Math.max(1, to - from - 1.5), heightPx - 1.5, 3);
    context.stroke();
    context.fillStyle = palette.accent;
    for (const x of [from, to]) {
      context.beginPath();
      context.roundRect(x - 2, heightPx / 2 - 8, 4, 16, 2);
      context.fill();
    }
  }

  _windowPx(view) {
    const from = this._frame.x(view.fromMm);
    const to = this._frame.x(view.toMm);
    const missing = Math.max(0, NARROWEST_PX - (to - from)) / 2;
    return { from: from - missing, to: to + missing };
  }

  _listen() {
    const listening = new AbortController();
    const { canvas } = this;
    const on = (name, listener) => canvas.addEventListener(name, listener, { signal: listening.signal });
    let held = null;
    on("pointerdown", (event) => {
      if (!this._frame || event.button !== 0) {
        return;
      }
      canvas.setPointerCapture(event.pointerId);
      held = this._grab(event);
      this._drag(held, event);
    });
    on("pointermove", (event) => {
      if (held) {
        this._drag(held, event);
      } else if (this._frame) {
        canvas.style.cursor = CURSORS[this._grab(event).part];
      }
    });
    for (const name of ["pointerup", "pointercancel"]) {
      on(name, () => (held = null));
    }
    return listening;
  }

  /** What is under the pointer: an edge of the window, the window, or the line beside it. */
  _grab(event) {
    const x = event.offsetX;
    const { from, to } = this._windowPx(this._view);
    const { fromMm, toMm } = this._view;
    const wide = to - from > 3 * HANDLE_PX;
    const reach = wide ? HANDLE_PX / 2 + 2 : 0;
    let part = "beside";
    if (Math.abs(x - from) < HANDLE_PX && x < from + reach) {
      part = "from";
    } else if (Math.abs(x - to) < HANDLE_PX && x > to - reach) {
      part = "to";
    } else if (x > from && x < to) {
      part = "window";
    }
    return { part, startX: x, fromMm, toMm };
  }

  _drag(held, event) {
    const { left, scaleX } = this._frame;
    const byMm = (event.offsetX - held.startX) / scaleX;
    if (held.part === "beside") {
      const half = (held.toMm - held.fromMm) / 2;
      const middle = (event.offsetX - left) / scaleX;
      this._look(middle - half, middle + half);
    } else if (held.part === "window") {
      this._look(held.fromMm + byMm, held.toMm + byMm);
    } else if (held.part === "from") {
      this._look(Math.min(held.fromMm + byMm, held.toMm - 1), held.toMm);
    } else {
      this._look(held.fromMm, Math.max(held.toMm + byMm, held.fromMm + 1));
    }
  }
}

const CURSORS = { beside: "pointer", window: "grab", from: "ew-resize", to: "ew-resize" };
