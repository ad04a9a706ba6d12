"""What the reading thread makes of a broker: where it begins, what it hands on, what it says of itself."""

from __future__ import annotations

from typing import Any

import pytest
from confluent_kafka import KafkaError

from contracts.codec import dead_letter_headers, encode
from contracts.results import RecordId
from contracts.topics import ALARMS, COIL_EVENTS, COIL_REPORTS, DEAD_LETTERS, DEFECTS, FRAMES, INSPECTIONS
from station.feed.messages import FeedBatch
from station.feed.reader import BATCH_BYTES, LOOK_AGAIN_S, LOOK_EACH_S, Clocks, Reader
from tests.support.feed_broker import FakeBroker, FakeMessage
from tests.support.messages import DEAD_LETTER, MESSAGES

COIL = "C26-000123"


class Time:
    """One clock for both kinds of time, moved by hand."""

    def __init__(self) -> None:
        self.now_s = 1_000.0

    def monotonic_s(self) -> float:
        return self.now_s

    def wall_ns(self) -> int:
        return round(self.now_s * 1e9)


class Taker:
    """The event loop's side, which can be full."""

    def __init__(self) -> None:
        self.batches: list[FeedBatch] = []
        self.full = False

    def offer(self, batch: FeedBatch, wait_s: float) -> bool:
        if not self.full:
            self.batches.append(batch)
        return not self.full

    @property
    def messages(self) -> list[Any]:
        return [message for batch in self.batches for message in batch.messages]


class Line:
    """A reader with everything around it."""

    def __init__(self, broker: FakeBroker) -> None:
        self.broker, self.time, self.taker = broker, Time(), Taker()
        self.reader = Reader(
            connect=broker.connect,
            admin=broker,
            topic_prefix="",
            lookback_s=3600,
            handover=self.taker,
            clocks=Clocks(monotonic_s=self.time.monotonic_s, wall_ns=self.time.wall_ns),
        )
        self.watch, self.lag, self.assignment = self.reader.watched

    def step(self, after_s: float = 0.0) -> None:
        self.time.now_s += after_s
        self.reader.step()

    def inspect(self, partition: int, offset: int) -> None:
        source = RecordId(topic=FRAMES, partition=partition, offset=offset)
        self.broker.write(MESSAGES["inspection-clean"].model_copy(update={"source": source}))


@pytest.fixture
def broker() -> FakeBroker:
    return FakeBroker()


@pytest.fixture
def line(broker: FakeBroker) -> Line:
    return Line(broker)


# --- where it begins ---


def test_reports_and_alarms_are_read_whole_and_the_rest_from_the_lookback(broker: FakeBroker) -> None:
    broker.ends = {(INSPECTIONS, 0): 900, (COIL_EVENTS, 0): 7}
    broker.firsts = {(INSPECTIONS, 0): 400}
    line = Line(broker)
    line.step()
    assert broker.from_the_beginning == {(COIL_REPORTS, 0), (ALARMS, 0)}
    assert broker.assigned[INSPECTIONS, 0] == 400
    assert broker.assigned[COIL_EVENTS, 0] == 7, "nothing is as young: from its end as of before the question"
    assert broker.assigned.keys() == {
        (name, 0) for name in (COIL_REPORTS, ALARMS, INSPECTIONS, COIL_EVENTS, DEFECTS, DEAD_LETTERS)
    }


def test_the_frames_are_never_read(broker: FakeBroker, line: Line) -> None:
    line.step()
    assert all(name != FRAMES for name, _ in broker.assigned)


def test_partitions_that_are_added_are_found(broker: FakeBroker, line: Line) -> None:
    line.step()
    broker.partitions[INSPECTIONS] = 2
    line.step(LOOK_EACH_S / 2)
    assert (INSPECTIONS, 1) not in broker.assigned
    line.step(LOOK_EACH_S / 2)
    assert (INSPECTIONS, 1) in broker.assigned


