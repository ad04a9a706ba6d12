"""Alarms at a coil's report: frames missing, and a lane that returns."""

from __future__ import annotations

from consumer.coils.alarms.coil_alarms import of_lanes, of_missing_frames
from contracts.alarms import Alarm, AlarmState, LaneRecurrence
from contracts.reports import CameraLedger, CoilReport
from tests.support.messages import MESSAGES


def ledger(missing: int) -> CameraLedger:
    received = 100 - missing
    return CameraLedger(
        announced=100,
        received=received,
        missing=missing,
        clean=received,
        defective=0,
        unsegmented=0,
        dead_lettered=0,
        duplicates=0,
    )


def report(**missing: int) -> CoilReport:
    original = MESSAGES["coil-report"]
    assert isinstance(original, CoilReport)
    return original.model_copy(update={"ledger_by_camera": {c: ledger(n) for c, n in missing.items()}})


def test_missing_frames_are_raised_updated_and_ended_by_the_versions_of_a_report() -> None:
    told: list[Alarm] = []
    for missing in ({"top": 3}, {"top": 3}, {"top": 1, "bottom": 2}, {"top": 0, "bottom": 0}, {"top": 0}):
        told += of_missing_frames(report(**missing), told[-1:])
    assert [alarm.state for alarm in told] == [AlarmState.RAISED, AlarmState.UPDATED, AlarmState.ENDED]
    assert told[1].summary == "3 announced frames have no inspection: bottom 2, top 1"
    assert [alarm.changed_at_ns - told[0].changed_at_ns for alarm in told] == [0, 1, 2]


def test_a_whole_coil_raises_nothing() -> None:
    assert list(of_missing_frames(report(top=0), [])) == []


def test_many_cameras_are_not_all_named() -> None:
    (alarm,) = of_missing_frames(report(**{f"c{number}": 1 for number in range(8)}), [])
    assert alarm.summary.endswith("c4 1 and 3 more cameras")


def test_a_lane_that_returns_is_told_once_a_coil() -> None:
    lane = LaneRecurrence(
        class_id=3,
        class_name="scratch",
        across_min_mm=400.0,
        across_max_mm=424.0,
        coils=("C1", "C2", "C3"),
        of_last=5,
    )
    alarms = list(of_lanes(report(top=0), [lane, lane], []))
    assert [(a.alarm_id, a.summary) for a in alarms] == [
        ("lane-3-412", "scratch at 400-424 mm across on 3 of the last 5 coils")
    ]
    assert list(of_lanes(report(top=0), [lane], alarms)) == [], "a later version of the report"
