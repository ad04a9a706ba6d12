"""What the source does when the client rebalances, refuses to seek, or fails."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from confluent_kafka import KafkaError, KafkaException, TopicPartition
from prometheus_client import CollectorRegistry

from consumer.kafka_errors import Connection, TopicMissing
from consumer.kafka_source import KafkaSource
from consumer.ports import Fenced
from monitoring.worker_metrics import WorkerMetrics


class Message:
    """As much of a client's message as the source asks for."""

    def __init__(self, partition: int = 0, offset: int = 0, error: KafkaError | None = None) -> None:
        self._place = (partition, offset)
        self._error = error

    def error(self) -> KafkaError | None:
        return self._error

    def topic(self) -> str:
        return "frames"

    def partition(self) -> int:
        return self._place[0]

    def offset(self) -> int:
        return self._place[1]

    def key(self) -> bytes:
        return b"k"

    def value(self) -> bytes:
        return b"v"

    def headers(self) -> list[tuple[str, bytes]]:
        return []


class NamelessHeader(Message):
    def headers(self) -> list[tuple[str, bytes]]:
        raise SystemError("a header's name is not UTF-8")


class Client:
    """A consumer whose polls are scripted; a callable among them is called, as librdkafka calls back."""

    def __init__(self) -> None:
        self.polls: deque[Message | Callable[[], None] | None] = deque()
        self.seeks: list[tuple[int, int]] = []
        self.seek_fails = False
        self.callbacks: dict[str, Any] = {}
        self.owned: list[TopicPartition] = []
        self.ends: dict[int, int] = {}

    def assignment(self) -> list[TopicPartition]:
        return self.owned

    def get_watermark_offsets(self, place: TopicPartition, *, cached: bool) -> tuple[int, int]:
        assert cached, "the owner thread asks no broker"
        return 0, self.ends.get(place.partition, -1001)

    def subscribe(self, _: Sequence[str], **callbacks: Any) -> None:
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
        self.seeks.append((place.partition, place.offset))


class StartsOver:
    """A listener that goes back when partitions are lost, as the worker does."""

    def __init__(self, source: KafkaSource, positions: dict[int, int]) -> None:
        self._source = source
        self._positions = positions

    def partitions_assigned(self, partitions: Sequence[int]) -> None: ...

    def partitions_revoked(self, partitions: Sequence[int]) -> None: ...

    def partitions_lost(self, partitions: Sequence[int]) -> None:
        self._source.rewind(self._positions)


@pytest.fixture
def client() -> Client:
    return Client()


@pytest.fixture
def source(client: Client) -> KafkaSource:
    return KafkaSource(
        properties={},
        topic="frames",
        metrics=WorkerMetrics(CollectorRegistry()),
        connect=lambda _: client,  # type: ignore[arg-type,return-value]
    )


def places(source: KafkaSource) -> list[tuple[int, int]]:
    return [(r.partition, r.offset) for r in source.take(32, 0.0)]


def test_records_taken_before_a_rewind_in_the_same_turn_are_left_out(
    client: Client, source: KafkaSource
) -> None:
    source.join(StartsOver(source, {0: 5}))
    lost = [TopicPartition("frames", 1)]
    client.polls += [Message(0, 5), Message(2, 9), lambda: client.callbacks["on_lost"](None, lost)]
    assert places(source) == [(2, 9)]
    client.polls += [Message(0, 5), Message(0, 6)]
    assert places(source) == [(0, 5), (0, 6)]


def test_while_a_seek_is_refused_nothing_of_that_partition_is_taken(
    client: Client, source: KafkaSource
) -> None:
    client.seek_fails = True
    source.rewind({0: 5})
    client.polls += [Message(0, 8), Message(1, 3)]
    assert places(source) == [(1, 3)], "offsets 5 to 7 would be skipped for ever"
    client.seek_fails = False
    client.polls += [Message(0, 5)]
    assert places(source) == [(0, 5)]
    assert client.seeks == [(0, 5)]


def test_a_header_name_that_is_not_utf8_is_no_crash(client: Client, source: KafkaSource) -> None:
    client.polls += [NamelessHeader(0, 1)]
    (record,) = source.take(32, 0.0)
    assert (record.headers, record.headers_readable) == (None, False)


@pytest.mark.parametrize(
    ("code", "raises"),
    [
        (KafkaError.UNKNOWN_TOPIC_OR_PART, TopicMissing),
        (KafkaError.FENCED_INSTANCE_ID, Fenced),
        (KafkaError.TOPIC_AUTHORIZATION_FAILED, KafkaException),
    ],
)
def test_an_error_that_does_not_pass_ends_the_worker(
    client: Client, source: KafkaSource, code: int, raises: type[Exception]
) -> None:
    client.polls += [Message(error=KafkaError(code))]
    with pytest.raises(raises):
        source.take(32, 0.0)


def test_an_error_that_passes_is_said_once(
    client: Client, source: KafkaSource, caplog: pytest.LogCaptureFixture
) -> None:
    client.polls += [Message(error=KafkaError(KafkaError._ALL_BROKERS_DOWN))] * 3
    for _ in range(3):
        assert source.take(32, 0.0) == []
    assert caplog.text.count("broker is away") == 1


def test_a_second_connection_of_the_process_leaves_the_telling_to_the_first(
    caplog: pytest.LogCaptureFixture,
) -> None:
    registry = CollectorRegistry()
    connection = Connection(WorkerMetrics(registry).broker_up, tells=False)
    connection.troubled(KafkaError(KafkaError._ALL_BROKERS_DOWN))
    assert registry.get_sample_value("coilwatch_broker_up") == 0
    connection.up()
    assert registry.get_sample_value("coilwatch_broker_up") == 1
    assert caplog.text == ""


def statistics(**next_offsets: int) -> str:
    partitions = {
        name.removeprefix("p"): {"ls_offset": 100, "next_offset": at} for name, at in next_offsets.items()
    }
    return json.dumps({"brokers": {}, "topics": {"frames": {"partitions": partitions}}})


class TestBacklog:
    def test_is_what_lies_between_the_taken_and_the_end(self, client: Client, source: KafkaSource) -> None:
        client.owned = [TopicPartition("frames", 0), TopicPartition("frames", 1)]
        client.ends = {0: 100, 1: 50}
        client.polls += [Message(0, 9), Message(1, 49)]
        source.take(32, 0.0)
        assert source.backlog() == 90
        source.rewind({0: 5})
        assert source.backlog() == 95

    def test_is_nothing_without_partitions(self, source: KafkaSource) -> None:
        assert source.backlog() == 0

    def test_is_not_known_before_a_partition_was_fetched(self, client: Client, source: KafkaSource) -> None:
        client.owned = [TopicPartition("frames", 0), TopicPartition("frames", 1)]
        client.ends = {0: 100}
        client.polls += [Message(0, 9)]
        source.take(32, 0.0)
        assert source.backlog() is None

    def test_where_nothing_was_taken_yet_statistics_stand_in(
        self, client: Client, source: KafkaSource
    ) -> None:
        client.owned = [TopicPartition("frames", 0)]
        client.ends = {0: 100}
        assert source.backlog() is None
        source._statistics(statistics(p0=100))
        assert source.backlog() == 0

    def test_a_partition_that_comes_back_begins_anew(self, client: Client, source: KafkaSource) -> None:
        source.join(StartsOver(source, {}))
        client.owned = [TopicPartition("frames", 0)]
        client.ends = {0: 100}
        client.polls += [Message(0, 9), lambda: client.callbacks["on_revoke"](None, client.owned)]
        source.take(32, 0.0)
        assert source.backlog() is None
