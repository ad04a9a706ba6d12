from __future__ import annotations

import numpy as np
import pytest

from consumer.coils.facts import Sighting
from consumer.coils.marks.find import find_marks, same_mark
from consumer.coils.marks.policy import MarkPolicy
from consumer.coils.marks.rolls import Roll
from consumer.coils.marks.watch import MarkChange, MarkWatch
from contracts.alarms import AlarmState
from contracts.reports import RollMark
from tests.support.marked_strips import Recipe, marked, sightings, unmarked

POLICY = MarkPolicy()


def watched(
    strip: list[Sighting], length_mm: float, *, step_mm: float = 3000.0, watch: MarkWatch | None = None
) -> list[MarkChange]:
    """Each look goes 2 m less far than what came in: frames come from several partitions."""
    watch = watch or MarkWatch(POLICY)
    changes: list[MarkChange] = []
    waiting = sorted(strip, key=lambda each: each.along_mm + 37 * (each.across_mm % 50))
    for reach in np.arange(step_mm, length_mm + step_mm + 5000, step_mm):
        come = [each for each in waiting if each.along_mm + 37 * (each.across_mm % 50) <= reach]
        waiting = waiting[len(come) :]
        watch.add(come)
        changes += watch.look(float(reach) - 2000)
    return changes


def row(period_mm: float, slots: range, lane_mm: float = 600.0) -> list[Sighting]:
    places = 500 + period_mm * np.array(slots, float)
    return sightings(places, np.full(len(places), lane_mm))


def states(changes: list[MarkChange]) -> list[AlarmState]:
    return [change.state for change in changes]


def test_a_mark_is_raised_once_then_updated_sparingly_and_ends() -> None:
    changes = watched(row(2000, range(100)), 260_000)
    assert states(changes) == [AlarmState.RAISED, *[AlarmState.UPDATED] * 4, AlarmState.ENDED]
    assert len({change.mark.mark_id for change in changes}) == 1
    counts = [change.mark.count for change in changes]
    assert counts == sorted(counts)
    assert counts[-1] == 100
    raised = changes[0]
    assert raised.at_mm <= 500 + 2000 * 8
    assert raised.mark.false_alarm_probability <= POLICY.level
    assert changes[-1].mark.last_mm == 198_500


def test_it_ends_only_after_many_misses() -> None:
    strip = row(2000, range(30)) + row(2000, range(38, 60))
    assert states(watched(strip, 110_000)).count(AlarmState.ENDED) == 0


def test_a_mark_that_comes_back_is_not_raised_again() -> None:
    strip = row(2000, range(30)) + row(2000, range(80, 130))
    changes = watched(strip, 400_000)
    assert states(changes).count(AlarmState.RAISED) == 1
    assert states(changes).count(AlarmState.ENDED) == 2
    assert changes[-1].mark.count == 80
    assert changes[-1].mark.revolutions == 130
    assert changes[-1].mark.period_mm == pytest.approx(2000, abs=0.1)


def test_a_mark_that_begins_far_down_the_coil_is_found() -> None:
    rng = np.random.default_rng(3)
    strip = unmarked(rng, 1000, 1e6) + row(3000, range(200, 240))
    (raised,) = [change for change in watched(strip, 1e6) if change.state is AlarmState.RAISED]
    assert raised.mark.period_mm == pytest.approx(3000, rel=0.002)
    assert raised.at_mm <= 600_500 + 14 * 3000


@pytest.mark.parametrize("ratios", [(1.0,), (1.0, 1.4)], ids=["one roll", "two rolls"])
def test_looking_often_gives_what_looking_once_gives(ratios: tuple[float, ...]) -> None:
    rng = np.random.default_rng(4)
    for _ in range(5):
        coil = marked(rng, Recipe(ratios=ratios, period_mm=(1200, 5000)))
        often = MarkWatch(POLICY)
        changes = watched(coil.sightings, coil.length_mm, watch=often)
        at_end = find_marks(coil.sightings, length_mm=coil.length_mm, width_mm=1250, policy=POLICY)
        assert len(often.marks()) == len(at_end) == len(ratios)
        for mark in at_end:
            assert any(same_mark(mark, other, POLICY) for other in often.marks())
        (first, *_) = (change.mark.mark_id for change in changes if change.state is AlarmState.RAISED)
        assert first in {mark.mark_id for mark in at_end}


def test_a_coil_without_a_mark_changes_nothing() -> None:
    rng = np.random.default_rng(5)
    assert [watched(unmarked(rng, 200, 2e5), 2e5) for _ in range(10)] == [[]] * 10


def test_it_names_the_roll_and_the_class_by_what_is_known_when_it_tells() -> None:
    names: dict[int, str] = {}
    watch = MarkWatch(POLICY, (Roll(name="F7", diameter_mm=2000 / np.pi),), names)
    names[1] = "scratch"
    (raised, *_) = watched(row(2000, range(30)), 60_000, watch=watch)
    assert (raised.mark.roll, raised.mark.class_name) == ("F7", "scratch")


def test_what_comes_too_late_is_left_out() -> None:
    watch = MarkWatch(POLICY)
    watch.look(50_000)
    watch.add(row(2000, range(20)))
    assert watch.look(60_000) == []
    assert watch.marks() == ()


def test_a_look_back_changes_nothing() -> None:
    watch = MarkWatch(POLICY)
    watch.add(row(2000, range(30)))
    assert states(watch.look(30_000)) == [AlarmState.RAISED]
    assert watch.look(10_000) == []
    (ended,) = watch.look(1e6)
    assert ended.mark.count == 30


def mark(period_mm: float = 2000.0, lane_mm: float = 600.0, class_id: int = 1, **more: float) -> RollMark:
    return RollMark(
        class_id=class_id,
        lane_mm=lane_mm,
        period_mm=period_mm,
        count=9,
        false_alarm_probability=0.001,
        **more,  # type: ignore[arg-type]
    )


@pytest.mark.parametrize(
    ("other", "same"),
    [
        (mark(2009), True),
        (mark(2012), False),
        (mark(2012, period_uncertainty_mm=5.0), True),
        (mark(lane_mm=611), True),
        (mark(lane_mm=613), False),
        (mark(4000), False),
        (mark(class_id=2), False),
    ],
    ids=["near", "another roll", "uncertain", "lane near", "lane apart", "double", "class"],
)
def test_which_reports_tell_of_one_mark(other: RollMark, same: bool) -> None:
    assert same_mark(mark(), other, POLICY) is same
    assert same_mark(other, mark(), POLICY) is same
