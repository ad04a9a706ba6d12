"""A broker for the station's feed: topics that a test fills, with ends, times and moods of their own."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from types import SimpleNamespace
from typing import Any

from confluent_kafka import OFFSET_BEGINNING, KafkaError, KafkaException, TopicPartition

from contracts.codec import encode
from contracts.message_codec import CoilRecord
from contracts.topics import ALARMS, COIL_EVENTS, COIL_REPORTS, DEAD_LETTERS, DEFECTS, FRAMES, INSPECTIONS

READ = (COIL_REPORTS, ALARMS, COIL_EVENTS, INSPECTIONS, DEFECTS, DEAD_LETTERS, FRAMES)


class FakeMessage:
    """What is used of a client's message."""

    def __init__(
        self,
        topic: str,
        partition: int = 0,
        offset: int = 0,
        *,
        key: bytes | None = None,
        value: bytes | None = None,
        headers: list[tuple[str, bytes]] | None = None,
        error: int | None = None,
    ) -> None:
        self._place = (topic, partition, offset)
        self._key, self._value, self._headers = key, value, headers
        self._error = None if error is None else KafkaError(error)

    def error(self) -> KafkaError | None:
        return self._error

    def topic(self) -> str:
        return self._place[0]

    def partition(self) -> int:
        return self._place[1]

    def offset(self) -> int:
        return self._place[2]

    def key(self) -> bytes | None:
        return self._key

    def value(self) -> bytes | None:
        return self._value

    def headers(self) -> list[tuple[str, bytes]] | None:
        return self._headers


class FakeBroker:
    """Consumer and admin in one. `ends` and `firsts`: (topic, partition) -> offset."""

    def __init__(self) -> None:
        self.partitions = dict.fromkeys(READ, 1)
        self.ends: dict[tuple[str, int], int] = {}
        self.firsts: dict[tuple[str, int], int] = {}
        self.leaderless: set[tuple[str, int]] = set()
        self.away = False
        self.slow = False
        self.coming: deque[FakeMessage] = deque()
        self.assigned: dict[tuple[str, int], int] = {}
        self.polls = 0
        self.looks = 0
        self.closed = False
        self.heard: Callable[[KafkaError], None] = lambda _: None
        self._unanswered: list[Callable[[], None]] = []

    def connect(self, heard: Callable[[KafkaError], None]) -> Any:
        self.heard = heard
        return self

    # --- admin ---

    def list_topics(self, *, timeout: float) -> Any:
        self.looks += 1
        if self.away:
            raise KafkaException(KafkaError(KafkaError._TRANSPORT))
        listed = {
            name: SimpleNamespace(error=None, partitions=dict.fromkeys(range(count)))
            for name, count in self.partitions.items()
        }
        return SimpleNamespace(topics=listed)

    def list_offsets(
        self, requests: Mapping[TopicPartition, Any], *, isolation_level: Any, request_timeout: float
    ) -> dict[TopicPartition, Future[Any]]:
        futures = {tp: Future[Any]() for tp in requests}
        for tp, future in futures.items():
            by_time = "timestamp" in vars(requests[tp])
            self._answer(future, (tp.topic, tp.partition), by_time)
        return futures

    def _answer(self, future: Future[Any], place: tuple[str, int], by_time: bool) -> None:
        offset = self.firsts.get(place, -1) if by_time else self.ends.get(place, 0)

        def answer() -> None:
            if self.away or place in self.leaderless:
                future.set_exception(KafkaException(KafkaError(KafkaError._TIMED_OUT)))
            else:
                future.set_result(SimpleNamespace(offset=offset))

        if self.slow:
            self._unanswered.append(answer)
        else:
            answer()

    def answer(self) -> None:
        """What was asked while it was slow."""
        while self._unanswered:
            self._unanswered.pop()()

    # --- consumer ---

    def incremental_assign(self, places: list[TopicPartition]) -> None:
        self.assigned |= {(tp.topic, tp.partition): tp.offset for tp in places}

    def incremental_unassign(self, places: list[TopicPartition]) -> None:
        for tp in places:
            del self.assigned[tp.topic, tp.partition]

    def consume(self, number: int, _: float) -> list[FakeMessage]:
        self.polls += 1
        return [self.coming.popleft() for _ in range(min(number, len(self.coming)))]

    def close(self) -> None:
        self.closed = True

    # --- what a test does ---

    @property
    def from_the_beginning(self) -> set[tuple[str, int]]:
        return {place for place, offset in self.assigned.items() if offset == OFFSET_BEGINNING}

    def write(self, record: CoilRecord, *, partition: int = 0, offset: int = 0) -> None:
        encoded = encode(record)
        self.coming.append(
            FakeMessage(encoded.topic, partition, offset, value=encoded.value, headers=encoded.headers)
        )

    def end_all(self) -> None:
        """Every place that is read has come to its end."""
        self.coming += [FakeMessage(*place, error=KafkaError._PARTITION_EOF) for place in self.assigned]
