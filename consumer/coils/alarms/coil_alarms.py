"""Alarms about a coil as a whole: frames missing, a lane that returns coil after coil, an id used again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from consumer.coils.told import is_open
from contracts.alarms import Alarm, AlarmKind, AlarmState, LaneRecurrence
from contracts.coils import CoilStarted
from contracts.reports import CoilReport

FRAMES_MISSING = "frames-missing"
MOST_CAMERAS = 5
"""Named in a summary."""


def of_missing_frames(report: CoilReport, told: Sequence[Alarm]) -> Iterator[Alarm]:
    """Raised by a report with frames missing, ended by a later version without."""
    before = next((alarm for alarm in told if alarm.alarm_id == FRAMES_MISSING), None)
    missing = {camera: of.missing for camera, of in report.ledger_by_camera.items() if of.missing}
    if before is None and not missing:
        return
    state = AlarmState.RAISED if before is None else AlarmState.UPDATED if missing else AlarmState.ENDED
    summary = _missing_summary(missing)
    if before is not None and (before.summary == summary or not is_open(before)):
        return
    now_ns = report.reported_at_ns
    yield Alarm(
        line_id=report.line_id,
        coil_id=report.coil_id,
        alarm_id=FRAMES_MISSING,
        kind=AlarmKind.FRAMES_MISSING,
        state=state,
        raised_at_ns=now_ns if before is None else before.raised_at_ns,
        changed_at_ns=now_ns if before is None else max(now_ns, before.changed_at_ns + 1),
        summary=summary,
    )


def of_lanes(
    report: CoilReport, recurrences: Sequence[LaneRecurrence], told: Sequence[Alarm]
) -> Iterator[Alarm]:
    """One for each lane that returns, with its coils: about this coil, so a coil later raises its own."""
    known = {alarm.alarm_id for alarm in told}
    for lane in recurrences:
        alarm_id = f"lane-{lane.class_id}-{(lane.across_min_mm + lane.across_max_mm) / 2:.0f}"
        if alarm_id in known:
            continue
        known.add(alarm_id)
        yield Alarm(
            line_id=report.line_id,
            coil_id=report.coil_id,
            alarm_id=alarm_id,
            kind=AlarmKind.LANE,
            state=AlarmState.RAISED,
            raised_at_ns=report.reported_at_ns,
            changed_at_ns=report.reported_at_ns,
            summary=(
                f"{lane.class_name[:100]} at {lane.across_min_mm:.0f}-{lane.across_max_mm:.0f} mm across on "
                f"{len(lane.coils)} of the last {lane.of_last} coils"
            ),
            lane=lane,
        )


def of_reuse(start: CoilStarted, reported_start_ns: int, now_ns: int) -> Alarm:
    """Line control starts a coil whose report is out: the second coil gets none, under this id."""
    earlier_s = abs(start.started_at_ns - reported_start_ns) / 1e9
    return Alarm(
        line_id=start.line_id,
        coil_id=start.coil_id,
        alarm_id=f"reused-{start.started_at_ns}",
        kind=AlarmKind.COIL_ID_REUSED,
        state=AlarmState.RAISED,
        raised_at_ns=now_ns,
        changed_at_ns=now_ns,
        summary=(
            f"coil id {start.coil_id} is used again: a coil of this id was reported already, and started "
            f"{earlier_s:,.0f} s apart; give the second one an id of its own"
        ),
    )


def _missing_summary(missing: dict[str, int]) -> str:
    if not missing:
        return "no frame is missing any more"
    named = [f"{camera} {number:,}" for camera, number in sorted(missing.items())][:MOST_CAMERAS]
    more = f" and {len(missing) - MOST_CAMERAS} more cameras" if len(missing) > MOST_CAMERAS else ""
    return f"{sum(missing.values()):,} announced frames have no inspection: {', '.join(named)}{more}"
