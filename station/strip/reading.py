"""From a coil's state to what a client is told of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from contracts.alarms import AlarmKind
from contracts.identity import MAX_TIME_NS
from contracts.reports import RollMark
from contracts.results import Fate
from station.strip.changes import CameraNow, Changes, CoilNow
from station.strip.coil import MOST_CAMERAS, LiveCoil
from station.strip.frames import FATE_CODES, CameraFrames
from station.strip.geometry import Geometry, LastGeometries

LONGEST_BUDGET_NS: Final = 86_400 * 1_000_000_000
"""The contract's longest budget: a header's deadline further off than that is absurd."""


def changes_of(coil: LiveCoil, since: int, last: LastGeometries) -> Changes:
    """What changed after the sequence number `since`; everything, when the coil was not known then."""
    whole = since <= coil.born
    tick = 0 if whole else since - coil.born
    runs = {
        number: found
        for number, frames in enumerate(coil.cameras.values())
        if (found := frames.runs_since(tick)).start
    }
    return Changes(
        seq=coil.changed,
        whole=whole,
        coil=coil_now(coil, last),
        fates=runs,
        regions=coil.events.columns_since(tick),
        gone=[] if whole else coil.events.gone_since(tick),
        marks=marks_of(coil) if whole or coil.marks_changed > since else None,
        alarms=tuple(coil.alarms.now()) if whole or coil.alarms_changed > since else None,
        report=coil.report if whole or coil.report_changed > since else None,
    )


def marks_of(coil: LiveCoil) -> tuple[RollMark, ...]:
    """By the report, which knows the whole coil; while there is none by the alarms."""
    if coil.report is not None:
        return coil.report.marks
    return tuple(
        now.alarm.mark.model_copy(update={"mark_id": now.alarm.alarm_id})
        for now in coil.alarms.now()
        if now.alarm.kind is AlarmKind.ROLL_MARK and now.alarm.mark is not None
    )


def coil_now(coil: LiveCoil, last: LastGeometries) -> CoilNow:
    """How the coil stands."""
    started, ended, report = coil.started, coil.ended, coil.report
    cameras = tuple(_cameras(coil, last))
    return CoilNow(
        coil_id=coil.coil_id,
        line_id=coil.line_id,
        began_at_ns=coil.began_at_ns,
        started_at_ns=None if started is None else started.started_at_ns,
        ended_at_ns=_ended_at_ns(coil),
        deadline_at_ns=_deadline_at_ns(coil),
        last_inspected_at_ns=coil.last_inspected_at_ns,
        runs=started is not None and ended is None and report is None,
        width_mm=_width_mm(coil, cameras),
        length_mm=_length_mm(coil),
        reached_mm=max((c.frames * c.frame_mm for c in cameras if c.frame_mm is not None), default=None),
        outstanding=_outstanding(cameras) if ended is not None else None,
        overfull=coil.overfull,
        class_names=dict(sorted(coil.class_names.items())),
        regions_by_class=dict(sorted(coil.events.shown_by_class.items())),
        cameras=cameras,
    )


def _cameras(coil: LiveCoil, last: LastGeometries) -> Iterator[CameraNow]:
    """Those with frames, whose numbers are taken; behind them those that only the start or the end names."""
    announced = {} if coil.ended is None else coil.ended.frames_by_camera
    named = {*announced, *(() if coil.started is None else coil.started.cameras)}
    silent = sorted(named - coil.cameras.keys())[:MOST_CAMERAS]
    for camera_id, frames in (*coil.cameras.items(), *((each, CameraFrames()) for each in silent)):
        own, before = coil.geometries.get(camera_id), last.of(coil.line_id, camera_id)
        yield CameraNow(
            camera_id=camera_id,
            frames=frames.length,
            received=frames.received,
            clean=frames.counts[FATE_CODES[Fate.CLEAN]],
            defective=frames.counts[FATE_CODES[Fate.DEFECTIVE]],
            unsegmented=frames.counts[FATE_CODES[Fate.UNSEGMENTED]],
            dead_lettered=frames.counts[FATE_CODES[Fate.DEAD_LETTERED]],
            duplicates=frames.duplicates,
            announced=None if coil.ended is None else announced.get(camera_id, 0),
            frame_mm=_frame_mm(coil, camera_id, own, before),
            geometry=own or before,
        )


def _frame_mm(coil: LiveCoil, camera_id: str, own: Geometry | None, before: Geometry | None) -> float | None:
    """By the coil's own events; by its length and how many frames it has; by the coil before it."""
    if own is not None:
        return own.frame_mm
    announced = 0 if coil.ended is None else coil.ended.frames_by_camera.get(camera_id, 0)
    if coil.ended is not None and announced and coil.ended.length_mm:
        return coil.ended.length_mm / announced
    return None if before is None else before.frame_mm


def _outstanding(cameras: tuple[CameraNow, ...]) -> int:
    return sum(max(0, (c.announced or 0) - c.received) + c.unsegmented for c in cameras)


def _ended_at_ns(coil: LiveCoil) -> int | None:
    if coil.ended is not None:
        return coil.ended.ended_at_ns
    return None if coil.report is None else coil.report.ended_at_ns


def _length_mm(coil: LiveCoil) -> float | None:
    """0 is not known."""
    for said in (coil.ended, coil.report):
        if said is not None and said.length_mm:
            return said.length_mm
    return None


def _deadline_at_ns(coil: LiveCoil) -> int | None:
    """By its start; by its report; else the latest in a frame's header, within a day."""
    if coil.started is not None:
        return min(coil.started.deadline_at_ns, MAX_TIME_NS)
    if coil.report is not None:
        return coil.report.deadline_at_ns
    return min(coil.latest_deadline_at_ns, coil.began_at_ns + LONGEST_BUDGET_NS) or None


def _width_mm(coil: LiveCoil, cameras: tuple[CameraNow, ...]) -> float | None:
    """By its start; by its report; else as far as its cameras see."""
    for said in (coil.started, coil.report):
        if said is not None and said.width_mm:
            return said.width_mm
    seen = (c.geometry for c in cameras if c.geometry is not None)
    return max((geometry.across_mm + geometry.width_mm for geometry in seen), default=None)
