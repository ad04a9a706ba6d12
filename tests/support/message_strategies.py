"""hypothesis: any message that the contract allows."""

from __future__ import annotations

import re

from hypothesis import strategies as st

from contracts.alarms import Alarm, AlarmKind, AlarmState, LaneRecurrence
from contracts.coils import CoilEnded, CoilStarted
from contracts.frames import Encoding, FrameHeader
from contracts.identity import MAX_SIDE_PX, MAX_TIME_NS
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

names = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", fullmatch=True)
times = st.integers(0, MAX_TIME_NS)
counts = st.integers(0, 2**53 - 1)
classes = st.integers(1, 10_000)
sides = st.integers(1, MAX_SIDE_PX)
numbers = st.floats(allow_nan=False, allow_infinity=False)
positive = st.floats(min_value=0, exclude_min=True, allow_nan=False, allow_infinity=False)
probabilities = st.floats(0, 1)
texts = st.text(max_size=40)

_who = {"line_id": names, "coil_id": names}
_frame = {**_who, "camera_id": names, "frame_index": counts}
_geometry = {
    "mm_per_px_across": st.floats(0, 100, exclude_min=True),
    "mm_per_px_along": st.floats(0, 100, exclude_min=True),
    "position_mm": st.floats(0, 1e8),
    "offset_mm": st.floats(-1e5, 1e5),
}
_times = {"exposed_at_ns": times, "deadline_at_ns": times}
_traces = st.from_regex(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}", fullmatch=True).filter(
    lambda trace: not re.match(r"ff|..-0{32}|..-\w{32}-0{16}", trace)  # W3C trace context, 3.2: no such trace
)

record_ids = st.builds(RecordId, topic=texts, partition=counts, offset=counts)
_result = {"bundle": texts, "inspected_at_ns": times, "source": record_ids}
_gated = {**_frame, **_times, **_result, "gate_score": probabilities, "gate_threshold": probabilities}

frame_headers = st.builds(
    FrameHeader,
    **_frame,
    **_geometry,
    **_times,
    width_px=sides,
    height_px=sides,
    encoding=st.sampled_from(Encoding),
    traceparent=st.none() | _traces,
)
dead_letters = st.builds(
    DeadLetter,
    reason=st.sampled_from(Reason),
    detail=st.text(max_size=600),
    source=record_ids,
    rejected_at_ns=times,
)
inspections = (
    st.builds(Inspection, **_gated, fate=st.sampled_from([Fate.CLEAN, Fate.UNSEGMENTED]))
    | st.builds(
        Inspection,
        **_gated,
        fate=st.just(Fate.DEFECTIVE),
        regions_by_class=st.dictionaries(classes, counts, max_size=4),
    )
    | st.builds(
        Inspection,
        **_frame,
        **_result,
        fate=st.just(Fate.DEAD_LETTERED),
        reason=st.sampled_from(Reason),
        exposed_at_ns=st.none() | times,
        deadline_at_ns=st.none() | times,
    )
)
_regions = st.builds(
    DefectRegion,
    class_id=classes,
    class_name=texts,
    score=probabilities,
    area_px=st.integers(1, 2**40),
    area_mm2=positive,
    box_px=st.builds(Box, row_min=counts, col_min=counts, row_max=counts, col_max=counts),
    box_mm=st.builds(
        BoxMm, along_min_mm=numbers, along_max_mm=numbers, across_min_mm=numbers, across_max_mm=numbers
    ),
    mask_rle=texts,
)
defect_events = st.builds(
    DefectEvent,
    **_frame,
    **_geometry,
    **_times,
    **_result,
    width_px=sides,
    height_px=sides,
    gate_score=probabilities,
    regions=st.lists(_regions, max_size=3).map(tuple),
)
coils_started = st.builds(
    CoilStarted,
    **_who,
    started_at_ns=times,
    budget_s=st.floats(0, 86_400, exclude_min=True),
    cameras=st.lists(names, min_size=1, max_size=3).map(tuple),
    width_mm=st.none() | st.floats(0, 1e5, exclude_min=True),
)
coils_ended = st.builds(
    CoilEnded,
    **_who,
    ended_at_ns=times,
    frames_by_camera=st.dictionaries(names, counts, max_size=3),
    length_mm=st.floats(0, 1e8),
)


