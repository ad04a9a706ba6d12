/** Which rows of a defect list are shown, and in which order. */

/** What each column is sorted by. */
const KEYS = {
  class: (list) => list.classId,
  along: (list) => list.alongMinMm,
  across: (list) => list.acrossMinMm,
  length: (list) => differences(list.alongMaxMm, list.alongMinMm),
  width: (list) => differences(list.acrossMaxMm, list.acrossMinMm),
  area: (list) => list.areaMm2,
  camera: (list) => ranks(list.cameras.map((names) => names.join(" "))),
};

/** The first order of a column, when its head is pressed: what is worst first, or what comes first. */
export const DESCENDING_AT_FIRST = new Set(["length", "width", "area"]);

/**
 * @typedef {Object} Filter
 * @property {Set<number>|null} classes null: all
 * @property {number} minAreaMm2
 * @property {string|null} camera null: all
 */

/** @type {Filter} */
export const EVERYTHING = Object.freeze({ classes: null, minAreaMm2: 0, camera: null });

/**
 * The rows to show.
 * @param {import("./defect_list.js").DefectList} list
 * @param {Filter} filter
 * @param {{column: string, descending: boolean}} sort
 * @returns {Int32Array} row numbers of the list; equal ones in the list's order
 */
export function ordered(list, filter, sort) {
  const shown = [];
  for (let row = 0; row < list.count; row += 1) {
    if (passes(list, row, filter)) {
      shown.push(row);
    }
  }
  const keys = KEYS[sort.column](list);
  const sign = sort.descending ? -1 : 1;
  return Int32Array.from(shown).sort((a, b) => sign * (keys[a] - keys[b]) || a - b);
}

/** Whether a defect is shown. */
export function passes(list, row, { classes, minAreaMm2, camera }) {
  return (
    list.areaMm2[row] >= minAreaMm2 &&
    (classes === null || classes.has(list.classId[row])) &&
    (camera === null || list.cameras[row].includes(camera))
  );
}

/**
 * The sizes that the slider stops at: 1, 3, 10, 30, 100, as far as there are defects; 0 first.
 * @param {DefectList} list
 * @returns {number[]} mm²
 */
export function sizeSteps(list) {
  let largest = 0;
  for (let row = 0; row < list.count; row += 1) {
    largest = Math.max(largest, list.areaMm2[row]);
  }
  const steps = [0];
  for (let ten = 1; ten < largest; ten *= 10) {
    steps.push(ten, 3 * ten);
  }
  return steps.filter((step) => step === 0 || step < largest);
}

/**
 * How many defects lie between one step and the next.
 * @param {DefectList} list
 * @param {number[]} steps as of `sizeSteps`
 */
export function countsBySize(list, steps) {
  const counts = new Array(steps.length).fill(0);
  for (let row = 0; row < list.count; row += 1) {
    counts[
      Math.max(
        0,
        steps.findLastIndex((step) => step <= list.areaMm2[row]),
      )
    ] += 1;
  }
  return counts;
}

function differences(to, from) {
  return Float64Array.from(to, (value, row) => value - from[row]);
}

function ranks(names) {
  const sorted = [...new Set(names)].sort();
  const rank = new Map(sorted.map((name, place) => [name, place]));
  return names.map((name) => rank.get(name));
}
