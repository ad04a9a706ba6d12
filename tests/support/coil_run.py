"""A coil by hand: messages and manifest lines with only what a test cares about."""

from __future__ import annotations

import numpy as np

from contracts.alarms import Alarm, AlarmKind, AlarmState
from contracts.coils import CoilEnded, CoilStarted
from contracts.rejections import Reason
from contracts.reports import CameraLedger, ClassTotal, CoilReport, RollMark
from contracts.results import Box, BoxMm, DefectEvent, DefectRegion, Fate, Inspection, RecordId
from local.observing.observed import ObservedRun
from model import rle
from producer_sim.manifest import EXPECTED_REASONS, CoilLine, Fault, FrameLine, Manifest, RunLine, Truth

STARTED_AT_NS = 1_800_000_000_000_000_000
BUDGET_S = 300.0
PACE_NS = 50_000_000
WIDTH_PX, HEIGHT_PX, MM_PER_PX = 200, 32, 0.5
FRAME_MM = HEIGHT_PX * MM_PER_PX


def exposed_at_ns(index: int) -> int:
    return STARTED_AT_NS + index * PACE_NS


def _identity(index: int, coil: str, camera: str) -> dict[str, object]:
    return {"line_id": "line-1", "coil_id": coil, "camera_id": camera, "frame_index": index}


def _times(index: int) -> dict[str, int]:
    return {
        "exposed_at_ns": exposed_at_ns(index),
        "deadline_at_ns": STARTED_AT_NS + round(BUDGET_S * 1e9),
        "inspected_at_ns": exposed_at_ns(index) + 1,
    }


def inspection(
    index: int,
    fate: Fate = Fate.CLEAN,
    *,
    reason: Reason | None = None,
    offset: int | None = None,
    coil: str = "C1",
    camera: str = "top",
) -> Inspection:
    """One frame's; its record lies at `offset`, by default its index."""
    lettered = fate is Fate.DEAD_LETTERED
    return Inspection.model_validate(
        {
            **_identity(index, coil, camera),
            **_times(index),
            "fate": fate,
            "gate_score": None if lettered else 0.5,
            "gate_threshold": None if lettered else 0.5,
            "reason": reason or (Reason.CORRUPT_IMAGE if lettered else None),
            "bundle": "b@0",
            "source": RecordId(topic="f", partition=0, offset=index if offset is None else offset),
        }
    )


def event(
    index: int,
    *boxes: tuple[int, tuple[int, int], tuple[int, int]],
    offset: int | None = None,
    coil: str = "C1",
    camera: str = "top",
) -> DefectEvent:
    """A defect event with filled boxes: (class_id, rows, cols), upper bounds exclusive."""
    return DefectEvent.model_validate(
        {
            **_identity(index, coil, camera),
            **_times(index),
            "mm_per_px_across": MM_PER_PX,
            "mm_per_px_along": MM_PER_PX,
            "position_mm": index * FRAME_MM,
            "width_px": WIDTH_PX,
            "height_px": HEIGHT_PX,
            "gate_score": 0.9,
            "regions": tuple(_region(index, *box) for box in boxes),
            "bundle": "b@0",
            "source": RecordId(topic="f", partition=0, offset=index if offset is None else offset),
        }
    )


def _region(index: int, class_id: int, rows: tuple[int, int], cols: tuple[int, int]) -> DefectRegion:
    mask = np.zeros((HEIGHT_PX, WIDTH_PX), np.bool_)
    mask[slice(*rows), slice(*cols)] = True
    return DefectRegion(
        class_id=class_id,
        class_name=f"kind {class_id}",
        score=0.9,
        area_px=int(mask.sum()),
        area_mm2=float(mask.sum()) * MM_PER_PX**2,
        box_px=Box(row_min=rows[0], col_min=cols[0], row_max=rows[1] - 1, col_max=cols[1] - 1),
        box_mm=BoxMm(
            along_min_mm=index * FRAME_MM + rows[0] * MM_PER_PX,
            along_max_mm=index * FRAME_MM + rows[1] * MM_PER_PX,
            across_min_mm=cols[0] * MM_PER_PX,
            across_max_mm=cols[1] * MM_PER_PX,
        ),
        mask_rle=rle.encode(mask),
    )


def started(coil: str = "C1", cameras: tuple[str, ...] = ("top",)) -> CoilStarted:
    width_mm = WIDTH_PX * MM_PER_PX
    return CoilStarted(
        line_id="line-1",
        coil_id=coil,
        started_at_ns=STARTED_AT_NS,
        budget_s=BUDGET_S,
        cameras=cameras,
        width_mm=width_mm,
    )


def ended(frames_by_camera: dict[str, int], coil: str = "C1") -> CoilEnded:
    most = max(frames_by_camera.values())
    return CoilEnded(
        line_id="line-1",
        coil_id=coil,
        ended_at_ns=exposed_at_ns(most),
        frames_by_camera=frames_by_camera,
        length_mm=most * FRAME_MM,
    )


