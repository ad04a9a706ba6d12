"""One valid example of every message, as a line would send it; the tests bend copies of them."""

from __future__ import annotations

from contracts.alarms import Alarm, AlarmKind, AlarmState, LaneRecurrence
from contracts.coils import CoilEnded, CoilStarted
from contracts.frames import Encoding, FrameHeader
from contracts.message_codec import CoilRecord
from contracts.rejections import Reason
from contracts.reports import (
    CameraLedger,
    ClassTotal,
    Closing,
    CoilDefect,
    CoilLane,
    CoilReport,
    Finding,
    RollMark,
    Verdict,
)
from contracts.results import Box, BoxMm, DeadLetter, DefectEvent, DefectRegion, Fate, Inspection, RecordId

STARTED_AT_NS = 1_767_225_600_000_000_000
"""2026-01-01T00:00:00Z."""
EXPOSED_AT_NS = STARTED_AT_NS + 12_345_678_901
INSPECTED_AT_NS = EXPOSED_AT_NS + 87_654_321
DEADLINE_AT_NS = STARTED_AT_NS + 300_000_000_000
SOURCE = RecordId(topic="strip.frames.v1", partition=3, offset=1201)
BUNDLE = "severstal@0123456789ab"
WHO = {"line_id": "line-1", "coil_id": "C26-000123"}
FRAME = {**WHO, "camera_id": "top", "frame_index": 70}

FRAME_HEADER = FrameHeader(
    **FRAME,
    exposed_at_ns=EXPOSED_AT_NS,
    deadline_at_ns=DEADLINE_AT_NS,
    width_px=1600,
    height_px=256,
    encoding=Encoding.JPEG,
    mm_per_px_across=0.65,
    mm_per_px_along=0.625,
    position_mm=11200.0,
    offset_mm=-12.5,
    traceparent="00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
)
DEAD_LETTER = DeadLetter(
    reason=Reason.CORRUPT_IMAGE,
    detail="Premature end of the JPEG's entropy-coded data — 3 rows of 256",
    source=SOURCE,
    rejected_at_ns=INSPECTED_AT_NS,
)

_INSPECTION = Inspection(
    **FRAME,
    fate=Fate.CLEAN,
    gate_score=0.03125,
    gate_threshold=0.25,
    bundle=BUNDLE,
    exposed_at_ns=EXPOSED_AT_NS,
    deadline_at_ns=DEADLINE_AT_NS,
    inspected_at_ns=INSPECTED_AT_NS,
    source=SOURCE,
)
_REGION = DefectRegion(
    class_id=3,
    class_name="scratch",
    score=0.875,
    area_px=6,
    area_mm2=2.4375,
    box_px=Box(row_min=10, col_min=100, row_max=12, col_max=101),
    box_mm=BoxMm(along_min_mm=11206.25, along_max_mm=11208.125, across_min_mm=52.5, across_max_mm=53.8),
    mask_rle="25611 3 25867 3",
)
_MARK = RollMark(
    class_id=3,
    lane_mm=412.5,
    period_mm=1884.96,
    count=7,
    false_alarm_probability=1e-06,
    roll="work roll 4",
    mark_id="mark-3-412-1885",
    class_name="scratch",
    period_uncertainty_mm=1.25,
    phase_mm=310.0,
    revolutions=9,
    first_mm=2194.96,
    last_mm=17274.64,
    rolls=("work roll 4", "backup roll 2"),
)
_LANE = {"class_id": 3, "class_name": "scratch", "across_min_mm": 400.0, "across_max_mm": 425.0}

