/** Where everything of the trend chart stands. Numbers in, numbers out: nothing here knows the page. */

export const ROW_PX = 60;
export const VERDICT_ROW_PX = 34;
export const AXIS_PX = 26;
/** Above a class's highest bar, so that rows do not touch. */
const HEADROOM_PX = 14;
/** Between two dates on the axis: one written out is about 90 px wide. */
const TICK_EVERY_PX = 150;
/** Coils that a mean is taken over: enough to calm single coils, few enough to show a worn roll's onset. */
export const MEAN_OF = 7;

/**
 * @typedef {object} TrendLayout
 * @property {number} widthPx
 * @property {number} heightPx
 * @property {number} columnPx one coil's share of the width
 * @property {number[]} xPx the middle of each coil's column
 * @property {ClassRow[]} rows
 * @property {number} verdictTopPx
 * @property {number} axisTopPx
 * @property {number[]} ticks indices of the coils whose date is written
 *
 * @typedef {object} ClassRow
 * @property {number} classId
 * @property {number} topPx
 * @property {number} bottomPx
 * @property {number} most the row's highest figure; its scale
 * @property {(number|null)[]} heightsPx bar heights; null where the coil's length is not known
 * @property {([number, number]|null)[]} meanPx points of the moving mean; null where there is none
 */

/**
 * @param {{coil_id: string[], per_100_m: Object<string, (number|null)[]>}} trend as the API gives it
 * @param {number} widthPx
 * @returns {TrendLayout}
 */
export function trendLayout(trend, widthPx) {
  const coils = trend.coil_id.length;
  const columnPx = coils ? widthPx / coils : widthPx;
  const xPx = Array.from({ length: coils }, (_, index) => (index + 0.5) * columnPx);
  const classIds = Object.keys(trend.per_100_m)
    .map(Number)
    .sort((a, b) => a - b);
  const rows = classIds.map((classId, row) => classRow(classId, trend.per_100_m[classId], row * ROW_PX, xPx));
  const verdictTopPx = rows.length * ROW_PX;
  const axisTopPx = verdictTopPx + VERDICT_ROW_PX;
  const ticks = ticksOf(coils, widthPx);
  return { widthPx, heightPx: axisTopPx + AXIS_PX, columnPx, xPx, rows, verdictTopPx, axisTopPx, ticks };
}

/** The coil under a point; -1 when there is none. @param {TrendLayout} layout @param {number} xPx */
export function coilAt(layout, xPx) {
  const coils = layout.xPx.length;
  return coils ? Math.min(coils - 1, Math.max(0, Math.floor(xPx / layout.columnPx))) : -1;
}

/**
 * The mean over the last MEAN_OF known figures up to each coil.
 * @param {(number|null)[]} figures
 * @returns {(number|null)[]} null until half as many are known: the mean of two coils is no trend
 */
export function movingMean(figures) {
  const known = [];
  return figures.map((figure) => {
    if (figure !== null) {
      known.push(figure);
    }
    const last = known.slice(-MEAN_OF);
    return last.length * 2 < MEAN_OF ? null : last.reduce((sum, each) => sum + each, 0) / last.length;
  });
}

function classRow(classId, figures, topPx, xPx) {
  const most = Math.max(0, ...figures.filter((figure) => figure !== null));
  const bottomPx = topPx + ROW_PX - 1;
  const pxPer = most ? (ROW_PX - 1 - HEADROOM_PX) / most : 0;
  const meanPx = movingMean(figures).map((mean, index) =>
    mean === null ? null : [xPx[index], bottomPx - mean * pxPer],
  );
  const heightsPx = figures.map((figure) => (figure === null ? null : figure * pxPer));
  return { classId, topPx, bottomPx, most, heightsPx, meanPx };
}

/** The newest coil's date always stands; further ones as far apart as they need. */
function ticksOf(coils, widthPx) {
  const count = Math.max(1, Math.min(coils, Math.floor(widthPx / TICK_EVERY_PX)));
  if (coils === 0) {
    return [];
  }
  const step = (coils - 1) / count;
  const indices = Array.from({ length: count + 1 }, (_, tick) => Math.round(tick * step));
  return [...new Set(indices)];
}
