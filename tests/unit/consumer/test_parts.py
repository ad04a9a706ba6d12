"""The worker's parts that decide something by themselves."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consumer.backpressure import BackPressure
from consumer.flight import Flight, Marks
from consumer.microbatch import BatchPolicy, MicroBatcher, Release
from consumer.offsets import OffsetOrder
from contracts.results import Fate
from tests.support.line import START_NS, header

POLICY = BatchPolicy(max_frames=4, max_wait_s=0.02, urgent_slack_s=5)


def flight(offset: int = 0, *, partition: int = 0, slack_s: float = 300) -> Flight:
    made = Flight(
        topic="t",
        partition=partition,
        offset=offset,
        record=None,
        marks=Marks(taken_s=0.0, taken_at_ns=0),
        weight_bytes=0,
    )
    made.header = header(offset, deadline_at_ns=START_NS + round(slack_s * 1e9))
    return made


@pytest.mark.parametrize(
    ("frames", "now_s", "slack_s", "idle", "draining", "reason"),
    [
        (0, 9.0, 300, True, True, None),
        (1, 0.0, 300, False, False, None),
        (4, 0.0, 300, False, False, Release.FULL),
        (1, 0.02, 300, False, False, Release.MAX_WAIT),
        (1, 0.019, 300, False, False, None),
        (1, 0.0, 300, True, False, Release.IDLE),
        (1, 0.0, 4.9, False, False, Release.SLACK),
        (1, 0.0, -10, False, False, Release.SLACK),
        (1, 0.0, 300, False, True, Release.DRAIN),
    ],
)
def test_a_batch_goes_for_a_reason_or_waits(
    frames: int, now_s: float, slack_s: float, idle: bool, draining: bool, reason: Release | None
) -> None:
    batcher = MicroBatcher(POLICY)
    for offset in range(frames):
        batcher.add(flight(offset, slack_s=slack_s), 0.0)
    batch = batcher.release(now_s, START_NS, idle=idle, draining=draining)
    assert (None if batch is None else batch.reason) == reason
    assert len(batcher) == (frames if batch is None else 0)


def test_the_wait_is_counted_from_the_oldest_that_is_still_there() -> None:
    batcher = MicroBatcher(POLICY)
    batcher.add(flight(0, slack_s=10), 0.0)
    for offset in range(1, 5):
        batcher.add(flight(offset, slack_s=300), 0.015)
    first = batcher.release(0.015, START_NS, idle=False, draining=False)
    assert first is not None
    assert [f.offset for f in first.flights] == [0, 1, 2, 3]
    assert batcher.time_left_s(0.02) == pytest.approx(0.015)


def test_dropped_frames_leave_the_batcher() -> None:
    batcher = MicroBatcher(POLICY)
    kept, gone = flight(0), flight(1)
    batcher.add(gone, 0.0)
    batcher.add(kept, 0.01)
    gone.dropped = True
    batcher.discard_dropped()
    assert (len(batcher), batcher.time_left_s(0.01)) == (1, pytest.approx(0.02))


@given(st.lists(st.tuples(st.integers(0, 3), st.booleans()), max_size=60), st.randoms())
def test_positions_cover_exactly_the_finished_prefix(
    arrivals: list[tuple[int, bool]], random: object
) -> None:
    order = OffsetOrder()
    order.assign(range(4))
    flights: dict[int, list[Flight]] = {p: [] for p in range(4)}
    for partition, finished in arrivals:
        taken = flight(len(flights[partition]), partition=partition)
        order.take(taken)
        flights[partition].append(taken)
        if finished:
            taken.finish(Fate.CLEAN)
    left: list[Flight] = []
    while (popped := order.pop_finished()) is not None:
        left.append(popped)
    for partition, taken_there in flights.items():
        prefix = next((i for i, f in enumerate(taken_there) if not f.finished), len(taken_there))
        assert [f.offset for f in left if f.partition == partition] == list(range(prefix))
        assert order.uncommitted().get(partition, 0) == prefix


def test_an_offset_that_goes_backwards_is_a_bug_and_crashes() -> None:
    order = OffsetOrder()
    order.assign([0])
    order.take(flight(5))
    with pytest.raises(RuntimeError, match="offset 5 came after 5"):
        order.take(flight(5))


def test_offsets_may_have_gaps() -> None:
    order = OffsetOrder()
    order.assign([0])
    for offset in (3, 7):
        taken = flight(offset)
        order.take(taken)
        taken.finish(Fate.CLEAN)
    assert order.pop_finished() is not None
    assert order.uncommitted() == {0: 4}
    assert order.pop_finished() is not None
    assert order.uncommitted() == {0: 8}


def test_back_pressure_has_hysteresis() -> None:
    pressure = BackPressure(high_bytes=100, low_bytes=50)
    seen = []
    for change in (99, 1, -10, -39, -1, 40):
        pressure.add(change)
        seen.append(pressure.holding)
    assert seen == [False, True, True, True, False, False]


def test_back_pressure_refuses_bounds_without_hysteresis() -> None:
    with pytest.raises(ValueError, match="0 < low_bytes < high_bytes"):
        BackPressure(high_bytes=50, low_bytes=50)
