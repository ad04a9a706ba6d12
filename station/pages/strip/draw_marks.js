// Roll marks as combs: a tooth wherever the roll's fault is expected to touch the strip.

import { fmt, t } from "../core/i18n.js";

const TOOTH_PX = 9;
/** Teeth closer than this run together: the comb is a band then. */
const CLOSEST_TEETH_PX = 5;
const LABEL_PX = 18;
const MOST_TEETH = 2000;

/** @param {CanvasRenderingContext2D} context @param {object} scene model, view, palette, classes */
export function drawMarks(context, scene) {
  const { model, view, classes } = scene;
  const labels = [];
  for (const mark of model.marks) {
    if (classes && !classes.has(mark.class_id)) {
      continue;
    }
    const y = view.y(mark.lane_mm);
    if (y < view.top - TOOTH_PX || y > view.bottom + TOOTH_PX) {
      continue;
    }
    drawComb(context, scene, mark, y, labels);
  }
}

/**
 * Where a mark's roll touched the strip first, where it did last, and as far as it is expected to.
 * @param {object} mark a roll mark as the wire says it @param {object} model
 */
export function reachOf(mark, model) {
  const lengthMm = model.lengthMm();
  const phaseMm = mark.phase_mm ?? mark.first_mm ?? 0;
  const fromMm = Math.max(0, mark.first_mm ?? phaseMm);
  const toMm = Math.min(lengthMm, Math.max(mark.last_mm ?? lengthMm, fromMm));
  return { phaseMm, fromMm, toMm, expectedMm: model.report ? toMm : lengthMm };
}

function drawComb(context, scene, mark, y, labels) {
  const { model, view, palette } = scene;
  const { phaseMm, fromMm, toMm, expectedMm } = reachOf(mark, model);
  const from = Math.max(view.left, view.x(fromMm) - 4);
  const to = Math.min(view.right, view.x(expectedMm) + 4);
  if (to <= from) {
    return;
  }
  const up = y - view.top > TOOTH_PX + LABEL_PX + 8 ? -1 : 1;
  const spine = Math.round(y + up * (TOOTH_PX + 7)) + 0.5;
  const tip = spine - up * TOOTH_PX;
  context.lineCap = "round";
  drawTeeth(context, scene, mark, { phaseMm, fromMm, toMm }, spine, tip);
  // Until the tracker says more of it, a running strip is expected to be marked on.
  context.globalAlpha = 0.5;
  if (expectedMm > toMm) {
    const next = phaseMm + (Math.floor((toMm - phaseMm) / mark.period_mm) + 1) * mark.period_mm;
    const expected = { phaseMm, fromMm: Math.max(next, toMm), toMm: expectedMm, joinMm: toMm };
    drawTeeth(context, scene, mark, expected, spine, tip);
  }
  context.globalAlpha = 1;
  context.lineCap = "butt";
  drawLabel(context, scene, mark, from, spine, up, labels);
}

function drawTeeth(context, { view, palette }, mark, stretch, spine, tip) {
  const from = Math.max(view.left, view.x(stretch.joinMm ?? stretch.fromMm));
  const to = Math.min(view.right, view.x(stretch.toMm));
  if (to <= from) {
    return;
  }
  context.beginPath();
  context.moveTo(from, spine);
  context.lineTo(to, spine);
  addTeeth(context, view, mark, stretch, spine, tip);
  stroke(context, palette.halo, 4);
  stroke(context, palette.mark, 1.75);
}

function addTeeth(context, view, mark, { phaseMm, fromMm, toMm }, spine, tip) {
  const period = mark.period_mm;
  if (period * view.scaleX < CLOSEST_TEETH_PX) {
    return;
  }
  const slack = period / 4;
  const first = Math.ceil((Math.max(fromMm, view.fromMm) - slack - phaseMm) / period);
  const end = Math.floor((Math.min(toMm, view.toMm) + slack - phaseMm) / period);
  const last = Math.min(end, first + MOST_TEETH);
  for (let n = first; n <= last; n += 1) {
    const x = view.x(phaseMm + n * period);
    if (x < view.left || x > view.right) {
      continue;
    }
    context.moveTo(x, spine);
    context.lineTo(x, tip);
  }
}

function drawLabel(context, { model, view, palette }, mark, from, spine, up, labels) {
  const roll = mark.roll ?? t("strip.roll_unknown");
  const words = t("strip.comb", { roll, period: fmt.mm(mark.period_mm, mark.period_mm < 1000 ? 1 : 0) });
  context.font = `600 11px ${palette.font}`;
  const look = palette.look(mark.class_id);
  const width = Math.ceil(context.measureText(words).width) + 34;
  const x = Math.max(view.left, Math.min(from, view.right - width)) + 2;
  let top = up < 0 ? spine - LABEL_PX - 3 : spine + 3;
  while (labels.some((other) => Math.abs(other.top - top) < LABEL_PX && Math.abs(other.x - x) < width)) {
    top += up * (LABEL_PX + 2);
  }
  labels.push({ x, top });
  context.fillStyle = palette.mark;
  context.beginPath();
  context.roundRect(x, top, width, LABEL_PX, 3);
  context.fill();
  context.fillStyle = look.colour;
  context.beginPath();
  context.roundRect(x + 3, top + 3, 16, LABEL_PX - 6, 2);
  context.fill();
  context.textBaseline = "middle";
  context.textAlign = "center";
  context.fillStyle = look.ink;
  context.fillText(look.letter, x + 11, top + LABEL_PX / 2 + 0.5);
  context.textAlign = "left";
  context.fillStyle = palette.halo;
  context.fillText(words, x + 25, top + LABEL_PX / 2 + 0.5);
}

function stroke(context, colour, width) {
  context.strokeStyle = colour;
  context.lineWidth = width;
  context.stroke();
}
