// The strip itself: what became of its frames, where one camera ends and the next begins, lanes.

import { FATE } from "./coil_model.js";

/** How the stretches that want attention are drawn; whoever explains the map draws the same. */
export const STRETCHES = {
  [FATE.NOT_INSPECTED]: { name: "waiting", pattern: "diagonal", base: null },
  [FATE.UNSEGMENTED]: { name: "unsegmented", pattern: "vertical", base: "steel" },
  [FATE.DEAD_LETTERED]: { name: "dead", pattern: "cross", base: "ground" },
};
/** Frames that were announced, and never came: known once the coil has its report. */
export const MISSING = { name: "missing", pattern: "backslash", base: "ground" };

/** A pattern cannot be seen on less. */
const NARROW_PX = 6;

/** Of several frames in one px the one that matters most shows. */
const RANK = new Uint8Array([3, 0, 0, 2, 4]);
const BY_RANK = [FATE.CLEAN, FATE.CLEAN, FATE.UNSEGMENTED, FATE.NOT_INSPECTED, FATE.DEAD_LETTERED];

/**
 * @param {CanvasRenderingContext2D} context
 * @param {{model: object, view: object, palette: object, ratio: number, cameras: Set<number>|null}} scene
 */
export function drawGround(context, scene) {
  const { model } = scene;
  model.cameras.forEach((_, camera) => drawCamera(context, scene, camera));
  drawSeams(context, scene);
}

/**
 * A run of frames of one fate.
 * @param {CanvasRenderingContext2D} context @param {object} scene @param {object} stretch
 */
export function fillStretch(context, { palette, ratio, shiftX = 0 }, stretch, x, y, width, height) {
  if (stretch.base) {
    context.fillStyle = palette[stretch.base];
    context.fillRect(x, y, width, height);
  }
  const colour = palette[stretch.name];
  context.fillStyle =
    width < NARROW_PX ? colour : palette.pattern(context, stretch.pattern, colour, ratio, shiftX);
  context.fillRect(x, y, width, height);
}

function drawCamera(context, scene, camera) {
  const { model, view, palette } = scene;
  const band = model.bandMm(camera);
  const top = Math.max(view.top, view.y(band.fromMm));
  const bottom = Math.min(view.bottom, view.y(Math.min(band.toMm, model.widthMm())));
  if (bottom <= top) {
    return;
  }
  const frameMm = model.frameMm(camera);
  const frames = model.framesOf(camera);
  const end = Math.min(view.right, view.x(frames * frameMm));
  if (end <= view.left) {
    return;
  }
  const height = bottom - top;
  context.globalAlpha = scene.cameras && !scene.cameras.has(camera) ? 0.35 : 1;
  context.fillStyle = palette.steel;
  context.fillRect(view.left, top, end - view.left, height);
  const closed = model.report !== null;
  eachStretch(model.fates(camera), frames, frameMm, view, (fate, from, to) => {
    const stretch = fate === FATE.NOT_INSPECTED && closed ? MISSING : STRETCHES[fate];
    if (fate === FATE.NOT_INSPECTED && !closed) {
      context.fillStyle = palette.ground;
      context.fillRect(from, top, to - from, height);
    }
    fillStretch(context, scene, stretch, from, top, to - from, height);
  });
  context.globalAlpha = 1;
}

/**
 * Stretches of frames that are not simply inspected, in px: by frame when a frame is a px or more, else px by
 * px.
 * @param {(fate: number, fromX: number, toX: number) => void} found
 */
export function eachStretch(fates, frames, frameMm, view, found) {
  const framePx = frameMm * view.scaleX;
  const perStep = Math.max(1, Math.ceil(1 / framePx));
  // Whole groups from the strip's head: a group must not change its frames while the strip moves.
  const first = Math.max(0, Math.floor(view.fromMm / frameMm / perStep) * perStep);
  const last = Math.min(frames, Math.ceil(view.toMm / frameMm));
  let current = 0;
  let begun = first;
  for (let frame = first; frame < last; frame += perStep) {
    const rank = worst(fates, frame, Math.min(frame + perStep, last));
    if (rank !== current) {
      tell(found, current, begun, frame, frameMm, view);
      current = rank;
      begun = frame;
    }
  }
  tell(found, current, begun, last, frameMm, view);
}

