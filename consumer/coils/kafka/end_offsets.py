"""Where partitions end, asked without waiting for the answer."""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping
from concurrent.futures import Future
from typing import Any, Protocol

from confluent_kafka import IsolationLevel, KafkaException, TopicPartition
from confluent_kafka.admin import OffsetSpec

log = logging.getLogger(__name__)

Place = tuple[str, int]


class ListsOffsets(Protocol):
    """What is used of `confluent_kafka.admin.AdminClient`."""

    def list_offsets(
        self, requests: Mapping[TopicPartition, Any], *, isolation_level: Any, request_timeout: float
    ) -> dict[TopicPartition, Future[Any]]:
        """One future a partition."""

    def list_topics(self, *, timeout: float) -> Any:
        """Who leads which partition, asked anew."""


class EndOffsets:
    """The ends of some places, as of when `ask` was called.

    `committed`: where the last stable offset is, which an open transaction holds back; else behind everything
    that any writer has begun to write.
    """

    def __init__(self, admin: ListsOffsets, *, committed: bool, request_timeout_s: float = 5.0) -> None:
        self._admin = admin
        self._isolation = IsolationLevel.READ_COMMITTED if committed else IsolationLevel.READ_UNCOMMITTED
        self._request_timeout_s = request_timeout_s
        self._futures: dict[TopicPartition, Future[Any]] = {}
        self._places: tuple[Place, ...] = ()
        self._ends: dict[Place, int] | None = None

    def ask(self, places: Collection[Place]) -> None:
        """Ask for these; what was asked before is forgotten."""
        self._places = tuple(places)
        self._ends = None
        latest = {TopicPartition(*place): OffsetSpec.latest() for place in self._places}
        self._futures = (
            self._admin.list_offsets(
                latest, isolation_level=self._isolation, request_timeout=self._request_timeout_s
            )
            if latest
            else {}
        )

    def reached(self, reached: Mapping[Place, int]) -> bool:
        """Whether all ends are answered and reached; a place that was not heard of has reached nothing."""
        ends = self._answered()
        return ends is not None and all(reached.get(place, -1) >= end for place, end in ends.items())

    def _answered(self) -> dict[Place, int] | None:
        """None until the broker has said all; what it fails to say is asked again."""
        if self._ends is None and all(future.done() for future in self._futures.values()):
            try:
                self._ends = {
                    (tp.topic, tp.partition): future.result().offset for tp, future in self._futures.items()
                }
            except KafkaException as failure:
                log.debug("the broker did not say where partitions end", extra={"why": str(failure)})
                self._learn_leaders()
                self.ask(self._places)
        return self._ends

    def _learn_leaders(self) -> None:
        """librdkafka 2.16 does not ask for new leaders by itself when `list_offsets` fails for an old one.

        After a broker's restart it would fail with FENCED_LEADER_EPOCH for ever. Waits for at most a second.
        """
        try:
            self._admin.list_topics(timeout=1.0)
        except KafkaException as failure:
            log.debug("the broker did not say who leads", extra={"why": str(failure)})
