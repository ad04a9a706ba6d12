// Colours and patterns of the strip, read from the style sheet: a canvas knows no CSS variables.

import { classLook } from "../parts/class_look.js";

/** A name here -> the style sheet's. */
const COLOURS = {
  ground: "--strip-unseen",
  steel: "--strip",
  seam: "--strip-edge",
  waiting: "--strip-unseen-ink",
  missing: "--reject",
  unsegmented: "--hold",
  dead: "--reject",
  ink: "--text",
  faint: "--text-soft",
  mark: "--text",
  halo: "--panel",
  line: "--line",
  accent: "--accent",
  outline: "--region-outline",
};
const TILE_PX = 8;

/** What the strip is drawn with. */
export class Palette {
  /** @param {HTMLElement} node whose style says the colours */
  constructor(node) {
    this._node = node;
    this.read();
  }

  /** Read the colours anew: the theme has changed. */
  read() {
    const style = getComputedStyle(this._node);
    for (const [name, variable] of Object.entries(COLOURS)) {
      this[name] = style.getPropertyValue(variable).trim() || "gray";
    }
    this.font = style.fontFamily || "sans-serif";
    this._tiles = new Map();
    this._looks = new Map();
  }

  /** @param {number} classId */
  look(classId) {
    let look = this._looks.get(classId);
    if (!look) {
      this._looks.set(classId, (look = classLook(classId)));
    }
    return look;
  }

  /**
   * A pattern that stays where it is on the strip.
   * @param {CanvasRenderingContext2D} context @param {string} name @param {string} colour
   * @param {number} ratio device px a CSS px @param {number} [shiftX] CSS px that the strip has moved
   */
  pattern(context, name, colour, ratio, shiftX = 0) {
    const key = `${name} ${colour} ${ratio}`;
    let pattern = this._tiles.get(key);
    if (!pattern) {
      pattern = context.createPattern(tile(name, colour, ratio), "repeat");
      this._tiles.set(key, pattern);
    }
    pattern.setTransform(new DOMMatrix([1 / ratio, 0, 0, 1 / ratio, shiftX % TILE_PX, 0]));
    return pattern;
  }
}

function tile(name, colour, ratio) {
  const size = Math.round(TILE_PX * ratio);
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = size;
  const context = canvas.getContext("2d");
  context.scale(size / TILE_PX, size / TILE_PX);
  context.strokeStyle = context.fillStyle = colour;
  context.lineWidth = 1.25;
  STROKES[name]?.(context);
  return canvas;
}

const rising = (context) => lines(context, [[-2, 10, 10, -2], [-2, 2, 2, -2], [6, 10, 10, 6]]);
const falling = (context) => lines(context, [[-2, -2, 10, 10], [6, -2, 10, 2], [-2, 6, 2, 10]]);

const STROKES = {
  solid: () => {},
  diagonal: rising,
  backslash: falling,
  cross: (context) => (rising(context), falling(context)),
  vertical: (context) => lines(context, [[2, 0, 2, 8], [6, 0, 6, 8]]),
  horizontal: (context) => lines(context, [[0, 2, 8, 2], [0, 6, 8, 6]]),
  dots: (context) => {
    for (const [x, y] of [[2, 2], [6, 6]]) {
      context.beginPath();
      context.arc(x, y, 1.1, 0, 2 * Math.PI);
      context.fill();
    }
  },
};

function lines(context, segments) {
  context.beginPath();
  for (const [x0, y0, x1, y1] of segments) {
    context.moveTo(x0, y0);
    context.lineTo(x1, y1);
  }
  context.stroke();
}
