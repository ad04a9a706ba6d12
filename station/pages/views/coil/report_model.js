/** A map of a coil whose own is not kept any more: the report's defects, each as a box. */

import { CoilModel } from "../../strip/coil_model.js";

/** Where a frame's record lies is not in a report. */
const NOWHERE = -1;

/**
 * @param {object} view the API's coil, with its report
 * @returns {CoilModel} region n is the report's defect n
 */
export function modelOfReport({ coil_id, line_id, report }) {
  const model = new CoilModel(coil_id);
  const cameras = Object.keys(report.ledger_by_camera);
  model.apply({
    seq: 0,
    since: 0,
    whole: true,
    coil: coilOf(coil_id, line_id, report, cameras),
    fates: [],
    regions: regionsOf(report.defects, cameras),
    gone: [],
    marks: report.marks,
    alarms: [],
    report,
  });
  return model;
}

function coilOf(coilId, lineId, report, cameras) {
  return {
    coil_id: coilId,
    line_id: lineId,
    began_at_ns: report.started_at_ns,
    started_at_ns: report.started_at_ns,
    ended_at_ns: report.ended_at_ns,
    deadline_at_ns: report.deadline_at_ns,
    last_inspected_at_ns: null,
    runs: false,
    width_mm: report.width_mm,
    length_mm: report.length_mm,
    reached_mm: furthest(report.defects.along_max_mm),
    outstanding: 0,
    overfull: false,
    class_names: Object.fromEntries(report.class_totals.map((each) => [each.class_id, each.class_name])),
    regions_by_class: Object.fromEntries(report.class_totals.map((each) => [each.class_id, each.defects])),
    cameras: cameras.map((cameraId) => cameraOf(cameraId, report.ledger_by_camera[cameraId])),
  };
}

/** No frames: which of them was missing or clean is not in a report, so none is drawn as either. */
function cameraOf(cameraId, ledger) {
  const unseen = { frames: 0, announced: null, unsegmented: 0, dead_lettered: 0 };
  return { ...ledger, ...unseen, camera_id: cameraId, frame_mm: null, geometry: null };
}

function regionsOf(defects, cameras) {
  const same = (value) => new Array(defects.class_id.length).fill(value);
  return {
    row: defects.class_id.map((_, row) => row),
    class_id: defects.class_id,
    camera: defects.cameras.map((names) => Math.max(0, cameras.indexOf(names[0]))),
    frame_index: defects.first_frame_index.map((index) => index ?? 0),
    frame_along_mm: defects.along_min_mm,
    along_min_mm: defects.along_min_mm,
    along_max_mm: defects.along_max_mm,
    across_min_mm: defects.across_min_mm,
    across_max_mm: defects.across_max_mm,
    area_mm2: defects.area_mm2,
    score: same(1),
    partition: same(NOWHERE),
    offset: same(NOWHERE),
    contour_points: same(0),
    points: "",
  };
}

function furthest(valuesMm) {
  return valuesMm.length ? valuesMm.reduce((most, each) => Math.max(most, each), 0) : null;
}
