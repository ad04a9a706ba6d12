"""What the source does when the client rebalances, reaches ends, refuses to seek, or fails."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from types import SimpleNamespace
from typing import Any

import pytest
from confluent_kafka import KafkaError, KafkaException, TopicPartition
from prometheus_client import CollectorRegistry

from consumer.coils.kafka.coil_source import KafkaCoilSource, check_counts, same_numbers
from consumer.coils.kafka.end_offsets import EndOffsets
from consumer.coils.ports import TopicsRefused
from consumer.kafka_errors import TopicMissing
from consumer.ports import Fenced
from contracts.topics import CO_PARTITIONED, COIL_EVENTS, DEFECTS, INSPECTIONS
from monitoring.tracker_metrics import TrackerMetrics


class Message:
    """As much of a client's message as the source asks for."""

    def __init__(
        self, topic: str = INSPECTIONS, partition: int = 0, offset: int = 0, error: KafkaError | None = None
    ) -> None:
        self._place = (topic, partition, offset)
        self._error = error

    def error(self) -> KafkaError | None:
        return self._error

    def topic(self) -> str:
        return self._place[0]

    def partition(self) -> int:
        return self._place[1]

    def offset(self) -> int:
        return self._place[2]

    def value(self) -> bytes:
        return b"v"

    def headers(self) -> list[tuple[str, bytes]]:
        return []

    def timestamp(self) -> tuple[int, int]:
        return 1, 1234


def end(topic: str, partition: int, offset: int) -> Message:
    return Message(topic, partition, offset, KafkaError(KafkaError._PARTITION_EOF))


class Client:
    """A consumer whose polls are scripted; a callable among them is called, as librdkafka calls back."""

    def __init__(self) -> None:
        self.polls: deque[Message | Callable[[], None] | None] = deque()
        self.seeks: list[tuple[str, int, int]] = []
        self.seek_fails = False
        self.callbacks: dict[str, Any] = {}

    def subscribe(self, topics: Sequence[str], **callbacks: Any) -> None:
        assert tuple(topics) == CO_PARTITIONED
        self.callbacks = callbacks

    def poll(self, _: float) -> Message | None:
        following = self.polls.popleft() if self.polls else None
        if callable(following):
            following()
            return None
        return following

    def seek(self, place: TopicPartition) -> None:
        if self.seek_fails:
            raise KafkaException(KafkaError(KafkaError._STATE))
        self.seeks.append((place.topic, place.partition, place.offset))


class Admin:
    """Answers where partitions end, when told to."""

    def __init__(self) -> None:
        self.ends: dict[tuple[str, int], int] = {}
        self.futures: dict[TopicPartition, Future[Any]] = {}
        self.asked = self.leaders_asked = 0

    def list_offsets(
        self, requests: Mapping[TopicPartition, Any], **_: Any
    ) -> dict[TopicPartition, Future[Any]]:
        self.asked += 1
        self.futures = {tp: Future() for tp in requests}
        return self.futures

    def list_topics(self, *, timeout: float) -> None:
        self.leaders_asked += 1
        raise KafkaException(KafkaError(KafkaError._TRANSPORT))

    def answer(self) -> None:
        for tp, future in self.futures.items():
            future.set_result(SimpleNamespace(offset=self.ends.get((tp.topic, tp.partition), 0)))

    def fail(self) -> None:
        for future in self.futures.values():
            future.set_exception(KafkaException(KafkaError(KafkaError._TIMED_OUT)))


class Listener:
    def __init__(self) -> None:
        self.heard: list[tuple[str, list[int]]] = []

    def partitions_assigned(self, partitions: Sequence[int]) -> None:
        self.heard.append(("assigned", list(partitions)))

    def partitions_revoked(self, partitions: Sequence[int]) -> None:
        self.heard.append(("revoked", list(partitions)))

    def partitions_lost(self, partitions: Sequence[int]) -> None:
        self.heard.append(("lost", list(partitions)))


@pytest.fixture
def client() -> Client:
    return Client()


@pytest.fixture
def admin() -> Admin:
    return Admin()


@pytest.fixture
def listener() -> Listener:
    return Listener()