MESSAGES: dict[str, CoilRecord] = {
    "inspection-clean": _INSPECTION,
    "inspection-defective": _INSPECTION.model_copy(
        update={"fate": Fate.DEFECTIVE, "gate_score": 0.96875, "regions_by_class": {3: 1, 4: 2}}
    ),
    "inspection-unsegmented": _INSPECTION.model_copy(update={"fate": Fate.UNSEGMENTED, "gate_score": 0.5}),
    "inspection-dead-lettered": _INSPECTION.model_copy(
        update={
            "fate": Fate.DEAD_LETTERED,
            "gate_score": None,
            "gate_threshold": None,
            "reason": Reason.HEADER_INVALID,
            "exposed_at_ns": None,
        }
    ),
    "defect-event": DefectEvent(
        **FRAME,
        mm_per_px_across=0.65,
        mm_per_px_along=0.625,
        position_mm=11200.0,
        offset_mm=-12.5,
        width_px=1600,
        height_px=256,
        gate_score=0.96875,
        regions=(_REGION,),
        bundle=BUNDLE,
        exposed_at_ns=EXPOSED_AT_NS,
        deadline_at_ns=DEADLINE_AT_NS,
        inspected_at_ns=INSPECTED_AT_NS,
        source=SOURCE,
    ),
    "coil-started": CoilStarted(
        **WHO, started_at_ns=STARTED_AT_NS, budget_s=300.0, cameras=("top", "bottom"), width_mm=1040.0
    ),
    "coil-ended": CoilEnded(
        **WHO,
        ended_at_ns=STARTED_AT_NS + 120_000_000_000,
        frames_by_camera={"top": 2400, "bottom": 2400},
        length_mm=384_000.0,
    ),
    "coil-report": CoilReport(
        **WHO,
        report_version=2,
        complete=False,
        in_time=True,
        slack_s=171.25,
        started_at_ns=STARTED_AT_NS,
        deadline_at_ns=DEADLINE_AT_NS,
        reported_at_ns=STARTED_AT_NS + 128_750_000_000,
        ledger_by_camera={
            "top": CameraLedger(
                announced=2400,
                received=2398,
                missing=2,
                clean=2280,
                defective=115,
                unsegmented=2,
                dead_lettered=1,
                duplicates=4,
                surplus=1,
            )
        },
        defects=(
            CoilDefect(
                class_id=3,
                class_name="scratch",
                along_min_mm=11206.25,
                along_max_mm=11890.0,
                across_min_mm=52.5,
                across_max_mm=53.8,
                area_mm2=310.5,
                frames=5,
                regions=6,
                cameras=("top",),
                first_frame_index=70,
                last_frame_index=74,
            ),
        ),
        marks=(_MARK,),
        verdict=Verdict.HOLD,
        rules_version="2026-01",
        rules_fired=("frames_missing",),
        late_by_s=0.0,
        closed_because=Closing.SETTLED,
        ended_at_ns=STARTED_AT_NS + 120_000_000_000,
        length_mm=384_000.0,
        width_mm=1040.0,
        defects_total=1,
        class_totals=(ClassTotal(class_id=3, class_name="scratch", defects=1, area_mm2=310.5),),
        lanes=(CoilLane(**_LANE, count=9),),
        findings=(Finding(rule="frames_missing", verdict=Verdict.HOLD, evidence="2 of 2,400 frames"),),
        bundles=(BUNDLE,),
        notes=("line control ended it twice: with 2,399 and with 2,400 frames of top",),
    ),
    "alarm": Alarm(
        **WHO,
        alarm_id="mark-3-412-1885",
        kind=AlarmKind.ROLL_MARK,
        state=AlarmState.UPDATED,
        raised_at_ns=STARTED_AT_NS + 40_000_000_000,
        changed_at_ns=STARTED_AT_NS + 52_000_000_000,
        summary="scratch returns each 1885 mm at 412 mm across: work roll 4?",
        mark=_MARK,
    ),
    "alarm-acknowledged": Alarm(
        **WHO,
        alarm_id="mark-3-412-1885",
        kind=AlarmKind.ROLL_MARK,
        state=AlarmState.ACKNOWLEDGED,
        raised_at_ns=STARTED_AT_NS + 40_000_000_000,
        changed_at_ns=STARTED_AT_NS + 63_000_000_000,
        summary="scratch returns each 1885 mm at 412 mm across: work roll 4?",
        mark=_MARK,
        acknowledged_by="a.ivanova",
    ),
    "alarm-lane": Alarm(
        **WHO,
        alarm_id="lane-3-412",
        kind=AlarmKind.LANE,
        state=AlarmState.RAISED,
        raised_at_ns=STARTED_AT_NS + 128_750_000_000,
        changed_at_ns=STARTED_AT_NS + 128_750_000_000,
        summary="scratch at 400-425 mm across on 3 of the last 5 coils",
        lane=LaneRecurrence(**_LANE, coils=("C26-000120", "C26-000121", "C26-000123"), of_last=5),
    ),
}
