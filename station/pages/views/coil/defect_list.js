/**
 * What the table of a coil lists: the report's defects, or the map's regions while there is no report.
 * Columns, because a report has thousands.
 */

import { lowerBound } from "../../core/lower_bound.js";

/** A report gives hundredths of a millimetre; the map keeps four bytes a figure. */
const SLACK_MM = 0.6;

/**
 * @typedef {Object} DefectList
 * @property {"report"|"map"} from
 * @property {number} count how many are listed
 * @property {number} total how many there are
 * @property {ArrayLike<number>} classId
 * @property {ArrayLike<number>} alongMinMm
 * @property {ArrayLike<number>} alongMaxMm
 * @property {ArrayLike<number>} acrossMinMm
 * @property {ArrayLike<number>} acrossMaxMm
 * @property {ArrayLike<number>} areaMm2
 * @property {string[][]} cameras whose frames each is on
 * @property {ArrayLike<number>} frames how many frames each spans
 * @property {ArrayLike<number>} region the map's region that shows it; -1 where there is none
 * @property {(region: number) => number} rowOf the listed defect that a region is part of; -1 where there is none
 */

/**
 * The defects that a report lists, without a map: the regions of `modelOfReport` are the same ones.
 * @param {object} report as the API gives it
 * @returns {DefectList}
 */
export function listOfReport(report) {
  const same = Int32Array.from(report.defects.class_id, (_, row) => row);
  return { ...columnsOf(report), region: same, rowOf: (region) => (region < same.length ? region : -1) };
}

/**
 * The same with the map beside it: each defect is shown by the largest of the regions that it was merged from.
 * @param {object} report as the API gives it
 * @param {import("../../strip/coil_model.js").CoilModel} model
 * @returns {DefectList}
 */
export function listOfBoth(report, model) {
  const list = columnsOf(report);
  const region = new Int32Array(list.count).fill(-1);
  const row = new Int32Array(model.regions.count).fill(-1);
  for (let defect = 0; defect < list.count; defect += 1) {
    for (const each of regionsWithin(list, defect, model.regions)) {
      if (row[each] < 0 || list.areaMm2[defect] < list.areaMm2[row[each]]) {
        row[each] = defect;
      }
      if (region[defect] < 0 || model.regions.areaMm2[each] > model.regions.areaMm2[region[defect]]) {
        region[defect] = each;
      }
    }
  }
  return { ...list, region, rowOf: (each) => row[each] ?? -1 };
}

/**
 * The regions that count, of a coil without a report.
 * @param {import("../../strip/coil_model.js").CoilModel} model
 * @returns {DefectList}
 */
export function listOfMap(model) {
  const { regions } = model;
  const kept = [];
  const row = new Int32Array(regions.count).fill(-1);
  for (let region = 0; region < regions.count; region += 1) {
    if (!regions.gone[region]) {
      row[region] = kept.length;
      kept.push(region);
    }
  }
  const taken = (values) => Float32Array.from(kept, (region) => values[region]);
  const names = model.cameras.map((camera) => [camera.camera_id]);
  return {
    from: "map",
    count: kept.length,
    total: kept.length,
    classId: Uint16Array.from(kept, (region) => regions.classId[region]),
    alongMinMm: taken(regions.alongMinMm),
    alongMaxMm: taken(regions.alongMaxMm),
    acrossMinMm: taken(regions.acrossMinMm),
    acrossMaxMm: taken(regions.acrossMaxMm),
    areaMm2: taken(regions.areaMm2),
    cameras: kept.map((region) => names[regions.camera[region]] ?? []),
    frames: new Uint8Array(kept.length).fill(1),
    region: Int32Array.from(kept),
    rowOf: (region) => row[region] ?? -1,
  };
}

function columnsOf(report) {
  const { defects } = report;
  return {
    from: "report",
    count: defects.class_id.length,
    total: report.defects_total,
    classId: defects.class_id,
    alongMinMm: defects.along_min_mm,
    alongMaxMm: defects.along_max_mm,
    acrossMinMm: defects.across_min_mm,
    acrossMaxMm: defects.across_max_mm,
    areaMm2: defects.area_mm2,
    cameras: defects.cameras,
    frames: defects.frames,
  };
}

/** Regions of the defect's class inside its box: those lie next to each other in the order along the strip. */
function* regionsWithin(list, defect, regions) {
  const order = regions.byAlong;
  const toMm = list.alongMaxMm[defect] + SLACK_MM;
  for (
    let n = lowerBound(order, regions.alongMinMm, list.alongMinMm[defect] - SLACK_MM);
    n < order.length;
    n += 1
  ) {
    const region = order[n];
    if (regions.alongMinMm[region] > toMm) {
      return;
    }
    const inside =
      regions.classId[region] === list.classId[defect] &&
      regions.alongMaxMm[region] <= toMm &&
      regions.acrossMinMm[region] >= list.acrossMinMm[defect] - SLACK_MM &&
      regions.acrossMaxMm[region] <= list.acrossMaxMm[defect] + SLACK_MM;
    if (inside && !regions.gone[region]) {
      yield region;
    }
  }
}
