"""What is predicted from frames, commits and clocks."""

from __future__ import annotations

from typing import Any

import pytest

from consumer.flight import Flight, Marks
from consumer.forecast import FORGET_S, CoilsInSight, Forecast, RateMeter
from consumer.ladder import Rung
from consumer.ports import Clocks
from contracts.results import Fate
from tests.support.line import START_NS, Clock, header

FULL, GATE_ONLY = Rung.FULL, Rung.GATE_ONLY


def flight(frame_index: int = 0, *, finished: bool = False, **changes: Any) -> Flight:
    made = Flight(
        topic="t",
        partition=0,
        offset=frame_index,
        record=None,
        marks=Marks(taken_s=0.0, taken_at_ns=0),
        weight_bytes=0,
    )
    made.header = header(frame_index, **changes)
    made.fate = Fate.CLEAN if finished else None
    return made


class TestRateMeter:
    def test_counts_from_commit_to_commit(self) -> None:
        meter = RateMeter()
        meter.committed(500, 10.0, FULL)  # what came before the first commit took who knows how long
        assert meter.rate(FULL) is None
        meter.committed(40, 10.5, FULL)
        assert meter.rate(FULL) is None, "half a second says little"
        meter.committed(60, 11.0, FULL)
        assert meter.rate(FULL) == pytest.approx(100.0)

    def test_forgets_what_is_old(self) -> None:
        meter = RateMeter()
        for second in range(30):
            meter.committed(100 if second < 15 else 50, float(second), FULL)
        assert meter.rate(FULL) == pytest.approx(50.0)

    def test_a_pause_of_the_broker_is_no_rate(self) -> None:
        meter = RateMeter()
        for second in range(5):
            meter.committed(100, float(second), FULL)
        meter.committed(100, 60.0, FULL)
        assert meter.rate(FULL) == pytest.approx(100.0)

    def test_a_wait_for_frames_is_no_rate(self) -> None:
        meter = RateMeter()
        for second in range(5):
            meter.committed(100, float(second), FULL)
        for second in range(5, 20):
            meter.interrupted()
            meter.committed(3, float(second), FULL)
        assert meter.rate(FULL) == pytest.approx(100.0)

    def test_each_rung_has_its_own(self) -> None:
        meter = RateMeter()
        for second in range(3):
            meter.committed(100, float(second), FULL)
        for second in range(3, 6):
            meter.committed(400, float(second), GATE_ONLY)
        assert (meter.rate(FULL), meter.rate(GATE_ONLY)) == (pytest.approx(100.0), pytest.approx(400.0))


class TestCoilsInSight:
    def test_the_earliest_deadline_to_come_counts(self) -> None:
        coils = CoilsInSight()
        for coil, left_s in (("late", -1), ("urgent", 10), ("calm", 100)):
            deadline = START_NS + left_s * 1_000_000_000
            coils.see(header(0, coil_id=coil, deadline_at_ns=deadline), 0.0)
        found = [coils.most_urgent(0.0, START_NS + s * 1_000_000_000) for s in (0, 11, 101)]
        assert [coil and coil.coil_id for coil in found] == ["urgent", "calm", None]

    def test_a_coil_that_is_gone_is_forgotten(self) -> None:
        coils = CoilsInSight()
        coils.see(header(0), 100.0)
        assert coils.most_urgent(100.0 + FORGET_S, START_NS) is not None
        assert coils.most_urgent(100.1 + FORGET_S, START_NS) is None

    def test_the_budget_is_what_its_first_frames_had(self) -> None:
        coils = CoilsInSight()
        for seconds in (5, 1, 200):
            coils.see(header(0, exposed_at_ns=START_NS + seconds * 1_000_000_000), 0.0)
        coil = coils.most_urgent(0.0, START_NS)
        assert coil is not None
        assert coil.budget_s == 299.0


class TestForecast:
    @pytest.fixture
    def clock(self) -> Clock:
        return Clock()

    @pytest.fixture
    def forecast(self, clock: Clock) -> Forecast:
        return Forecast(Clocks(monotonic_s=clock.monotonic_s, wall_ns=clock.wall_ns))

    def test_everything_outstanding_counts_against_the_earliest_deadline(
        self, clock: Clock, forecast: Forecast
    ) -> None:
        for _ in range(3):
            forecast.committed(100, FULL)
            clock.pass_s(1.0)
        seen = forecast.look(backlog=900, in_flight=100, flights=[flight()], rung=FULL)
        assert (seen.outstanding, seen.rate, seen.finish_s) == (1000, 100.0, 10.0)
        assert (seen.left_s, seen.slack_s) == (297.0, 287.0)

    def test_a_rung_not_measured_yet_is_as_fast_as_the_one_above(
        self, clock: Clock, forecast: Forecast
    ) -> None:
        for _ in range(3):
            forecast.committed(100, FULL)
            clock.pass_s(1.0)
        seen = forecast.look(backlog=900, in_flight=100, flights=[flight()], rung=GATE_ONLY)
        assert (seen.rate, seen.full_rate) == (100.0, 100.0)

    @pytest.mark.parametrize(("backlog", "finish_s"), [(None, None), (500, None), (0, 0.0)])
    def test_says_nothing_that_it_does_not_know(
        self, forecast: Forecast, backlog: int | None, finish_s: float | None
    ) -> None:
        seen = forecast.look(backlog=backlog, in_flight=0, flights=[], rung=FULL)
        assert (seen.finish_s, seen.left_s, seen.slack_s) == (finish_s, None, None)

    def test_a_slow_line_lowers_no_rate(self, clock: Clock, forecast: Forecast) -> None:
        for _ in range(3):
            forecast.committed(100, FULL)
            clock.pass_s(1.0)
        for _ in range(20):
            finished = [flight(i, finished=True) for i in range(100)]
            forecast.look(backlog=3, in_flight=100, flights=finished, rung=FULL)
            forecast.committed(5, FULL)
            clock.pass_s(0.5)
        assert forecast.look(backlog=3, in_flight=3, flights=[], rung=FULL).rate == 100.0

    def test_what_was_taken_counts_as_work_too(self, clock: Clock, forecast: Forecast) -> None:
        """A worker with much memory takes all there is: nothing waits in Kafka, and it is busy still."""
        for _ in range(5):
            forecast.look(backlog=0, in_flight=100, flights=[flight(i) for i in range(100)], rung=FULL)
            forecast.committed(20, FULL)
            clock.pass_s(1.0)
        assert forecast.look(backlog=0, in_flight=0, flights=[], rung=FULL).rate == 20.0
