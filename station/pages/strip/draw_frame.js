// A frame's picture with what the model found on it. Here as the camera sees it: across is x, along is y.

/**
 * The regions of one frame.
 * @param {object} model @param {number} region one of them
 * @returns {number[]} as drawn: the one that is meant last
 */
export function regionsOfFrame(model, region) {
  const { regions } = model;
  const found = [];
  for (let other = 0; other < regions.count; other += 1) {
    const sameIndex = regions.frameIndex[other] === regions.frameIndex[region];
    const same = sameIndex && regions.camera[other] === regions.camera[region];
    if (same && other !== region && !regions.gone[other]) {
      found.push(other);
    }
  }
  return [...found, region];
}

/**
 * A region's box in px of its frame.
 * @param {object} model @param {number} region
 * @returns {{x: number, y: number, width: number, height: number} | null} null: nothing tells the scale
 */
export function boxPx(model, region) {
  const { regions } = model;
  const geometry = model.cameras[regions.camera[region]]?.geometry;
  if (!geometry) {
    return null;
  }
  const { mm_per_px_across: perColumn, mm_per_px_along: perRow } = geometry;
  return {
    x: (regions.acrossMinMm[region] - geometry.across_mm) / perColumn,
    y: (regions.alongMinMm[region] - regions.frameAlongMm[region]) / perRow,
    width: (regions.acrossMaxMm[region] - regions.acrossMinMm[region]) / perColumn,
    height: (regions.alongMaxMm[region] - regions.alongMinMm[region]) / perRow,
  };
}

/**
 * The part of a frame around a region, of the shape of a canvas, within the frame as far as it fits.
 * @param {{x: number, y: number, width: number, height: number}} box px
 * @param {{width: number, height: number}} frame px @param {number} shape width over height
 */
export function cropAround(box, frame, shape) {
  const wanted = Math.max(box.width * 1.8, box.height * 1.8 * shape, 96 * Math.sqrt(shape));
  const width = Math.min(wanted, frame.width, frame.height * shape);
  const height = width / shape;
  const within = (middle, size, whole) => Math.min(Math.max(0, middle - size / 2), Math.max(0, whole - size));
  return {
    x: within(box.x + box.width / 2, width, frame.width),
    y: within(box.y + box.height / 2, height, frame.height),
    width,
    height,
  };
}

/**
 * @param {CanvasRenderingContext2D} context scaled to CSS px
 * @param {object} drawn picture, model, palette, ratio, drawnRegions, region, masks
 * @param {{x: number, y: number, width: number, height: number}} part of the frame, px
 * @param {number} widthPx @param {number} heightPx of the canvas
 */
export function drawFrame(context, drawn, part, widthPx, heightPx) {
  const scale = widthPx / part.width;
  context.clearRect(0, 0, widthPx, heightPx);
  context.imageSmoothingQuality = "high";
  context.drawImage(drawn.picture, part.x, part.y, part.width, part.height, 0, 0, widthPx, heightPx);
  if (!drawn.masks) {
    return;
  }
  for (const region of drawn.drawnRegions) {
    drawMask(context, drawn, region, part, scale);
  }
}

function drawMask(context, { model, palette, ratio, region: meant }, region, part, scale) {
  const look = palette.look(model.regions.classId[region]);
  context.beginPath();
  traceOnFrame(context, model, region, part, scale);
  context.globalAlpha = 0.28;
  context.fillStyle = look.colour;
  context.fill();
  if (look.pattern !== "solid") {
    context.globalAlpha = 0.5;
    context.fillStyle = palette.pattern(context, look.pattern, look.colour, ratio);
    context.fill();
  }
  context.globalAlpha = 1;
  context.lineJoin = "round";
  context.strokeStyle = "rgb(0 0 0 / 60%)";
  context.lineWidth = region === meant ? 4 : 3;
  context.stroke();
  context.strokeStyle = look.colour;
  context.lineWidth = region === meant ? 2.25 : 1.25;
  context.stroke();
}

function traceOnFrame(context, model, region, part, scale) {
  const { regions } = model;
  const count = regions.pointsCount[region];
  if (count < 3) {
    const box = boxPx(model, region);
    if (box) {
      const [x, y] = [(box.x - part.x) * scale, (box.y - part.y) * scale];
      context.rect(x, y, box.width * scale, box.height * scale);
    }
    return;
  }
  const from = regions.pointsFrom[region];
  for (let n = from; n < from + 2 * count; n += 2) {
    const x = (regions.points[n] + 0.5 - part.x) * scale;
    const y = (regions.points[n + 1] + 0.5 - part.y) * scale;
    if (n === from) {
      context.moveTo(x, y);
    } else {
      context.lineTo(x, y);
    }
  }
  context.closePath();
}
