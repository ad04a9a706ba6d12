"""What the tracker shows of its lines: open and running coils, starts, verdicts, each coil counted once."""

from __future__ import annotations

from math import isnan

import pytest

from monitoring.tracker_catalogue import MOST_SERIES
from tests.support.coil_line import CoilBroker, TrackerLine
from tests.support.coils import SECOND_NS, STARTED_AT_NS, CoilScript
from tests.support.samples import series

OPEN, RUNNING = "coilwatch_coils_open", "coilwatch_coils_running"
LAST_STARTED = "coilwatch_coils_last_started_timestamp_seconds"
SLACK = "coilwatch_coils_slack_predicted_seconds"
VERDICTS, REPORTS = "coilwatch_coils_first_verdicts_total", "coilwatch_coils_reports_total"
ALARMS = "coilwatch_coils_alarms_total"


@pytest.fixture
def broker() -> CoilBroker:
    return CoilBroker()


@pytest.fixture
def line(broker: CoilBroker) -> TrackerLine:
    return TrackerLine(broker)


def verdicts(line: TrackerLine, line_id: str = "line-1") -> dict[str, float]:
    return {o: line.metric(VERDICTS, line=line_id, outcome=o) for o in ("in_time", "incomplete", "late")}


def test_coils_are_open_and_running_on_their_line(broker: CoilBroker, line: TrackerLine) -> None:
    one, two, headless = (
        CoilScript(coil_id="C1"),
        CoilScript(coil_id="C2", line_id="line-2"),
        CoilScript(coil_id="C4"),
    )
    broker.send(one.started(), one.clean(0), two.started(), headless.clean(0))
    line.run()
    assert [line.metric(OPEN, line=name) for name in ("line-1", "line-2")] == [2, 1]
    assert [line.metric(RUNNING, line=name) for name in ("line-1", "line-2")] == [1, 1]
    broker.send(one.ended(3), two.clean(0), two.ended(1))
    line.run()
    assert [line.metric(OPEN, line=name) for name in ("line-1", "line-2")] == [2, 0]
    assert [line.metric(RUNNING, line=name) for name in ("line-1", "line-2")] == [0, 0]
    assert line.metric(SLACK, line="line-1") > 0
    assert isnan(line.metric(SLACK, line="line-2")), "no open coil"


def test_the_newest_start_of_a_line_stays_when_the_coil_is_gone(
    broker: CoilBroker, line: TrackerLine
) -> None:
    line.clock.now_s = 100.0
    older = CoilScript(coil_id="C1", started_at_ns=STARTED_AT_NS)
    newer = CoilScript(coil_id="C3", started_at_ns=STARTED_AT_NS + 50 * SECOND_NS)
    broker.send(newer.started(), older.started())
    line.run()
    assert line.metric(LAST_STARTED, line="line-1") == STARTED_AT_NS / 1e9 + 50
    broker.send(newer.clean(0), newer.ended(1))
    line.run()
    assert line.metric(OPEN, line="line-1") == 1
    assert line.metric(LAST_STARTED, line="line-1") == STARTED_AT_NS / 1e9 + 50


def test_a_start_that_lies_ahead_waits_for_its_time(broker: CoilBroker, line: TrackerLine) -> None:
    ahead = CoilScript(coil_id="C1", started_at_ns=STARTED_AT_NS + 10 * SECOND_NS)
    broker.send(ahead.started())
    line.run(5)
    assert line.metric(LAST_STARTED, line="line-1") == 0
    line.run(10)
    assert line.metric(LAST_STARTED, line="line-1") == STARTED_AT_NS / 1e9 + 10


def test_a_line_has_its_counters_at_zero_before_its_first_verdict(
    broker: CoilBroker, line: TrackerLine
) -> None:
    broker.send(CoilScript(coil_id="C1").started())
    line.run()
    assert verdicts(line) == {"in_time": 0, "incomplete": 0, "late": 0}
    assert line.metric(REPORTS, line="line-1") == 0
    assert line.metric(ALARMS, line="line-1") == 0


def test_a_first_verdict_in_time_is_counted_once_though_another_follows(
    broker: CoilBroker, line: TrackerLine
) -> None:
    coil = CoilScript(coil_id="C1")
    broker.send(coil.started(), coil.clean(0), coil.ended(2))
    line.run(20)
    broker.send(coil.clean(1))
    line.run(5)
    assert broker.versions() == [("C1", 1), ("C1", 2)]
    assert verdicts(line) == {"in_time": 1, "incomplete": 0, "late": 0}
    assert line.metric(REPORTS, line="line-1", timing="in_time") == 2
    assert line.metric(ALARMS, line="line-1", kind="frames_missing") == 2


def test_a_verdict_at_the_deadline_with_frames_on_their_way_is_incomplete(
    broker: CoilBroker, line: TrackerLine
) -> None:
    coil = CoilScript(coil_id="C1", budget_s=30)
    broker.send(coil.started(), coil.clean(0), coil.ended(100))
    for index in range(1, 40):  # one a second: it never settles
        line.run(1)
        broker.send(coil.clean(index))
    assert broker.reports[0].closed_because == "deadline"
    assert broker.reports[0].in_time
    assert verdicts(line) == {"in_time": 0, "incomplete": 1, "late": 0}


def test_a_verdict_after_the_deadline_is_late(broker: CoilBroker, line: TrackerLine) -> None:
    coil = CoilScript(coil_id="C1", budget_s=10)
    broker.send(coil.started(), coil.clean(0))
    line.run(200, step_s=1.0)
    assert [report.in_time for report in broker.reports] == [False]
    assert verdicts(line) == {"in_time": 0, "incomplete": 0, "late": 1}


def test_neither_coils_nor_lines_raise_the_number_of_series(broker: CoilBroker, line: TrackerLine) -> None:
    """Thousands of coils, each on a line of its own, most of them reported."""
    counts = []
    for number in range(3000):
        coil = CoilScript(coil_id=f"coil-{number}", line_id=f"line-{number}", cameras={f"cam-{number}": 0.0})
        broker.send(coil.started(), coil.clean(0))
        if number % 10:
            broker.send(coil.ended(1))
        if number % 100 == 99:
            line.run(1)
            counts.append(len(series(line.registry)))
    line.run(2)
    assert len(broker.reports) == 2700
    assert counts[-1] == counts[0] <= MOST_SERIES
    assert sum(verdicts(line, "other").values()) > 2600
    assert line.metric(OPEN) == 300
    assert line.metric(LAST_STARTED, line="other") == STARTED_AT_NS / 1e9