def test_missing_topics_are_waited_for_and_named(broker: FakeBroker, line: Line) -> None:
    there, broker.partitions = broker.partitions, {ALARMS: 1}
    line.step()
    assert broker.assigned.keys() == {(ALARMS, 0)}
    assert line.watch.state.up
    assert "python -m contracts topics" in line.watch.state.why
    assert COIL_REPORTS in line.watch.state.why
    broker.partitions = there
    line.step(LOOK_AGAIN_S)
    assert len(broker.assigned) == 6
    assert line.watch.state.why == ""


def test_a_partition_that_nobody_leads_holds_no_other_up(broker: FakeBroker, line: Line) -> None:
    broker.partitions[INSPECTIONS] = 2
    broker.leaderless = {(INSPECTIONS, 1)}
    line.step()
    assert (INSPECTIONS, 0) in broker.assigned
    assert (INSPECTIONS, 1) not in broker.assigned
    broker.leaderless = set()
    line.step(LOOK_AGAIN_S)
    assert (INSPECTIONS, 1) in broker.assigned


def test_a_topic_that_was_deleted_is_read_again_when_it_returns(broker: FakeBroker, line: Line) -> None:
    line.step()
    del broker.partitions[COIL_REPORTS]
    line.step(LOOK_EACH_S)
    assert (COIL_REPORTS, 0) not in broker.assigned
    broker.partitions[COIL_REPORTS] = 1
    line.step(LOOK_AGAIN_S)
    assert (COIL_REPORTS, 0) in broker.from_the_beginning


def test_it_has_caught_up_when_the_end_of_everything_was_reached(broker: FakeBroker, line: Line) -> None:
    line.step()
    assert not line.assignment.caught_up
    broker.end_all()
    last = broker.coming.pop()
    line.step()
    assert not line.assignment.caught_up
    broker.coming.append(last)
    line.step()
    assert line.assignment.caught_up


def test_it_has_not_caught_up_while_a_topic_is_missing(broker: FakeBroker, line: Line) -> None:
    reports = broker.partitions.pop(COIL_REPORTS)
    caught_up(line)
    assert not line.assignment.caught_up
    broker.partitions[COIL_REPORTS] = reports
    line.step(LOOK_AGAIN_S)
    broker.end_all()
    line.step()
    assert line.assignment.caught_up


# --- what it hands on ---


def test_messages_are_handed_on_with_where_the_reports_lie(broker: FakeBroker, line: Line) -> None:
    broker.write(MESSAGES["coil-started"])
    broker.write(MESSAGES["coil-report"], partition=3, offset=41)
    broker.write(MESSAGES["coil-report"], partition=3, offset=42)
    line.step()
    assert line.taker.messages == [MESSAGES["coil-started"], *2 * [MESSAGES["coil-report"]]]
    assert line.taker.batches[0].report_places == {COIL: (3, 42)}
    assert line.taker.batches[0].received_at_ns == line.time.wall_ns()


def test_while_the_taker_is_full_nothing_is_polled_and_nothing_lost(broker: FakeBroker, line: Line) -> None:
    line.taker.full = True
    broker.write(MESSAGES["coil-started"])
    line.step()
    polls = broker.polls
    broker.write(MESSAGES["coil-ended"])
    line.step()
    assert broker.polls == polls
    line.taker.full = False
    line.step()
    line.step()
    assert line.taker.messages == [MESSAGES["coil-started"], MESSAGES["coil-ended"]]