@st.composite
def ledgers(draw: st.DrawFn) -> CameraLedger:
    """Counts that sum."""
    fates = ("clean", "defective", "unsegmented", "dead_lettered")
    few = st.integers(0, 2**40)
    of_fate = {fate: draw(few) for fate in fates}
    received, missing = sum(of_fate.values()), draw(few)
    return CameraLedger(
        **of_fate, announced=received + missing, received=received, missing=missing, duplicates=draw(few)
    )


_marks = st.builds(
    RollMark,
    class_id=classes,
    lane_mm=numbers,
    period_mm=positive,
    count=counts,
    false_alarm_probability=probabilities,
    roll=st.none() | texts,
    mark_id=st.none() | names,
    class_name=st.none() | texts,
    period_uncertainty_mm=st.none() | st.floats(0, 1e6),
    phase_mm=st.none() | numbers,
    revolutions=st.none() | counts,
    first_mm=st.none() | numbers,
    last_mm=st.none() | numbers,
    rolls=st.lists(texts, max_size=2).map(tuple),
)
_across = {"class_id": classes, "class_name": texts, "across_min_mm": numbers, "across_max_mm": numbers}
_coil_defects = st.builds(
    CoilDefect,
    class_id=classes,
    class_name=texts,
    along_min_mm=numbers,
    along_max_mm=numbers,
    across_min_mm=numbers,
    across_max_mm=numbers,
    area_mm2=positive,
    frames=counts,
    regions=counts,
    cameras=st.lists(names, max_size=2).map(tuple),
    first_frame_index=st.none() | counts,
    last_frame_index=st.none() | counts,
)
coil_reports = st.builds(
    CoilReport,
    **_who,
    report_version=st.integers(1, 2**53),
    complete=st.booleans(),
    in_time=st.booleans(),
    slack_s=numbers,
    started_at_ns=times,
    deadline_at_ns=times,
    reported_at_ns=times,
    ledger_by_camera=st.dictionaries(names, ledgers(), max_size=2),
    defects=st.lists(_coil_defects, max_size=3).map(tuple),
    marks=st.lists(_marks, max_size=2).map(tuple),
    verdict=st.sampled_from(Verdict),
    rules_version=texts,
    rules_fired=st.lists(texts, max_size=3).map(tuple),
    late_by_s=st.floats(0, 1e6),
    closed_because=st.none() | st.sampled_from(Closing),
    ended_at_ns=st.none() | times,
    length_mm=st.none() | numbers,
    width_mm=st.none() | numbers,
    defects_total=st.none() | counts,
    class_totals=st.lists(
        st.builds(
            ClassTotal, class_id=classes, class_name=texts, defects=counts, area_mm2=st.floats(0, 1e12)
        ),
        max_size=2,
    ).map(tuple),
    lanes=st.lists(st.builds(CoilLane, **_across, count=counts), max_size=2).map(tuple),
    findings=st.lists(
        st.builds(Finding, rule=texts, verdict=st.sampled_from(Verdict), evidence=texts), max_size=2
    ).map(tuple),
    bundles=st.lists(texts, max_size=2).map(tuple),
    notes=st.lists(texts, max_size=2).map(tuple),
)
alarms = st.builds(
    Alarm,
    **_who,
    alarm_id=names,
    kind=st.sampled_from(AlarmKind),
    state=st.sampled_from(AlarmState),
    raised_at_ns=st.integers(0, 2**62),
    changed_at_ns=st.integers(2**62, MAX_TIME_NS),
    summary=st.text(min_size=1, max_size=500),
    mark=st.none() | _marks,
    lane=st.none()
    | st.builds(
        LaneRecurrence,
        **_across,
        coils=st.lists(names, min_size=1, max_size=3).map(tuple),
        of_last=counts,
    ),
    acknowledged_by=st.none() | names,
)
json_messages = inspections | defect_events | coils_started | coils_ended | coil_reports | alarms
