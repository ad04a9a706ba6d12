"""What is told of roll marks: once each, whatever is restarted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from consumer.coils.alarms.mark_alarms import at_report, of_changes, under_their_alarms_names
from consumer.coils.ledger.state import CoilState
from consumer.coils.marks.policy import MarkPolicy
from consumer.coils.marks.watch import MarkChange
from contracts.alarms import Alarm, AlarmState
from contracts.reports import RollMark
from tests.support.coil_line import CoilBroker, TrackerLine
from tests.support.coils import CoilScript, Spot

RAISED, UPDATED, ENDED = AlarmState.RAISED, AlarmState.UPDATED, AlarmState.ENDED
POLICY = MarkPolicy()


def mark(last_mm: float = 10_000.0, **changes: Any) -> RollMark:
    fields: dict[str, Any] = {
        "class_id": 3,
        "class_name": "scratch",
        "lane_mm": 412.0,
        "period_mm": 1885.0,
        "period_uncertainty_mm": 1.0,
        "count": 7,
        "false_alarm_probability": 1e-6,
        "mark_id": "mark-3-412-1885",
        "last_mm": last_mm,
    }
    return RollMark(**{**fields, **changes})


def change(state: AlarmState, told: RollMark) -> MarkChange:
    return MarkChange(state=state, mark=told, at_mm=told.last_mm or 0.0)


@pytest.fixture
def coil() -> CoilState:
    state = CoilState("C1")
    state.add(CoilScript(coil_id="C1").started(), seen_at_ns=1)
    return state


def tell(coil: CoilState, told: Sequence[Alarm], *changes: MarkChange, now_ns: int = 100) -> list[Alarm]:
    return list(of_changes(coil, changes, told, POLICY, now_ns))


def test_raised_updated_and_ended_are_one_alarm(coil: CoilState) -> None:
    told: list[Alarm] = []
    for number, each in enumerate(
        (change(RAISED, mark(1e4)), change(UPDATED, mark(2e4, count=14)), change(ENDED, mark(2e4, count=14)))
    ):
        told += tell(coil, told[-1:], each, now_ns=100 + number)
    assert [(a.alarm_id, a.state, a.raised_at_ns, a.changed_at_ns) for a in told] == [
        ("mark-3-412-1885", RAISED, 100, 100),
        ("mark-3-412-1885", UPDATED, 100, 101),
        ("mark-3-412-1885", ENDED, 100, 102),
    ]


def test_all_in_one_look_is_told_in_order_at_times_that_differ(coil: CoilState) -> None:
    told = tell(coil, [], change(RAISED, mark()), change(ENDED, mark()))
    assert [(a.state, a.changed_at_ns) for a in told] == [(RAISED, 100), (ENDED, 101)]


@pytest.mark.parametrize(
    ("before", "again", "tells"),
    [
        ([RAISED], change(RAISED, mark(9_000)), []),
        ([RAISED], change(UPDATED, mark(9_000)), []),
        ([RAISED], change(UPDATED, mark(12_000, count=13)), []),
        ([RAISED], change(UPDATED, mark(12_000, count=14)), [UPDATED]),
        ([RAISED], change(UPDATED, mark(12_000, roll="work roll 2")), [UPDATED]),
        ([RAISED], change(RAISED, mark(12_000, count=14, mark_id="mark-3-413-1886", lane_mm=413)), [UPDATED]),
        ([RAISED], change(ENDED, mark()), [ENDED]),
        ([RAISED, ENDED], change(RAISED, mark(9_000)), []),
        ([RAISED, ENDED], change(ENDED, mark()), []),
        ([RAISED, ENDED], change(UPDATED, mark(50_000)), [UPDATED]),
        ([RAISED], change(RAISED, mark(lane_mm=900, mark_id="mark-3-900-1885")), [RAISED]),
        ([], change(ENDED, mark()), []),
        ([], change(UPDATED, mark()), [RAISED]),
    ],
    ids=[
        "seen again",
        "seen again later",
        "goes on",
        "twice the hits",
        "another roll",
        "twice the hits under another name",
        "ends",
        "ended, seen again",
        "ended, ends again",
        "ended, returns",
        "another lane",
        "ends untold",
        "updated untold",
    ],
)
def test_what_a_restarted_watch_sees_again_is_not_told_again(
    coil: CoilState, before: list[AlarmState], again: MarkChange, tells: list[AlarmState]
) -> None:
    told: list[Alarm] = []
    for state in before:
        told = tell(coil, told, change(state, mark(10_000)))
    assert [alarm.state for alarm in tell(coil, told, again)] == tells


def test_the_report_ends_what_is_open_and_tells_what_nobody_had_seen(coil: CoilState) -> None:
    (told,) = tell(coil, [], change(RAISED, mark()))
    final = mark(30_000, period_mm=1885.4, mark_id="mark-3-412-1885x")
    other = mark(lane_mm=100, mark_id="mark-3-100-1885")
    named = under_their_alarms_names([final, other], [told], POLICY)
    assert [each.mark_id for each in named] == ["mark-3-412-1885", "mark-3-100-1885"]
    alarms = list(at_report(coil, named, [told], POLICY, 500))
    assert sorted((a.alarm_id, a.state, a.changed_at_ns) for a in alarms) == [
        ("mark-3-100-1885", ENDED, 501),
        ("mark-3-100-1885", RAISED, 500),
        ("mark-3-412-1885", ENDED, 500),
    ]
    closing = next(a for a in alarms if a.alarm_id == told.alarm_id)
    assert closing.mark is not None
    assert closing.mark.period_mm == 1885.4


def test_a_mark_on_a_running_coil_is_raised_before_its_end_and_once_in_two_lives() -> None:
    broker, coil = CoilBroker(), CoilScript(coil_id="C1", height_px=500)

    def send(first: int, last: int) -> None:
        for index in range(first, last):
            spots = [
                Spot(3, at, at + 5.0, 40.0, 45.0) for at in hits if index * 500 <= at < index * 500 + 495
            ]
            broker.send(*(coil.defective(index, *spots) if spots else [coil.clean(index)]))

    hits = [200.0 + 1885.0 * number for number in range(40)]
    broker.send(coil.started())
    first = TrackerLine(broker)
    for start in range(0, 80, 8):
        send(start, start + 8)
        first.run(1)
    first.run(4)
    (raised,) = [a for a in broker.alarms if a.state is RAISED]
    assert raised.mark is not None
    assert raised.mark.period_mm == pytest.approx(1885, rel=0.005)
    told = len(broker.alarms)
    second = TrackerLine(broker)
    second.run(6)
    assert len(broker.alarms) == told, "its successor sees the same frames again"
    send(80, 150)
    broker.send(coil.ended(150))
    second.run(3)
    (report,) = broker.reports
    assert [m.mark_id for m in report.marks] == [raised.alarm_id]
    states = [a.state for a in broker.alarms if a.alarm_id == raised.alarm_id]
    assert (states[0], states[-1], states.count(RAISED), states.count(ENDED)) == (RAISED, ENDED, 1, 1)
    assert len({(a.alarm_id, a.changed_at_ns) for a in broker.alarms}) == len(broker.alarms)


def test_a_scratch_over_all_frames_is_no_roll_mark() -> None:
    """Each frame shows a piece of it, at exactly one frame's length from the next."""
    broker, coil = CoilBroker(), CoilScript(coil_id="C1", height_px=1000)
    line = TrackerLine(broker)
    broker.send(coil.started())
    for index in range(60):
        broker.send(*coil.defective(index, Spot(3, index * 1000.0, (index + 1) * 1000.0, 40.0, 45.0)))
        line.run(1)
    broker.send(coil.ended(60))
    line.run(3)
    (report,) = broker.reports
    assert (report.defects_total, report.marks, broker.alarms) == (1, (), [])
