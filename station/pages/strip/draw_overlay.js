// What follows the pointer and the choice: drawn over the map, which stays as it is meanwhile.

import { trace } from "./draw_regions.js";

const SMALLEST_RING_PX = 9;

/**
 * @param {CanvasRenderingContext2D} context
 * @param {object} scene model, view, palette
 * @param {{pointer: {x: number, y: number} | null, hovered: number | null, selected: number | null}} meant
 */
export function drawOverlay(context, scene, { pointer, hovered, selected }) {
  const { view, palette } = scene;
  context.clearRect(0, 0, view.widthPx, view.heightPx);
  if (pointer && pointer.x >= view.left && pointer.x <= view.right) {
    context.fillStyle = palette.faint;
    context.globalAlpha = 0.5;
    context.fillRect(Math.round(pointer.x), view.top, 1, view.plotHeight);
    context.globalAlpha = 1;
  }
  context.save();
  context.beginPath();
  context.rect(view.left, view.top, view.plotWidth, view.plotHeight);
  context.clip();
  if (hovered !== null && hovered !== selected) {
    ring(context, scene, hovered, palette.ink, 1.5);
  }
  if (selected !== null) {
    ring(context, scene, selected, palette.accent, 2.5);
  }
  context.restore();
  if (selected !== null) {
    pointTo(context, scene, selected);
  }
}

function ring(context, scene, region, colour, width) {
  const { model, view, palette } = scene;
  const { regions } = model;
  const x = view.x(regions.alongMinMm[region]);
  const y = view.y(regions.acrossMinMm[region]);
  const w = view.x(regions.alongMaxMm[region]) - x;
  const h = view.y(regions.acrossMaxMm[region]) - y;
  context.beginPath();
  if (Math.min(w, h) > 2 * SMALLEST_RING_PX) {
    trace(context, model, view, region);
  } else {
    const padX = Math.max(4, SMALLEST_RING_PX - w / 2);
    const padY = Math.max(4, SMALLEST_RING_PX - h / 2);
    context.roundRect(x - padX, y - padY, w + 2 * padX, h + 2 * padY, 5);
  }
  context.lineJoin = "round";
  context.strokeStyle = palette.halo;
  context.lineWidth = width + 2.5;
  context.stroke();
  context.strokeStyle = colour;
  context.lineWidth = width;
  context.stroke();
}

/** A small triangle on the scale: where the chosen region is, also while its lane is out of sight. */
function pointTo(context, { model, view, palette }, region) {
  const { regions } = model;
  const x = view.x((regions.alongMinMm[region] + regions.alongMaxMm[region]) / 2);
  if (x < view.left || x > view.right) {
    return;
  }
  context.fillStyle = palette.accent;
  context.beginPath();
  context.moveTo(x - 6, view.top - 8);
  context.lineTo(x + 6, view.top - 8);
  context.lineTo(x, view.top);
  context.fill();
}
