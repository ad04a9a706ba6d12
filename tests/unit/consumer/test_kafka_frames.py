"""Reading single frames again: from their places, with small gaps read over and large ones jumped."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence

import pytest
from confluent_kafka import KafkaError, KafkaException, TopicPartition

from consumer.kafka_frames import SMALL_GAP, KafkaFrameReader
from contracts.results import RecordId


class Message:
    """As much of a client's message as the reader asks for."""

    def __init__(self, partition: int, offset: int, error: KafkaError | None = None) -> None:
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
        return f"{self._place[0]}/{self._place[1]}".encode()

    def headers(self) -> list[tuple[str, bytes]]:
        return []


class Log:
    """A consumer over partitions in memory, each with the offsets that it still has; says where it ends."""

    def __init__(self, offsets: dict[int, list[int]]) -> None:
        self.offsets = offsets
        self.at: dict[int, int] = {}
        self.ended: set[int] = set()
        self.polls = 0
        self.seeks: list[tuple[int, int]] = []
        self.assigned: list[list[tuple[int, int]]] = []
        self.errors: deque[KafkaError] = deque()
        self.closed = False

    def assign(self, places: Sequence[TopicPartition]) -> None:
        self.at = {place.partition: place.offset for place in places}
        self.ended.clear()
        self.assigned.append([(place.partition, place.offset) for place in places])

    def seek(self, place: TopicPartition) -> None:
        self.seeks.append((place.partition, place.offset))
        self.at[place.partition] = place.offset

    def poll(self, timeout_s: float) -> Message | None:
        assert timeout_s == 0.0, "the owner thread never waits for a frame"
        self.polls += 1
        if self.errors:
            return Message(-1, -1, self.errors.popleft())
        return next(self._messages(), None)

    def close(self) -> None:
        self.closed = True

    def _messages(self) -> Iterator[Message]:
        for partition, at in self.at.items():
            if partition in self.ended:
                continue
            there = [offset for offset in self.offsets.get(partition, []) if offset >= at]
            if there:
                self.at[partition] = there[0] + 1
                yield Message(partition, there[0])
            else:
                self.ended.add(partition)
                yield Message(partition, at, KafkaError(KafkaError._PARTITION_EOF))


def places(*where: tuple[int, int]) -> list[RecordId]:
    return [RecordId(topic="frames", partition=partition, offset=offset) for partition, offset in where]


def reader_of(log: Log) -> KafkaFrameReader:
    return KafkaFrameReader({"bootstrap.servers": "b", "group.instance.id": "w1"}, connect=lambda _: log)  # type: ignore[arg-type,return-value]


def found(reader: KafkaFrameReader) -> dict[tuple[int, int], bytes | None]:
    return {
        (place.partition, place.offset): None if frame is None else frame.value
        for place, frame in reader.answers().items()
    }


def test_gives_exactly_what_was_asked_for_from_all_partitions() -> None:
    log = Log({0: list(range(100)), 1: list(range(100))})
    reader = reader_of(log)
    reader.ask(places((1, 9), (0, 3), (0, 5), (1, 7)))
    assert log.assigned == [[(0, 3), (1, 7)]]
    assert found(reader) == {(0, 3): b"0/3", (0, 5): b"0/5", (1, 7): b"1/7", (1, 9): b"1/9"}
    polls = log.polls
    assert found(reader) == {}
    assert log.polls == polls


@pytest.mark.parametrize(("gap", "seeks"), [(1, []), (SMALL_GAP, []), (SMALL_GAP + 1, [(0, SMALL_GAP + 4)])])
def test_a_small_gap_is_read_over_and_a_large_one_jumped(gap: int, seeks: list[tuple[int, int]]) -> None:
    log = Log({0: list(range(100))})
    reader = reader_of(log)
    second = 2 + 1 + gap
    reader.ask(places((0, 2), (0, second)))
    assert found(reader) == {(0, 2): b"0/2", (0, second): f"0/{second}".encode()}
    assert log.seeks == seeks


def test_the_same_partition_can_be_asked_again() -> None:
    log = Log({0: list(range(100))})
    reader = reader_of(log)
    for offset in (3, 50, 4):
        reader.ask(places((0, offset)))
        assert found(reader) == {(0, offset): f"0/{offset}".encode()}


@pytest.mark.parametrize(
    ("offsets", "gone"),
    [([8, 9, 10], [3, 5]), ([5, 8, 9], [3]), ([3, 5], [8]), ([], [3, 5, 8])],
    ids=["the log begins behind them", "behind the first", "the log ends before it", "an empty log"],
)
def test_what_was_deleted_is_said_to_be_gone(offsets: list[int], gone: list[int]) -> None:
    reader = reader_of(Log({0: offsets}))
    reader.ask(places((0, 3), (0, 5), (0, 8)))
    assert {offset for (_, offset), value in found(reader).items() if value is None} == set(gone)


def test_asking_again_forgets_what_was_asked_before() -> None:
    reader = reader_of(Log({0: list(range(100))}))
    reader.ask(places((0, 3), (0, 90)))
    reader.ask(places((0, 7)))
    assert found(reader) == {(0, 7): b"0/7"}


def test_a_broker_that_is_away_is_waited_for() -> None:
    log = Log({0: list(range(10))})
    reader = reader_of(log)
    reader.ask(places((0, 3)))
    log.errors += [KafkaError(KafkaError._ALL_BROKERS_DOWN)] * 3
    assert found(reader) == {(0, 3): b"0/3"}


def test_any_other_error_ends_it() -> None:
    log = Log({0: list(range(10))})
    reader = reader_of(log)
    reader.ask(places((0, 3)))
    log.errors.append(KafkaError(KafkaError.TOPIC_AUTHORIZATION_FAILED))
    with pytest.raises(KafkaException):
        reader.answers()


def test_it_is_no_member_of_the_group() -> None:
    seen: list[dict[str, object]] = []
    log = Log({})

    def connect(properties: dict[str, object]) -> Log:
        seen.append(properties)
        return log

    given = {"bootstrap.servers": "b", "group.instance.id": "w1", "group.protocol": "consumer"}
    reader = KafkaFrameReader(given, connect=connect)  # type: ignore[arg-type]
    reader.close()
    assert log.closed
    assert not seen[0].keys() & {"group.instance.id", "group.protocol"}
    assert (seen[0]["bootstrap.servers"], seen[0]["enable.auto.commit"]) == ("b", "false")