def ledger(**counts: int) -> CameraLedger:
    """A camera's; what is not named is 0, `announced` and `received` follow."""
    received = sum(counts.get(fate, 0) for fate in ("clean", "defective", "unsegmented", "dead_lettered"))
    missing = counts.get("missing", 0)
    zeros = dict.fromkeys(("clean", "defective", "unsegmented", "dead_lettered", "missing", "duplicates"), 0)
    return CameraLedger.model_validate(
        {**zeros, "announced": received + missing, "received": received, **counts}
    )


def roll_mark(**changes: object) -> RollMark:
    """The one that `mark_line` of tests/unit/local puts in, found."""
    values = {
        "class_id": 1,
        "lane_mm": 52.0,
        "period_mm": 160.2,
        "count": 30,
        "false_alarm_probability": 1e-9,
    }
    return RollMark.model_validate({**values, **changes})


def report(
    *, coil: str = "C1", ledgers: dict[str, CameraLedger] | None = None, **changes: object
) -> CoilReport:
    """A coil released in time."""
    values = {
        "line_id": "line-1", "coil_id": coil, "complete": True, "in_time": True, "slack_s": 290.0,
        "started_at_ns": STARTED_AT_NS, "deadline_at_ns": STARTED_AT_NS + round(BUDGET_S * 1e9),
        "reported_at_ns": STARTED_AT_NS + 10**10, "ledger_by_camera": ledgers or {},
        "defects": (), "marks": (), "verdict": "release", "rules_version": "1", "rules_fired": (),
        "class_totals": (ClassTotal(class_id=3, class_name="kind 3", defects=1, area_mm2=9.0),),
    }  # fmt: skip
    return CoilReport.model_validate({**values, **changes})


def alarm(*, after_s: float, mark: RollMark | None = None, coil: str = "C1", **changes: object) -> Alarm:
    """A roll mark's, raised so long after the coil's start."""
    at_ns = STARTED_AT_NS + round(after_s * 1e9)
    values = {
        "line_id": "line-1", "coil_id": coil, "alarm_id": "mark-1-52-160", "kind": AlarmKind.ROLL_MARK,
        "state": AlarmState.RAISED, "raised_at_ns": at_ns, "changed_at_ns": at_ns,
        "summary": "a roll mark", "mark": mark or roll_mark(),
    }  # fmt: skip
    return Alarm.model_validate({**values, **changes})


Told = Inspection | DefectEvent | CoilStarted | CoilEnded | CoilReport | Alarm


def observed(*messages: Told, after_s: float = 0.2) -> ObservedRun:
    """A run in which every inspection was seen `after_s` after its exposure."""
    run = ObservedRun()
    for message in messages:
        exposed = message.exposed_at_ns if isinstance(message, Inspection) else STARTED_AT_NS
        run.add(message, (exposed or STARTED_AT_NS) + round(after_s * 1e9))
    return run


def sent(
    index: int,
    *classes: int,
    fault: Fault | None = None,
    known: bool = True,
    coil: str = "C1",
    camera: str = "top",
    origin: str | None = None,
) -> FrameLine:
    """The manifest's line of one exposure; `classes` are what it shows."""
    times = {Fault.DROP: 0, Fault.DUPLICATE: 2}
    return FrameLine.model_validate(
        {
            **_identity(index, coil, camera),
            "exposed_at_ns": exposed_at_ns(index),
            "sent": 1 if fault is None else times.get(fault, 1),
            "fault": fault,
            "expected_reason": None if fault is None else EXPECTED_REASONS.get(fault),
            "truth": Truth(classes=classes) if known else None,
            "origin": origin or f"{coil}/{camera}/{index}",
        }
    )


def manifest(*frames: FrameLine) -> Manifest:
    """A manifest of these frames; its coils announce them all."""
    announced: dict[str, dict[str, int]] = {}
    for line in frames:
        by_camera = announced.setdefault(line.coil_id, {})
        by_camera[line.camera_id] = by_camera.get(line.camera_id, 0) + 1
    coils = tuple(
        CoilLine(
            line_id="line-1",
            coil_id=coil_id,
            started_at_ns=STARTED_AT_NS,
            deadline_at_ns=STARTED_AT_NS + round(BUDGET_S * 1e9),
            ended_at_ns=STARTED_AT_NS,
            announced_by_camera=by_camera,
        )
        for coil_id, by_camera in announced.items()
    )
    run = RunLine(
        source="by hand",
        seed=1,
        topic_prefix="",
        fault_probabilities={},
        started_at_ns=STARTED_AT_NS,
        ended_at_ns=STARTED_AT_NS,
        interrupted=False,
        failed=0,
    )
    return Manifest(run=run, coils=coils, frames=frames)
