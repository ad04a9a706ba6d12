"""The worker under more frames than it can segment: what it does, says and promises."""

from __future__ import annotations

from collections import Counter

import pytest

from consumer.deadline_ladder import LadderPolicy
from consumer.ports import Outgoing
from contracts.alarms import AlarmKind, AlarmState
from contracts.results import Fate, Inspection
from contracts.topics import INSPECTIONS, UNSEGMENTED
from tests.support.line import START_NS, CostlyInspector, Line

DEFECTIVE, CLEAN = 255, 0
GATE_S, SEGMENT_S = 0.005, 0.02
"""200 frames/s gate only, 40 in full."""


def line_with(*, frames: int, budget_s: float, defective_each: int = 1, **policy: object) -> Line:
    """All frames are there at the start, in two partitions; the budget counts from then."""
    line = Line(deadline=LadderPolicy(**policy))  # type: ignore[arg-type]
    line.inspector = CostlyInspector(line.clock, gate_s=GATE_S, segment_s=SEGMENT_S)
    line.rebuild()
    for index in range(frames):
        grey = DEFECTIVE if index % defective_each == 0 else CLEAN
        line.send(index, grey, partition=index % 2, deadline_at_ns=START_NS + round(budget_s * 1e9))
    line.worker.join()
    return line


def run_until_done(line: Line, frames: int, *, give_up_s: float = 1000.0) -> float:
    """Seconds until every frame is inspected."""
    until_s = line.clock.now_s + give_up_s
    began_s = line.clock.now_s
    while len(line.sink.on(INSPECTIONS)) < frames:
        line.run(1, pass_s=0.001)
        assert line.clock.now_s < until_s
    took_s = line.clock.now_s - began_s
    line.run(8)
    return took_s


def copies(line: Line) -> list[Outgoing]:
    return line.sink.on(UNSEGMENTED)


def test_overload_steps_down_in_time_and_up_again_and_loses_nothing() -> None:
    """2,000 frames, 50 s of work in full, 10 s gate only, 30 s of budget."""
    line = line_with(frames=2000, budget_s=30)
    took_s = run_until_done(line, 2000)
    assert 10 < took_s < 30
    fates = Counter(i.fate for i in line.sink.inspections)
    assert fates[Fate.DEFECTIVE] > 0
    assert fates[Fate.UNSEGMENTED] > 0
    assert sorted(i.frame_index for i in line.sink.inspections) == list(range(2000))
    steps = [line.metric("coilwatch_rung_steps_total", direction=d) for d in ("down", "up")]
    assert steps == [1, 1]
    assert line.metric("coilwatch_rung") == 0


def test_the_ladder_off_segments_all_of_it_and_is_late() -> None:
    line = line_with(frames=2000, budget_s=30, steps=False)
    assert run_until_done(line, 2000) > 30
    assert {i.fate for i in line.sink.inspections} == {Fate.DEFECTIVE}
    assert copies(line) == []
    assert line.metric("coilwatch_rung_steps_total", direction="down") == 0
    assert [a.state for a in line.sink.alarms] == [AlarmState.RAISED, AlarmState.ENDED], "the risk is told"


def test_enough_time_steps_nowhere() -> None:
    line = line_with(frames=1000, budget_s=60)
    run_until_done(line, 1000)
    assert {i.fate for i in line.sink.inspections} == {Fate.DEFECTIVE}
    assert line.sink.alarms == []


def test_a_deadline_that_was_missed_already_moves_nothing() -> None:
    line = line_with(frames=1000, budget_s=-5)
    run_until_done(line, 1000)
    assert {i.fate for i in line.sink.inspections} == {Fate.DEFECTIVE}
    assert line.sink.alarms == []


def test_the_alarm_is_raised_and_ended_once_for_the_endangered_coil() -> None:
    line = line_with(frames=2000, budget_s=30)
    run_until_done(line, 2000)
    raised, ended = line.sink.alarms
    assert (raised.state, ended.state) == (AlarmState.RAISED, AlarmState.ENDED)
    assert {(a.kind, a.line_id, a.coil_id) for a in (raised, ended)} == {
        (AlarmKind.DEADLINE_AT_RISK, "line-1", "coil-1")
    }
    assert raised.alarm_id == ended.alarm_id
    assert raised.alarm_id.startswith("deadline-")
    assert (ended.raised_at_ns, raised.raised_at_ns) == (raised.raised_at_ns, raised.changed_at_ns)
    assert ended.changed_at_ns > raised.changed_at_ns
    assert "coil-1 has 2" in raised.summary


