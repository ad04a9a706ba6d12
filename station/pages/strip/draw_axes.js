// Scales: metres along the strip, millimetres across it.

import { fmt, t } from "../core/i18n.js";

const BETWEEN_ALONG_PX = 90;
const BETWEEN_ACROSS_PX = 44;
const TICK_PX = 5;
const ROOMY_PX = 48;

/**
 * The step of a scale: 1, 2 or 5 times a power of ten.
 * @param {number} spanMm @param {number} lengthPx @param {number} betweenPx at least so far from mark to mark
 */
export function stepOf(spanMm, lengthPx, betweenPx) {
  const least = (spanMm * betweenPx) / Math.max(1, lengthPx);
  const power = 10 ** Math.floor(Math.log10(least));
  return [1, 2, 5, 10].find((times) => times * power >= least * 0.999) * power;
}

/**
 * A place along the strip in words.
 * @param {number} mm @param {number} stepMm how fine @param {boolean} inMm false: it counts frames
 */
export function alongText(mm, stepMm, inMm) {
  if (!inMm) {
    return t("strip.frame_number", { number: Math.round(mm / 100) });
  }
  if (stepMm < 10) {
    return fmt.metres(mm, 3);
  }
  return fmt.metres(mm, stepMm < 100 ? 2 : stepMm < 1000 ? 1 : 0);
}

/** @param {CanvasRenderingContext2D} context @param {object} scene */
export function drawAxes(context, scene) {
  context.font = `500 11px ${scene.palette.font}`;
  context.fillStyle = scene.palette.faint;
  drawAlong(context, scene);
  drawAcross(context, scene);
}

function drawAlong(context, { model, view, palette }) {
  const step = stepOf(view.spanMm, view.plotWidth, BETWEEN_ALONG_PX);
  const last = Math.min(view.toMm, model.lengthMm());
  context.textAlign = "center";
  context.textBaseline = "alphabetic";
  for (let n = Math.ceil(view.fromMm / step); n * step <= last; n += 1) {
    const x = Math.round(view.x(n * step));
    context.fillStyle = palette.seam;
    context.fillRect(x, view.top - TICK_PX, 1, TICK_PX);
    const words = alongText(n * step, step, model.inMm);
    const half = context.measureText(words).width / 2;
    const middle = Math.min(Math.max(x, half + 1), view.widthPx - half - 1);
    context.fillStyle = palette.faint;
    context.fillText(words, middle, view.top - TICK_PX - 4);
  }
}

function drawAcross(context, { view, palette, model }) {
  const visible = Math.min(view.acrossToMm, model.widthMm()) - view.acrossFromMm;
  const step = stepOf(visible, visible * view.scaleY, BETWEEN_ACROSS_PX);
  context.textAlign = "right";
  context.textBaseline = "middle";
  const last = view.acrossFromMm + visible;
  const first = Math.ceil(view.acrossFromMm / step);
  for (let n = first; n * step <= last + 1e-6; n += 1) {
    const y = Math.round(view.y(n * step));
    context.fillStyle = palette.seam;
    context.fillRect(view.left - TICK_PX, y, TICK_PX, 1);
    context.fillStyle = palette.faint;
    // The unit once, where the number leaves room for it.
    const roomy = n === first && n * step < 1000 && view.left > ROOMY_PX;
    const words = roomy ? fmt.mm(n * step) : fmt.number(n * step);
    context.fillText(words, view.left - TICK_PX - 4, Math.min(Math.max(y, view.top + 5), view.bottom - 4));
  }
}