function worst(fates, from, to) {
  let rank = 0;
  for (let frame = from; frame < to; frame += 1) {
    const its = frame < fates.length ? RANK[fates[frame]] : RANK[FATE.NOT_INSPECTED];
    if (its > rank) {
      rank = its;
    }
  }
  return rank;
}

function tell(found, rank, fromFrame, toFrame, frameMm, view) {
  if (rank === 0 || toFrame <= fromFrame) {
    return;
  }
  const from = Math.max(view.left, view.x(fromFrame * frameMm));
  const to = Math.min(view.right, Math.max(view.x(toFrame * frameMm), from + 1));
  if (to > from) {
    found(BY_RANK[rank], from, to);
  }
}

function drawSeams(context, { model, view, palette }) {
  context.fillStyle = palette.seam;
  const widthMm = model.widthMm();
  const end = Math.min(view.right, view.x(model.lengthMm()));
  model.cameras.forEach((_, camera) => {
    const { fromMm } = model.bandMm(camera);
    if (fromMm > 0 && fromMm < widthMm) {
      const y = Math.round(view.y(fromMm));
      if (y > view.top && y < view.bottom) {
        context.fillRect(view.left, y, end - view.left, 1);
      }
    }
  });
}

/** Where the strip is being rolled. @param {CanvasRenderingContext2D} context @param {object} scene */
export function drawEdge(context, { model, view, palette }) {
  const x = view.x(model.lengthMm());
  if (x < view.left || x > view.right) {
    return;
  }
  const top = view.y(0);
  context.fillStyle = palette.accent;
  context.fillRect(Math.round(x) - 2, top, 2, view.y(model.widthMm()) - top);
}

/**
 * Lanes: where defects of a class gather, coil after coil or on this one.
 * @param {CanvasRenderingContext2D} context @param {object} scene
 */
export function drawLanes(context, { model, view, palette, classes }) {
  const end = Math.min(view.right, view.x(model.lengthMm()));
  if (end <= view.left) {
    return;
  }
  for (const lane of lanesOf(model)) {
    if (classes && !classes.has(lane.class_id)) {
      continue;
    }
    const top = Math.max(view.top, view.y(lane.across_min_mm));
    const bottom = Math.min(view.bottom, Math.max(view.y(lane.across_max_mm), top + 3));
    if (bottom <= top) {
      continue;
    }
    const { colour } = palette.look(lane.class_id);
    context.globalAlpha = 0.16;
    context.fillStyle = colour;
    context.fillRect(view.left, top, end - view.left, bottom - top);
    if (hasComb(model, lane)) {
      context.globalAlpha = 1;
      continue;
    }
    context.globalAlpha = 0.7;
    context.strokeStyle = colour;
    context.lineWidth = 1;
    context.setLineDash([6, 4]);
    context.beginPath();
    for (const y of [top, bottom]) {
      context.moveTo(view.left, y);
      context.lineTo(end, y);
    }
    context.stroke();
    context.setLineDash([]);
    context.globalAlpha = 1;
  }
}

/** A comb says more than a lane's borders, and stands where they would. */
function hasComb(model, lane) {
  return model.marks.some(
    (mark) =>
      mark.class_id === lane.class_id &&
      mark.lane_mm >= lane.across_min_mm &&
      mark.lane_mm <= lane.across_max_mm,
  );
}

/** The report's lanes and those of alarms that still stand. @param {object} model */
export function lanesOf(model) {
  const said = model.alarms.filter((alarm) => alarm.lane && !alarm.ended).map((alarm) => alarm.lane);
  return [...(model.report?.lanes ?? []), ...said];
}