def test_an_abort_loses_no_alarm_and_tells_it_once() -> None:
    line = line_with(frames=2000, budget_s=30)
    while not line.sink.alarms:
        line.run(1, pass_s=0.001)
        if any(m.topic.endswith("alarms.v1") for m in line.sink.open) and not line.source.rewinds:
            line.sink.abort_next = "coordinator moved"
    assert line.source.rewinds, "the transaction with the alarm was aborted"
    run_until_done(line, 2000)
    assert [a.state for a in line.sink.alarms] == [AlarmState.RAISED, AlarmState.ENDED]
    assert sorted(i.frame_index for i in line.sink.inspections) == list(range(2000))


def test_a_worker_that_stops_ends_its_alarm() -> None:
    line = line_with(frames=2000, budget_s=30)
    while not line.sink.alarms:
        line.run(1, pass_s=0.001)
    line.worker.drain()
    assert [a.state for a in line.sink.alarms] == [AlarmState.RAISED, AlarmState.ENDED]
    assert "its worker stops" in line.sink.alarms[-1].summary


def test_an_alarm_waits_while_the_broker_is_away() -> None:
    line = line_with(frames=2000, budget_s=30)
    while not line.metric("coilwatch_rung"):
        line.run(1, pass_s=0.001)
    line.sink.broker_away = True
    line.run(20)
    line.sink.broker_away = False
    run_until_done(line, 2000)
    assert [a.state for a in line.sink.alarms] == [AlarmState.RAISED, AlarmState.ENDED]


def test_every_unsegmented_frame_is_on_the_work_list_once_with_the_same_words() -> None:
    line = line_with(frames=2000, budget_s=30, defective_each=2, reserve_s=120)
    run_until_done(line, 2000)
    unsegmented = [
        (m.key, m.value, m.headers)
        for m, i in zip(line.sink.on(INSPECTIONS), line.sink.inspections, strict=True)
        if i.fate is Fate.UNSEGMENTED
    ]
    assert unsegmented
    assert [(m.key, m.value, m.headers) for m in copies(line)] == unsegmented


def test_the_gauges_say_when_and_with_how_much_slack() -> None:
    line = line_with(frames=2000, budget_s=300)
    while line.clock.now_s < 1010:
        line.run(1, pass_s=0.001)
    finish_s = line.metric("coilwatch_predicted_verdict_seconds")
    done = len(line.sink.inspections)
    assert finish_s == pytest.approx((2000 - done) / 40, rel=0.05)
    left_s = (START_NS + 300e9 - line.clock.wall_ns()) / 1e9
    assert line.metric("coilwatch_predicted_slack_seconds") == pytest.approx(left_s - finish_s, abs=1.0)


@pytest.mark.parametrize(
    ("budget_s", "slack_s"), [(7_000_000_000.0, 3600.0), (-1e9, 3600.0)], ids=["far", "missed"]
)
def test_the_slack_gauge_stays_within_an_hour(budget_s: float, slack_s: float) -> None:
    line = line_with(frames=10, budget_s=budget_s)
    assert line.metric("coilwatch_predicted_slack_seconds") == 3600.0, "before anything is known"
    line.run(10)
    assert line.metric("coilwatch_predicted_slack_seconds") == slack_s


def test_slack_is_when_the_rung_is_full_and_hardly_a_frame_is_new() -> None:
    line = line_with(frames=2000, budget_s=30)
    assert line.watch is not None
    assert not line.watch.has_slack, "not before it has looked"
    seen = set()
    while len(line.sink.on(INSPECTIONS)) < 2000:
        line.run(1, pass_s=0.001)
        waiting = 2000 - len(line.sink.on(INSPECTIONS))
        if line.watch.has_slack:
            seen.add(waiting)
            assert line.metric("coilwatch_rung") == 0
    line.run(8)
    assert line.watch.has_slack
    assert max(seen, default=0) < 100


def test_no_slack_before_partitions_came_nor_before_what_they_hold_is_known() -> None:
    line = Line(deadline=LadderPolicy())
    assert line.watch is not None
    line.run(10)
    assert not line.watch.has_slack, "without partitions nothing is known of what waits"
    line.worker.join()
    line.run(10)
    assert line.watch.has_slack
    line.source.lose(0)
    for index in range(500):
        line.send(index, DEFECTIVE)
    line.source.assign(0)
    assert not line.watch.has_slack, "what the partition holds is looked at first"
    line.run(1, pass_s=0.001)
    assert not line.watch.has_slack


def test_a_frame_whose_rung_changed_under_way_has_one_fate() -> None:
    line = line_with(frames=2000, budget_s=30)
    run_until_done(line, 2000)
    found: list[Inspection] = line.sink.inspections
    events = {e.frame_index for e in line.sink.defects}
    assert events == {i.frame_index for i in found if i.fate is Fate.DEFECTIVE}
