// Which region is meant: by the pointer, or by going on from the one before.

/**
 * The region under a pointer, or the nearest within reach; the smaller one where several overlap.
 * @param {object} scene model, view, shows
 * @param {number} x @param {number} y @param {number} reachPx
 * @returns {number | null}
 */
export function regionAt({ model, view, shows }, x, y, reachPx) {
  if (x < view.left - reachPx || x > view.right + reachPx) {
    return null;
  }
  const { regions } = model;
  const order = regions.byAlong;
  const lastMm = view.along(x + reachPx);
  let best = null;
  let least = Infinity;
  for (let place = regions.firstAt(view.along(x - reachPx)); place < order.length; place += 1) {
    const region = order[place];
    if (regions.alongMinMm[region] > lastMm) {
      break;
    }
    if (!shows(region)) {
      continue;
    }
    const dx = outside(x, view.x(regions.alongMinMm[region]), view.x(regions.alongMaxMm[region]));
    const dy = outside(y, view.y(regions.acrossMinMm[region]), view.y(regions.acrossMaxMm[region]));
    const away = Math.hypot(dx, dy);
    if (away > reachPx) {
      continue;
    }
    const cost = away * 1e6 + regions.areaMm2[region];
    if (cost < least) {
      least = cost;
      best = region;
    }
  }
  return best;
}

/**
 * The next region along the strip, or the one before; with none chosen the first in the window.
 * @param {object} scene model, view, shows
 * @param {number | null} current @param {1 | -1} step
 * @returns {number | null}
 */
export function regionBeside({ model, view, shows }, current, step) {
  const { regions } = model;
  const order = regions.byAlong;
  let place = current === null ? -1 : order.indexOf(current);
  if (place < 0) {
    const fromMm = step > 0 ? view.fromMm : view.toMm;
    place = order.findIndex((region) => regions.alongMinMm[region] >= fromMm);
    if (place < 0) {
      place = order.length;
    }
    place -= step > 0 ? 1 : 0;
  }
  for (place += step; place >= 0 && place < order.length; place += step) {
    if (shows(order[place])) {
      return order[place];
    }
  }
  return null;
}

function outside(value, from, to) {
  return value < from ? from - value : Math.max(0, value - to);
}
