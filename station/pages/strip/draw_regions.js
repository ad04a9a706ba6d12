// Regions: dots from afar, boxes nearer, outlines with their class's pattern and letter close up.

/** Below this a region is a dot of one colour. */
const DOT_PX = 6;
/** A dot can be seen from three metres; it is smaller where so many would cover everything. */
const LARGEST_DOT_PX = 4;
const SMALLEST_DOT_PX = 1.5;
const DOTS_SHARE = 0.12;
/** From here on an outline can be told from its box. */
const OUTLINE_PX = 12;
const LETTER_PX = 26;
/** An outline costs some twenty times a box: with more in view they are boxes. */
const MOST_OUTLINES = 1200;
/** Dots within one cell look like one. */
const CELL_PX = 2;

/** Draws the regions of a coil; keeps its arrays, for allocating them anew costs more than drawing. */
export class RegionLayer {
  constructor() {
    this._next = new Int32Array(0);
    this._heads = new Int32Array(0);
    this._taken = new Uint16Array(0);
    this._cellsAcross = 1;
    this._dotPx = LARGEST_DOT_PX;
    /** Regions that were in view when it was drawn last. */
    this.inView = 0;
  }

  /**
   * @param {CanvasRenderingContext2D} context
   * @param {object} scene model, view, palette, ratio, and `shows(region)`
   */
  draw(context, scene) {
    this._collect(scene);
    const { plotWidth, plotHeight } = scene.view;
    const fair = Math.sqrt((DOTS_SHARE * plotWidth * plotHeight) / Math.max(1, this.inView));
    this._dotPx = Math.min(LARGEST_DOT_PX, Math.max(SMALLEST_DOT_PX, fair));
    for (let classId = 0; classId < this._heads.length; classId += 1) {
      if (this._heads[classId] !== -1) {
        this._drawClass(context, scene, classId);
      }
    }
  }

  /** Regions in view, chained by class. */
  _collect({ model, view, shows }) {
    const { regions } = model;
    const order = regions.byAlong;
    this._makeRoom(regions.classId.length, view);
    this._heads.fill(-1);
    this.inView = 0;
    for (let place = regions.firstAt(view.fromMm); place < order.length; place += 1) {
      const region = order[place];
      if (regions.alongMinMm[region] > view.toMm) {
        break;
      }
      if (regions.alongMaxMm[region] < view.fromMm || !shows(region)) {
        continue;
      }
      if (regions.acrossMaxMm[region] < view.acrossFromMm) {
        continue;
      }
      if (regions.acrossMinMm[region] > view.acrossToMm) {
        continue;
      }
      const classId = regions.classId[region];
      if (classId >= this._heads.length) {
        this._heads = longer(this._heads, classId + 1);
      }
      this._next[region] = this._heads[classId];
      this._heads[classId] = region;
      this.inView += 1;
    }
  }

  _drawClass(context, scene, classId) {
    const { model, view, palette } = scene;
    const { regions } = model;
    const look = palette.look(classId);
    const { scaleX, scaleY } = view;
    const outlines = this.inView <= MOST_OUTLINES;
    context.fillStyle = look.colour;
    let large = -1;
    for (let region = this._heads[classId]; region !== -1; ) {
      const next = this._next[region];
      const width = (regions.alongMaxMm[region] - regions.alongMinMm[region]) * scaleX;
      const height = (regions.acrossMaxMm[region] - regions.acrossMinMm[region]) * scaleY;
      if (outlines && width >= OUTLINE_PX && height >= OUTLINE_PX) {
        // Later, over the dots: chained anew.
        this._next[region] = large;
        large = region;
      } else {
        const x = view.x(regions.alongMinMm[region]);
        const y = view.y(regions.acrossMinMm[region]);
        this._drawSmall(context, view, classId, x, y, width, height);
      }
      region = next;
    }
    if (large !== -1) {
      this._drawLarge(context, scene, look, large);
    }
  }