@pytest.fixture
def source(client: Client, admin: Admin, listener: Listener) -> KafkaCoilSource:
    made = KafkaCoilSource(
        properties={},
        topics={name: name for name in CO_PARTITIONED},
        admin=admin,
        metrics=TrackerMetrics(CollectorRegistry()),
        connect=lambda _: client,  # type: ignore[arg-type,return-value]
    )
    made.join(listener)
    return made


def places(*numbers: int, but: tuple[str, int] | None = None) -> list[TopicPartition]:
    return [TopicPartition(t, n) for t in CO_PARTITIONED for n in numbers if (t, n) != but]


def assign(client: Client, source: KafkaCoilSource, *numbers: int) -> None:
    client.polls.append(lambda: client.callbacks["on_assign"](None, places(*numbers)))
    assert source.take(10, 0.0) == []


def offsets(source: KafkaCoilSource) -> list[tuple[str, int, int]]:
    return [(*record.place, record.offset) for record in source.take(10, 0.0)]


def test_equal_numbers_of_the_three_topics_are_one_assignment(
    client: Client, source: KafkaCoilSource, listener: Listener
) -> None:
    assign(client, source, 2, 0)
    client.polls.append(lambda: client.callbacks["on_revoke"](None, places(0, 2)))
    source.take(10, 0.0)
    assert listener.heard == [("assigned", [0, 2]), ("revoked", [0, 2])]


def test_numbers_that_were_torn_apart_are_refused(client: Client, source: KafkaCoilSource) -> None:
    torn = places(0, 1, but=(DEFECTS, 1))
    client.polls.append(lambda: client.callbacks["on_assign"](None, torn))
    with pytest.raises(TopicsRefused, match=r"\[0\] of strip.defects.v1.*COILWATCH_COILS_GROUP_ID"):
        source.take(10, 0.0)


def test_no_partition_at_all_is_no_fault() -> None:
    assert same_numbers([], CO_PARTITIONED) == []


def test_records_carry_their_place_and_time(client: Client, source: KafkaCoilSource) -> None:
    assign(client, source, 0)
    client.polls.append(Message(COIL_EVENTS, 0, 7))
    (record,) = source.take(10, 0.0)
    assert (record.place, record.offset, record.at_ns) == ((COIL_EVENTS, 0), 7, 1_234_000_000)


def test_an_end_between_records_does_not_end_a_take(client: Client, source: KafkaCoilSource) -> None:
    assign(client, source, 0)
    client.polls += [Message(INSPECTIONS, 0, 1), end(DEFECTS, 0, 0), Message(INSPECTIONS, 0, 2)]
    assert offsets(source) == [(INSPECTIONS, 0, 1), (INSPECTIONS, 0, 2)]


def test_what_was_taken_of_a_partition_that_goes_in_the_same_turn_is_left_out(
    client: Client, source: KafkaCoilSource
) -> None:
    assign(client, source, 0, 1)
    gone = places(1)
    client.polls += [
        Message(INSPECTIONS, 0, 1),
        Message(INSPECTIONS, 1, 9),
        lambda: client.callbacks["on_lost"](None, gone),
    ]
    assert offsets(source) == [(INSPECTIONS, 0, 1)]
    client.polls.append(Message(INSPECTIONS, 1, 10))
    assert offsets(source) == [], "prefetched before it went"


def test_while_a_seek_is_refused_nothing_of_that_place_is_taken(
    client: Client, source: KafkaCoilSource
) -> None:
    assign(client, source, 0)
    client.seek_fails = True
    source.rewind({(INSPECTIONS, 0): 5})
    client.polls += [Message(INSPECTIONS, 0, 8), Message(DEFECTS, 0, 3)]
    assert offsets(source) == [(DEFECTS, 0, 3)], "5 to 7 would be skipped for ever"
    client.seek_fails = False
    client.polls.append(Message(INSPECTIONS, 0, 5))
    assert offsets(source) == [(INSPECTIONS, 0, 5)]
    assert client.seeks == [(INSPECTIONS, 0, 5)]


