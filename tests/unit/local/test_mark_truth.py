"""Roll marks that were put in, held against the alarms that they raised."""

from __future__ import annotations

from dataclasses import replace

import pytest

from contracts.alarms import AlarmKind
from local.observing.mark_truth import MarkOutcome, outcomes, without_alarm
from producer_sim.manifest import Manifest, MarkLine
from tests.support.coil_run import (
    FRAME_MM,
    PACE_NS,
    Told,
    alarm,
    ended,
    manifest,
    observed,
    report,
    roll_mark,
    sent,
    started,
)

FRAMES = 400
LASTS_S = FRAMES * PACE_NS / 1e9
HITS = tuple(5.0 + 160.0 * turn for turn in range(40))


def put_in(*hits_mm: float) -> Manifest:
    line = MarkLine(
        line_id="line-1", coil_id="C1", class_id=1, lane_mm=50.0, diameter_mm=50.9, period_mm=160.0,
        hits_mm=hits_mm, missed_mm=(), origin="synthetic",
    )  # fmt: skip
    return replace(manifest(sent(0)), marks=(line,))


def outcome(*messages: Told, hits_mm: tuple[float, ...] = HITS) -> MarkOutcome:
    run = observed(started(), *messages, ended({"top": FRAMES}))
    (mark,) = outcomes(put_in(*hits_mm), run)
    return mark


def test_an_alarm_while_the_coil_runs_is_in_time() -> None:
    mark = outcome(alarm(after_s=LASTS_S / 4), report(marks=(roll_mark(count=9), roll_mark(count=30))))
    assert mark.raised_at_mm == pytest.approx(FRAMES * FRAME_MM / 4)
    assert mark.length_mm == FRAMES * FRAME_MM
    assert mark.in_time
    assert mark.reported == roll_mark(count=30)
    assert list(without_alarm((mark,))) == []


def test_the_first_alarm_counts() -> None:
    mark = outcome(alarm(after_s=3.0), alarm(after_s=2.0))
    assert mark.raised_at_mm == pytest.approx(2.0 / LASTS_S * FRAMES * FRAME_MM)


def test_an_alarm_after_the_end_is_too_late() -> None:
    (sentence,) = without_alarm((outcome(alarm(after_s=LASTS_S + 1)),))
    assert sentence == (
        "C1: the roll mark put in (class 1 every 160 mm at 50 mm across, 40 hits) raised its alarm after the "
        "coil's end"
    )


@pytest.mark.parametrize(
    "other",
    [
        alarm(after_s=1.0, mark=roll_mark(class_id=2)),
        alarm(after_s=1.0, mark=roll_mark(lane_mm=101.0)),
        alarm(after_s=1.0, mark=roll_mark(period_mm=320.0)),
        alarm(after_s=1.0, kind=AlarmKind.LANE),
        alarm(after_s=1.0, coil="C2"),
    ],
    ids=["class", "lane", "period", "kind", "coil"],
)
def test_an_alarm_of_something_else_does_not_count(other: Told) -> None:
    (sentence,) = without_alarm((outcome(other),))
    assert sentence.endswith("40 hits) raised no alarm")


def test_few_hits_need_no_alarm() -> None:
    assert list(without_alarm((outcome(hits_mm=HITS[:19]),))) == []
