"""What a reader keeps of a run while it comes."""

from __future__ import annotations

import pytest

from contracts.results import Fate
from tests.support.coil_run import (
    FRAME_MM,
    Told,
    alarm,
    ended,
    event,
    inspection,
    observed,
    report,
    started,
)


def test_a_run_is_closed_when_every_verdict_and_what_it_speaks_of_is_there() -> None:
    parts: list[Told] = [inspection(0), inspection(1), ended({"top": 2}), report()]
    for lacking in range(4):
        assert not observed(*parts[:lacking], *parts[lacking + 1 :]).closed(1)
    assert not observed(*parts).closed(2)
    assert observed(*parts).closed(1)
    assert (observed(*parts).frames, observed(*parts).verdicts) == (2, 1)


def test_a_run_waits_for_the_events_of_defective_frames() -> None:
    parts: list[Told] = [inspection(0, Fate.DEFECTIVE), ended({"top": 1}), report()]
    assert not observed(*parts).closed(1)
    assert observed(*parts, event(0)).closed(1)


def test_an_incomplete_report_closes_a_coil_whose_frames_never_come() -> None:
    assert observed(inspection(0), ended({"top": 2}), report(complete=False)).closed(1)


def test_an_incomplete_report_is_waited_over_when_its_frames_come_after_all() -> None:
    parts: list[Told] = [inspection(0), ended({"top": 1}), report(complete=False)]
    assert not observed(*parts).closed(1)
    assert observed(*parts, report(report_version=2)).closed(1)


def test_the_latest_version_of_a_report_counts() -> None:
    later = report(report_version=2, verdict="hold")
    for order in ([report(), later], [later, report()]):
        assert observed(*order).coils["C1"].report == later


def test_an_amendment_takes_the_place_of_what_it_amends_and_is_no_duplicate() -> None:
    run = observed(inspection(0, Fate.UNSEGMENTED), inspection(0, Fate.DEFECTIVE))
    (seen,) = run.coils["C1"].inspections.values()
    assert seen.inspection.fate is Fate.DEFECTIVE
    assert run.coils["C1"].duplicates_by_camera["top"] == 0


@pytest.mark.parametrize("running", [True, False])
def test_an_alarm_is_kept_with_where_its_coil_was(running: bool) -> None:
    end: list[Told] = [] if running else [ended({"top": 5})]
    run = observed(started(), event(2), inspection(4), *end, alarm(after_s=1.0))
    (seen,) = run.alarms
    assert run.coils["C1"].alarms == [seen]
    assert (seen.reached_mm, seen.running) == (5 * FRAME_MM, running)


def test_where_a_coil_is_is_not_known_before_a_defect_says_how_long_a_frame_is() -> None:
    assert observed(inspection(4)).coils["C1"].reached_mm is None