  _drawSmall(context, view, classId, x, y, width, height) {
    const w = Math.max(width, this._dotPx);
    const h = Math.max(height, this._dotPx);
    const left = x + (width - w) / 2;
    const top = y + (height - h) / 2;
    if (w < DOT_PX && h < DOT_PX) {
      const column = Math.max(0, (left - view.left) / CELL_PX) | 0;
      const row = Math.max(0, (top - view.top) / CELL_PX) | 0;
      const cell = row * this._cellsAcross + column;
      if (this._taken[cell] === classId) {
        return;
      }
      this._taken[cell] = classId;
    }
    context.fillRect(left, top, w, h);
  }

  _drawLarge(context, scene, look, first) {
    const { palette, ratio, shiftX, view } = scene;
    const pattern =
      look.pattern === "solid" ? null : palette.pattern(context, look.pattern, look.colour, ratio, shiftX);
    context.lineJoin = "round";
    for (let region = first; region !== -1; region = this._next[region]) {
      context.beginPath();
      trace(context, scene.model, view, region);
      context.globalAlpha = pattern ? 0.22 : 0.45;
      context.fillStyle = look.colour;
      context.fill();
      context.globalAlpha = 0.8;
      if (pattern) {
        context.fillStyle = pattern;
        context.fill();
      }
      context.globalAlpha = 1;
      context.strokeStyle = palette.outline;
      context.lineWidth = 2.75;
      context.stroke();
      context.strokeStyle = look.colour;
      context.lineWidth = 1.5;
      context.stroke();
      this._drawLetter(context, scene, look, region);
    }
  }

  _drawLetter(context, { model, view, palette }, look, region) {
    const { regions } = model;
    const width = (regions.alongMaxMm[region] - regions.alongMinMm[region]) * view.scaleX;
    const height = (regions.acrossMaxMm[region] - regions.acrossMinMm[region]) * view.scaleY;
    if (width < LETTER_PX || height < LETTER_PX) {
      return;
    }
    const size = 16;
    const x = Math.max(view.left, view.x(regions.alongMinMm[region]));
    const y = Math.max(view.top + size, view.y(regions.acrossMinMm[region]));
    context.fillStyle = look.colour;
    context.fillRect(x, y - size, 8 + 8 * look.letter.length, size);
    context.fillStyle = look.ink;
    context.font = `600 11px ${palette.font}`;
    context.textAlign = "left";
    context.textBaseline = "middle";
    context.fillText(look.letter, x + 4, y - size / 2 + 0.5);
  }

  _makeRoom(regions, view) {
    if (this._next.length < regions) {
      this._next = new Int32Array(regions);
    }
    if (this._heads.length === 0) {
      this._heads = new Int32Array(16);
    }
    this._cellsAcross = Math.ceil(view.plotWidth / CELL_PX) + 2;
    const cells = this._cellsAcross * (Math.ceil(view.plotHeight / CELL_PX) + 2);
    if (this._taken.length < cells) {
      this._taken = new Uint16Array(cells);
    } else {
      this._taken.fill(0);
    }
  }
}

/**
 * A region's outline as a path; its box when no outline is known.
 * @param {CanvasRenderingContext2D} context @param {object} model @param {object} view @param {number} region
 */
export function trace(context, model, view, region) {
  const { regions } = model;
  const geometry = model.cameras[regions.camera[region]]?.geometry;
  const count = regions.pointsCount[region];
  if (!geometry || count < 3) {
    const x = view.x(regions.alongMinMm[region]);
    const y = view.y(regions.acrossMinMm[region]);
    context.rect(x, y, view.x(regions.alongMaxMm[region]) - x, view.y(regions.acrossMaxMm[region]) - y);
    return;
  }
  const from = regions.pointsFrom[region];
  const x0 = view.x(regions.frameAlongMm[region] + geometry.mm_per_px_along / 2);
  const y0 = view.y(geometry.across_mm + geometry.mm_per_px_across / 2);
  const perRow = geometry.mm_per_px_along * view.scaleX;
  const perColumn = geometry.mm_per_px_across * view.scaleY;
  for (let n = from; n < from + 2 * count; n += 2) {
    const x = x0 + regions.points[n + 1] * perRow;
    const y = y0 + regions.points[n] * perColumn;
    if (n === from) {
      context.moveTo(x, y);
    } else {
      context.lineTo(x, y);
    }
  }
  context.closePath();
}

function longer(heads, length) {
  const more = new Int32Array(2 * length).fill(-1);
  more.set(heads);
  return more;
}
