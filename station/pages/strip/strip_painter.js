// The three canvases: the map, what is marked on it, and the overview of the whole coil.

import { drawAxes } from "./draw_axes.js";
import { drawEdge, drawGround, drawLanes } from "./draw_ground.js";
import { drawMarks } from "./draw_marks.js";
import { drawOverlay } from "./draw_overlay.js";
import { RegionLayer } from "./draw_regions.js";

/** More pixels than the eye tells apart cost time that zooming needs. */
const MOST_RATIO = 2;

/** Draws a scene; when, its owner decides. */
export class StripPainter {
  /**
   * @param {{map: HTMLCanvasElement, over: HTMLCanvasElement, line: HTMLCanvasElement}} canvases
   * @param {import("./overview.js").Overview} overview which draws on `line`
   * @param {boolean} isLive whether the strip's running end is drawn
   */
  constructor(canvases, overview, isLive) {
    this._canvases = canvases;
    this._overview = overview;
    this._isLive = isLive;
    this._layer = new RegionLayer();
  }

  /** The map and the overview. @param {object} scene its `ratio` and `shiftX` are set here */
  draw(scene) {
    const { view, model } = scene;
    const { map, line } = this._canvases;
    const context = fit(map, scene);
    scene.shiftX = view.x(0);
    context.clearRect(0, 0, view.widthPx, view.heightPx);
    drawAxes(context, scene);
    context.save();
    context.beginPath();
    context.rect(view.left, view.top, view.plotWidth, view.plotHeight);
    context.clip();
    drawGround(context, scene);
    drawLanes(context, scene);
    this._layer.draw(context, scene);
    drawMarks(context, scene);
    if (this._isLive && model.coil?.runs) {
      drawEdge(context, scene);
    }
    context.restore();
    map.classList.toggle("close", view.isClose);
    const box = line.getBoundingClientRect();
    this._overview.draw(fit(line, scene), scene, box.width, box.height);
  }

  /**
   * What moves with every move of the pointer.
   * @param {object} scene
   * @param {{pointer: object | null, hovered: number | null, selected: number | null}} chosen
   */
  drawOver(scene, { pointer, hovered, selected }) {
    drawOverlay(fit(this._canvases.over, scene), scene, { pointer, hovered, selected });
  }

  /** There is no coil. */
  clear() {
    for (const canvas of Object.values(this._canvases)) {
      canvas.getContext("2d").clearRect(0, 0, canvas.width, canvas.height);
    }
  }
}

/** A canvas with as many px as the screen has, to be drawn on in CSS px. */
function fit(canvas, scene) {
  const ratio = Math.min(MOST_RATIO, window.devicePixelRatio || 1);
  scene.ratio = ratio;
  const width = Math.round(canvas.clientWidth * ratio);
  const height = Math.round(canvas.clientHeight * ratio);
  if (canvas.width !== width || canvas.height !== height) {
    canvas.width = width;
    canvas.height = height;
  }
  const context = canvas.getContext("2d");
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  return context;
}