def test_it_has_heard_of_all_once_every_place_gave_a_record_or_its_end(
    client: Client, source: KafkaCoilSource
) -> None:
    assign(client, source, 0)
    client.polls += [Message(INSPECTIONS, 0, 4), end(DEFECTS, 0, 0)]
    source.take(10, 0.0)
    assert not source.heard_of_all
    client.polls.append(end(COIL_EVENTS, 0, 3))
    source.take(10, 0.0)
    assert source.heard_of_all
    source.rewind({(INSPECTIONS, 0): 0})
    assert not source.heard_of_all


def test_what_was_committed_before_it_asked_has_been_taken_once_the_ends_are_reached(
    client: Client, admin: Admin, source: KafkaCoilSource
) -> None:
    assign(client, source, 0)
    admin.ends = {(INSPECTIONS, 0): 3}
    client.polls += [Message(INSPECTIONS, 0, 0), end(DEFECTS, 0, 0), end(COIL_EVENTS, 0, 0)]
    source.take(10, 0.0)
    assert source.read_up_to_ns(100) == 0
    admin.answer()
    assert source.read_up_to_ns(200) == 0, "two records are still to come"
    client.polls += [Message(INSPECTIONS, 0, 1), end(INSPECTIONS, 0, 3)]  # 2 marks a transaction's end
    source.take(10, 0.0)
    assert source.read_up_to_ns(300) == 100
    assert (source.read_up_to_ns(400), admin.asked) == (100, 2)
    admin.answer()
    assert source.read_up_to_ns(500) == 400


def test_a_broker_that_does_not_say_where_partitions_end_is_asked_again() -> None:
    admin = Admin()
    ends = EndOffsets(admin, committed=True)
    ends.ask([(INSPECTIONS, 0)])
    admin.fail()
    assert not ends.reached({(INSPECTIONS, 0): 9})
    admin.answer()
    assert ends.reached({(INSPECTIONS, 0): 9})
    assert not ends.reached({}), "nothing is known of it"
    assert (admin.asked, admin.leaders_asked) == (2, 1), "its leaders may have moved"


@pytest.mark.parametrize(
    ("code", "raises"),
    [
        (KafkaError.UNKNOWN_TOPIC_OR_PART, TopicMissing),
        (KafkaError.FENCED_INSTANCE_ID, Fenced),
        (KafkaError.TOPIC_AUTHORIZATION_FAILED, KafkaException),
    ],
)
def test_an_error_that_does_not_pass_ends_the_tracker(
    client: Client, source: KafkaCoilSource, code: int, raises: type[Exception]
) -> None:
    client.polls.append(Message(error=KafkaError(code)))
    with pytest.raises(raises):
        source.take(10, 0.0)


def test_an_error_that_passes_is_said_once(
    client: Client, source: KafkaCoilSource, caplog: pytest.LogCaptureFixture
) -> None:
    client.polls += [Message(error=KafkaError(KafkaError._ALL_BROKERS_DOWN))] * 3
    for _ in range(3):
        assert source.take(10, 0.0) == []
    assert caplog.text.count("broker is away") == 1


@pytest.mark.parametrize(
    ("counts", "raises", "says"),
    [
        ({INSPECTIONS: 8, DEFECTS: 8, COIL_EVENTS: 8}, None, ""),
        ({INSPECTIONS: 8, DEFECTS: 9, COIL_EVENTS: 8}, TopicsRefused, "strip.defects.v1 has 9"),
        ({INSPECTIONS: 8, DEFECTS: 8}, TopicMissing, "strip.coil-events.v1 is not on the broker"),
    ],
    ids=["equal", "unequal", "missing"],
)
def test_counts_are_checked_at_start(
    counts: dict[str, int], raises: type[Exception] | None, says: str
) -> None:
    listed = {n: SimpleNamespace(error=None, partitions=dict.fromkeys(range(c))) for n, c in counts.items()}
    admin: Any = SimpleNamespace(list_topics=lambda timeout: SimpleNamespace(topics=listed))
    if raises is None:
        assert check_counts(admin, CO_PARTITIONED) == 8
        return
    with pytest.raises(raises, match=says):
        check_counts(admin, CO_PARTITIONED)
