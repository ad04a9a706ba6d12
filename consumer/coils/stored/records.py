"""Records as they lie in the topics, up to their ends at the time of the call; nothing is committed."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any, Self

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient

from consumer.coils.kafka.end_offsets import EndOffsets
from consumer.coils.kafka.taken import taken_record
from consumer.coils.ports import Place, TakenRecord
from consumer.kafka_errors import PASSING, TopicMissing
from contracts.topics import topic

PATIENCE_S = 30.0
"""Without a record or an end: six times the transaction timeout of our own writers."""

_AT_ONCE = 2_000
_SILENT = logging.Logger("librdkafka", level=logging.CRITICAL)


class StoredUnreadable(Exception):
    """What is stored cannot be read to its end; one sentence that says what to do."""


class StoredTopics:
    """The line's topics on a broker, to be read and nothing else; used in a `with`.

    `properties` are librdkafka's. One read at a time: a second begins where it is told, and ends the first.
    """

    def __init__(
        self,
        properties: Mapping[str, object],
        topic_prefix: str = "",
        *,
        patience_s: float = PATIENCE_S,
        monotonic_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._properties = dict(properties)
        self._prefix = topic_prefix
        self._patience_s = patience_s
        self._monotonic_s = monotonic_s
        self._admin = AdminClient(self._properties, logger=_SILENT)
        self._reader: Any = None
        self._listed: Mapping[str, Any] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._reader is not None:
            self._reader.close()

    def partitions(self, kind: str) -> int:
        """Of a topic of contracts.topics. Raises TopicMissing, StoredUnreadable."""
        if self._listed is None:
            self._listed = self._list()
        name = topic(kind, self._prefix)
        if name not in self._listed or self._listed[name].error is not None:
            raise TopicMissing(name)
        return len(self._listed[name].partitions)

    def read(
        self, kinds: Sequence[str], numbers: Collection[int], keys: Collection[bytes] = ()
    ) -> Iterator[TakenRecord]:
        """Everything that is committed in these partitions of these topics, or only of these keys.

        An open transaction holds back what lies behind it: its end is waited for. Raises TopicMissing,
        StoredUnreadable.
        """
        places = [
            (topic(kind, self._prefix), number)
            for kind in kinds
            for number in numbers
            if number < self.partitions(kind)
        ]
        try:
            if self._reader is None:  # one for all reads: a connection costs more than a small topic
                self._reader = self._connect()
            yield from self._read(self._reader, places, frozenset(keys))
        except KafkaException as failure:
            raise StoredUnreadable(f"Kafka at {self._servers} refuses to be read: {failure}") from failure

    def _connect(self) -> Any:
        own = {
            "group.id": "coilwatch-reads-what-is-stored",
            "enable.auto.commit": "false",
            "enable.auto.offset.store": "false",
            "isolation.level": "read_committed",
            "enable.partition.eof": "true",
        }
        quick = {"fetch.wait.max.ms": 50, "fetch.queue.backoff.ms": 20}
        return Consumer({**quick, **self._properties, **own}, logger=_SILENT)

    def _read(self, reader: Any, places: Sequence[Place], keys: frozenset[bytes]) -> Iterator[TakenRecord]:
        # Not by a read_committed reader's ends: those hide what an open transaction has begun.
        ends = EndOffsets(self._admin, committed=False)
        ends.ask(places)
        reached: dict[Place, int] = {}
        reader.assign([TopicPartition(*place, OFFSET_BEGINNING) for place in places])
        quiet_since_s = self._monotonic_s()
        while not ends.reached(reached):
            messages = reader.consume(_AT_ONCE, 0.02)
            for message in messages:
                place = (message.topic(), message.partition())
                if not _is_end(message):
                    reached[place] = message.offset() + 1
                    if not keys or message.key() in keys:
                        yield taken_record(message, place)
                elif message.offset() > reached.get(place, -1):
                    reached[place] = message.offset()
                    quiet_since_s = self._monotonic_s()
            if any(message.error() is None for message in messages):
                quiet_since_s = self._monotonic_s()
            if self._monotonic_s() - quiet_since_s > self._patience_s:
                raise StoredUnreadable(
                    f"the end of {places[0][0]} was not reached for {self._patience_s:g} s: Kafka at "
                    f"{self._servers} is away, or a transaction stays open; try again"
                )

    def _list(self) -> Mapping[str, Any]:
        try:
            listed: Mapping[str, Any] = self._admin.list_topics(timeout=10.0).topics
        except KafkaException as failure:
            raise StoredUnreadable(
                f"Kafka at {self._servers} does not answer ({failure.args[0].str()}): start it "
                "(python -m local kafka up), or correct --bootstrap-servers"
            ) from failure
        return listed

    @property
    def _servers(self) -> object:
        return self._properties.get("bootstrap.servers")


def _is_end(message: Any) -> bool:
    """A partition's end, or an error that passes. Raises KafkaException of any other."""
    error = message.error()
    if error is None:
        return False
    if error.code() != KafkaError._PARTITION_EOF and error.code() not in PASSING:
        raise KafkaException(error)
    return True