def test_large_messages_are_handed_on_in_several_batches(broker: FakeBroker, line: Line) -> None:
    report = MESSAGES["coil-report"].model_copy(update={"notes": ("x" * (BATCH_BYTES // 2),)})
    for offset in range(5):
        broker.write(report, offset=offset)
    line.step()
    line.step()
    line.step()
    assert [len(batch.messages) for batch in line.taker.batches] == [2, 2, 1]


JUNK = [
    FakeMessage(INSPECTIONS, value=b"junk"),
    FakeMessage(ALARMS, value=b"{}", headers=encode(MESSAGES["alarm"]).headers),
    FakeMessage(DEAD_LETTERS, value=b"an image", headers=[("dl_reason", b"\xff")]),
]


@pytest.mark.parametrize("junk", JUNK, ids=["no headers", "no alarm", "no letter"])
def test_what_cannot_be_read_is_counted_and_said_once_in_a_hundred(
    broker: FakeBroker, line: Line, junk: FakeMessage, caplog: pytest.LogCaptureFixture
) -> None:
    broker.coming += [junk] * 101
    broker.write(MESSAGES["coil-started"])
    line.step()
    assert line.reader.unreadable == 101
    assert caplog.text.count("can't be read") == 2
    assert line.taker.messages == [MESSAGES["coil-started"]]


def test_a_tombstone_is_no_fault(broker: FakeBroker, line: Line) -> None:
    broker.coming.append(FakeMessage(COIL_REPORTS, key=COIL.encode()))
    line.step()
    assert line.reader.unreadable == 0
    assert line.taker.batches == []


def test_a_refusal_of_kafka_is_said_once_and_the_reading_goes_on(
    broker: FakeBroker, line: Line, caplog: pytest.LogCaptureFixture
) -> None:
    broker.coming += [FakeMessage(ALARMS, error=KafkaError.TOPIC_AUTHORIZATION_FAILED)] * 2
    broker.write(MESSAGES["coil-started"])
    line.step()
    assert caplog.text.count("refuses to be read") == 1
    assert line.taker.messages == [MESSAGES["coil-started"]]


# --- whether the broker is there ---


def test_a_broker_that_is_away_at_the_start_is_waited_for(broker: FakeBroker, line: Line) -> None:
    broker.away = True
    began_ns = line.time.wall_ns()
    line.step(2.0)
    line.step(2.0)
    assert (line.watch.state.up, line.watch.state.since_ns) == (False, began_ns)
    assert broker.assigned == {}
    broker.away = False
    line.step(LOOK_AGAIN_S)
    assert line.watch.state.up
    assert len(broker.assigned) == 6


def test_it_is_away_since_the_first_error_once_it_does_not_answer(broker: FakeBroker, line: Line) -> None:
    line.step()
    broker.heard(KafkaError(KafkaError._TRANSPORT))
    broke_ns = line.time.wall_ns()
    broker.away = True
    line.step(0.5)
    assert not line.watch.state.up
    assert line.watch.state.since_ns == broke_ns
    assert "transport" in line.watch.state.why
    line.step(5.0)
    assert line.watch.state.since_ns == broke_ns
    broker.away = False
    line.step(LOOK_AGAIN_S)
    assert line.watch.state.up
    assert line.watch.state.since_ns == line.time.wall_ns()


def test_an_error_of_a_broker_that_answers_changes_nothing(broker: FakeBroker, line: Line) -> None:
    line.step()
    before = line.watch.state
    broker.heard(KafkaError(KafkaError._TRANSPORT))
    line.step(0.5)
    assert line.watch.state == before


def test_a_broker_that_is_away_is_asked_no_oftener_than_each_second(broker: FakeBroker, line: Line) -> None:
    line.step()
    broker.away = True
    line.step(LOOK_EACH_S)
    looks = broker.looks
    for _ in range(10):
        broker.heard(KafkaError(KafkaError._TRANSPORT))
        line.step(LOOK_AGAIN_S / 20)
    assert broker.looks == looks


# --- frames that wait ---


def caught_up(line: Line) -> None:
    line.step()
    line.broker.end_all()
    line.step()


def test_frames_wait_between_the_last_inspected_and_the_end(broker: FakeBroker, line: Line) -> None:
    broker.partitions[FRAMES] = 2
    broker.ends = {(FRAMES, 0): 10, (FRAMES, 1): 5}
    broker.firsts = {(FRAMES, 0): 2}
    caught_up(line)
    line.step(1.0)
    line.step()
    assert line.lag.lag.waiting == 8, "what is older than the lookback does not count"
    line.inspect(0, 8)
    line.step(1.0)
    line.step()
    assert line.lag.lag.waiting == 1


def test_nothing_is_said_before_it_has_caught_up(broker: FakeBroker, line: Line) -> None:
    broker.ends, broker.firsts = {(FRAMES, 0): 10}, {(FRAMES, 0): 0}
    line.step()
    line.step(1.0)
    line.step()
    assert line.lag.lag.waiting is None


def test_the_worker_is_down_when_frames_wait_and_none_is_inspected(broker: FakeBroker, line: Line) -> None:
    caught_up(line)
    line.step(3600.0)
    line.step()
    broker.ends = {(FRAMES, 0): 10}
    line.step(1.0)
    line.step()
    assert line.lag.lag.waiting == 10
    assert not line.lag.lag.worker_is_down(line.time.wall_ns()), "they have only just come"
    line.time.now_s += 9.0
    line.inspect(0, 3)
    line.step()
    line.time.now_s += 9.0
    assert not line.lag.lag.worker_is_down(line.time.wall_ns())
    line.time.now_s += 1.0
    assert line.lag.lag.worker_is_down(line.time.wall_ns())
    line.inspect(0, 9)
    line.step()
    line.step(1.0)
    line.step()
    assert (line.lag.lag.waiting, line.lag.lag.stuck_since_ns) == (0, None)


def test_frames_wait_since_they_came_however_often_the_broker_is_asked(
    broker: FakeBroker, line: Line
) -> None:
    broker.ends, broker.firsts = {(FRAMES, 0): 10}, {(FRAMES, 0): 0}
    caught_up(line)
    for _ in range(2):
        line.step(1.0)
        line.step()
    since_ns = line.lag.lag.stuck_since_ns
    for end in range(11, 21):
        broker.ends = {(FRAMES, 0): end}
        line.step(1.0)
        line.step()
    assert line.lag.lag.waiting == 20
    assert line.lag.lag.stuck_since_ns == since_ns
    assert line.lag.lag.worker_is_down(line.time.wall_ns())


def test_a_dead_letter_without_identity_waits_for_nobody(broker: FakeBroker, line: Line) -> None:
    broker.ends, broker.firsts = {(FRAMES, 3): 1202}, {(FRAMES, 3): 1201}
    broker.partitions[FRAMES] = 4
    caught_up(line)
    headers = dead_letter_headers(DEAD_LETTER, [])
    broker.coming.append(FakeMessage(DEAD_LETTERS, value=b"?", headers=headers))  # type: ignore[arg-type]
    line.step()
    line.step(1.0)
    line.step()
    assert line.lag.lag.waiting == 0
    assert line.taker.batches == []


def test_an_inspection_that_came_after_the_question_makes_no_lag(broker: FakeBroker, line: Line) -> None:
    broker.ends = {(FRAMES, 0): 10}
    caught_up(line)
    line.step(1.0)
    broker.slow = True
    line.step(1.0)
    line.step()
    line.inspect(0, 14)
    line.step()
    broker.answer()
    line.step()
    assert line.lag.lag.waiting == 0


def test_a_frames_topic_that_was_made_anew_is_counted_from_its_start(broker: FakeBroker, line: Line) -> None:
    broker.ends = {(FRAMES, 0): 1000}
    caught_up(line)
    line.inspect(0, 999)
    line.step()
    broker.ends = {(FRAMES, 0): 4}
    line.step(1.0)
    line.step()
    assert line.lag.lag.waiting == 4


def test_the_broker_says_no_ends_and_the_topics_are_asked_for_again(broker: FakeBroker, line: Line) -> None:
    caught_up(line)
    broker.leaderless = {(FRAMES, 0)}
    looks = broker.looks
    line.step(1.0)
    line.step()
    line.step(LOOK_AGAIN_S)
    assert broker.looks == looks + 1, "librdkafka learns new leaders by that alone"
