"""Where partitions end, and where the records of a time begin, as the broker says it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from typing import Any, Protocol

from confluent_kafka import IsolationLevel, KafkaException, TopicPartition
from confluent_kafka.admin import OffsetSpec

from station.feed.messages import Place

_REQUEST_TIMEOUT_S = 2.0


class Admin(Protocol):
    """What is used of `confluent_kafka.admin.AdminClient`."""

    def list_offsets(
        self, requests: Mapping[TopicPartition, Any], *, isolation_level: Any, request_timeout: float
    ) -> dict[TopicPartition, Future[Any]]:
        """One future a partition."""

    def list_topics(self, *, timeout: float) -> Any:
        """Topics and who leads them. Raises KafkaException."""


class Answers:
    """Offsets that were asked for. Nothing here waits but `wait`.

    Only what is committed counts: an open transaction holds the end back, and hides what lies behind it.
    """

    def __init__(self, admin: Admin, places: Collection[Place], spec: Any) -> None:
        self._futures: dict[TopicPartition, Future[Any]] = {}
        if places:
            self._futures = admin.list_offsets(
                {TopicPartition(*place): spec for place in places},
                isolation_level=IsolationLevel.READ_COMMITTED,
                request_timeout=_REQUEST_TIMEOUT_S,
            )

    @property
    def done(self) -> bool:
        """Whether all are answered, also by an error."""
        return all(future.done() for future in self._futures.values())

    def wait(self) -> dict[Place, int]:
        """Those that the broker said within its time limit. -1: nothing is as young as the time asked for."""
        return {
            (tp.topic, tp.partition): offset
            for tp, future in self._futures.items()
            if (offset := _offset(future)) is not None
        }


def first_since(admin: Admin, places: Collection[Place], since_ns: int) -> dict[Place, int]:
    """The first offset of each place that is not older than this wall time: its end, when all is older.

    A place without an answer (nobody leads it yet) is left out. The ends are asked BEFORE the times: what is
    written between the two questions is then found by the second.
    """
    ends = Answers(admin, places, OffsetSpec.latest()).wait()
    firsts = Answers(admin, tuple(ends), OffsetSpec.for_timestamp(max(0, since_ns // 1_000_000))).wait()
    return {place: first if first >= 0 else ends[place] for place, first in firsts.items()}


def _offset(future: Future[Any]) -> int | None:
    try:
        offset: int = future.result(_REQUEST_TIMEOUT_S + 1.0).offset
    except (KafkaException, FutureTimeout):
        return None
    return offset
