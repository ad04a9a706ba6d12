"""Changes of a coil as JSON, the form that the page reads.

Nanoseconds since the epoch are decimal strings, for a browser's numbers are exact up to 2^53 only; a class is
its id, its name stands once in `coil.class_names`; contours are base64 of little-endian int16 pairs.
"""

from __future__ import annotations

import base64
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from station.strip.alarms import AlarmNow
from station.strip.changes import CameraNow, Changes, CoilNow
from station.strip.frames import FateRuns
from station.strip.geometry import Geometry
from station.strip.regions import RegionColumns
from station.strip.state import StripState

_MM_DIGITS: Final = 2
_SCORE_DIGITS: Final = 3


class StripOnWire:
    """The live strip as the page's routes ask for it: changes are JSON."""

    def __init__(self, state: StripState) -> None:
        self._state = state

    @property
    def revision(self) -> int:
        """Rises with every change of any coil."""
        return self._state.revision

    def coil_ids(self) -> dict[str, list[str]]:
        """By line, the newest first."""
        return self._state.coil_ids()

    def seq(self, coil_id: str) -> int | None:
        """The coil's own sequence number; None: the coil is not kept (any more)."""
        return self._state.seq(coil_id)

    def changes_since(self, coil_id: str, seq: int) -> dict[str, Any]:
        """What is new since `seq`; 0: everything. Raises UnknownCoil."""
        return to_wire(self._state.changes_since(coil_id, seq))


def to_wire(changes: Changes) -> dict[str, Any]:
    """All of it, of values that `json.dumps` knows. What did not change is not there."""
    wire: dict[str, Any] = {
        "seq": changes.seq,
        "whole": changes.whole,
        "coil": coil_to_wire(changes.coil),
        "fates": [
            {"camera": number, **_runs_to_wire(runs)} for number, runs in sorted(changes.fates.items())
        ],
        "regions": _regions_to_wire(changes.regions),
        "gone": changes.gone,
    }
    if changes.marks is not None:
        wire["marks"] = [mark.model_dump(mode="json") for mark in changes.marks]
    if changes.alarms is not None:
        wire["alarms"] = [alarm_to_wire(now) for now in changes.alarms]
    if changes.report is not None:
        report = changes.report.model_dump(mode="json", exclude={"defects"})
        wire["report"] = {name: _text(v) if name.endswith("_at_ns") else v for name, v in report.items()}
    return wire


def coil_to_wire(coil: CoilNow) -> dict[str, Any]:
    """How a coil stands, without its regions."""
    return {
        "coil_id": coil.coil_id,
        "line_id": coil.line_id,
        "began_at_ns": str(coil.began_at_ns),
        "started_at_ns": _text(coil.started_at_ns),
        "ended_at_ns": _text(coil.ended_at_ns),
        "deadline_at_ns": _text(coil.deadline_at_ns),
        "last_inspected_at_ns": _text(coil.last_inspected_at_ns),
        "runs": coil.runs,
        "width_mm": coil.width_mm,
        "length_mm": coil.length_mm,
        "reached_mm": coil.reached_mm,
        "outstanding": coil.outstanding,
        "overfull": coil.overfull,
        "class_names": {str(class_id): name for class_id, name in coil.class_names.items()},
        "regions_by_class": {str(class_id): count for class_id, count in coil.regions_by_class.items()},
        "cameras": [_camera_to_wire(camera) for camera in coil.cameras],
    }


def alarm_to_wire(now: AlarmNow) -> dict[str, Any]:
    """An alarm as it stands."""
    alarm, acknowledged = now.alarm, now.acknowledged
    return {
        "alarm_id": alarm.alarm_id,
        "kind": alarm.kind.value,
        "state": alarm.state.value,
        "ended": now.ended,
        "raised_at_ns": str(alarm.raised_at_ns),
        "changed_at_ns": str(alarm.changed_at_ns),
        "summary": alarm.summary,
        "acknowledged_at_ns": None if acknowledged is None else str(acknowledged.changed_at_ns),
        "acknowledged_by": None if acknowledged is None else acknowledged.acknowledged_by,
        "mark": None if alarm.mark is None else alarm.mark.model_dump(mode="json"),
        "lane": None if alarm.lane is None else alarm.lane.model_dump(mode="json"),
    }


def _camera_to_wire(camera: CameraNow) -> dict[str, Any]:
    return {
        "camera_id": camera.camera_id,
        "frames": camera.frames,
        "received": camera.received,
        "clean": camera.clean,
        "defective": camera.defective,
        "unsegmented": camera.unsegmented,
        "dead_lettered": camera.dead_lettered,
        "duplicates": camera.duplicates,
        "announced": camera.announced,
        "frame_mm": camera.frame_mm,
        "geometry": None if camera.geometry is None else _geometry_to_wire(camera.geometry),
    }


def _geometry_to_wire(geometry: Geometry) -> dict[str, Any]:
    return {
        "across_mm": geometry.across_mm,
        "width_mm": geometry.width_mm,
        "height_px": geometry.height_px,
        "width_px": geometry.width_px,
        "mm_per_px_along": geometry.mm_per_px_along,
        "mm_per_px_across": geometry.mm_per_px_across,
    }


def _runs_to_wire(runs: FateRuns) -> dict[str, Any]:
    return {"start": runs.start, "length": runs.length, "fate": runs.fate}


def _regions_to_wire(regions: RegionColumns) -> dict[str, Any]:
    return {
        "row": regions.row.tolist(),
        "class_id": regions.class_id.tolist(),
        "camera": regions.camera.tolist(),
        "frame_index": regions.frame_index.tolist(),
        "frame_along_mm": _rounded(regions.frame_along_mm, _MM_DIGITS),
        "along_min_mm": _rounded(regions.along_min_mm, _MM_DIGITS),
        "along_max_mm": _rounded(regions.along_max_mm, _MM_DIGITS),
        "across_min_mm": _rounded(regions.across_min_mm, _MM_DIGITS),
        "across_max_mm": _rounded(regions.across_max_mm, _MM_DIGITS),
        "area_mm2": _rounded(regions.area_mm2, _MM_DIGITS),
        "score": _rounded(regions.score, _SCORE_DIGITS),
        "partition": regions.partition.tolist(),
        "offset": regions.offset.tolist(),
        "contour_points": regions.contour_points.tolist(),
        "points": base64.b64encode(regions.points.astype("<i2").tobytes()).decode("ascii"),
    }


def _rounded(values: NDArray[np.float64], digits: int) -> list[float]:
    rounded: list[float] = np.round(values, digits).tolist()
    return rounded


def _text(at_ns: int | None) -> str | None:
    return None if at_ns is None else str(at_ns)
