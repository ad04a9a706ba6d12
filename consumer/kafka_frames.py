"""`FrameReader` on a broker: a consumer without a group's partitions, put where the frames lie."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from consumer.kafka_errors import PASSING
from consumer.kafka_source import read_record
from consumer.ports import Record
from contracts.results import RecordId

SMALL_GAP = 16
"""Records that are read and thrown away rather than to seek, which throws away what was fetched."""
POLLS = 256
"""Of one `answers` call: some ms of the owner thread at the most."""
OWN_PROPERTIES: Mapping[str, object] = {
    "enable.auto.commit": "false",
    "auto.offset.reset": "earliest",
    "enable.partition.eof": "true",
    "queued.max.messages.kbytes": 8192,
    "fetch.message.max.bytes": 1024 * 1024,
    "fetch.wait.max.ms": 10,  # a partition that is done must not hold up the answer for the next one
}
_NOT_OURS = ("group.instance.id", "group.protocol", "partition.assignment.strategy")

_NOTHING_MORE = frozenset(
    {
        KafkaError._PARTITION_EOF,
        KafkaError._UNKNOWN_PARTITION,
        KafkaError._UNKNOWN_TOPIC,
        KafkaError.UNKNOWN_TOPIC_OR_PART,
    }
)

_Where = tuple[str, int]


class KafkaFrameReader:
    """Fetches from all partitions asked for at once; those that are done stand still."""

    def __init__(
        self,
        properties: Mapping[str, object],
        connect: Callable[[dict[str, object]], Consumer] = Consumer,
    ) -> None:
        own = {name: value for name, value in properties.items() if name not in _NOT_OURS}
        self._consumer = connect({**own, **OWN_PROPERTIES})
        self._wanted: dict[_Where, deque[RecordId]] = {}
        self._next: dict[_Where, int] = {}

    def ask(self, places: Sequence[RecordId]) -> None:
        """Begin to fetch these, and forget what was asked before."""
        self._wanted = {}
        for place in sorted(places, key=lambda one: (one.topic, one.partition, one.offset)):
            self._wanted.setdefault((place.topic, place.partition), deque()).append(place)
        begin = [TopicPartition(*where, wanted[0].offset) for where, wanted in self._wanted.items()]
        self._consumer.assign(begin)
        self._next = {where: wanted[0].offset for where, wanted in self._wanted.items()}

    def answers(self) -> dict[RecordId, Record | None]:
        """What came since the last call; None: that frame is gone. Raises KafkaException."""
        found: dict[RecordId, Record | None] = {}
        for _ in range(POLLS):
            message = self._consumer.poll(0.0) if self._wanted else None
            if message is None:
                break
            if message.error() is not None:
                self._failed(message, found)
            else:
                self._came(message, found)
        return found

    def close(self) -> None:
        """Let go."""
        self._consumer.close()

    def _came(self, message: Message, found: dict[RecordId, Record | None]) -> None:
        where = (message.topic(), message.partition())
        wanted = self._wanted.get(where)
        if wanted is None or message.offset() < self._next[where]:
            return
        self._next[where] = message.offset() + 1
        while wanted and wanted[0].offset < message.offset():
            found[wanted.popleft()] = None  # deleted: the log begins, or goes on, behind it
        if wanted and wanted[0].offset == message.offset():
            found[wanted.popleft()] = read_record(message)
        self._go_on(where)

    def _go_on(self, where: _Where) -> None:
        wanted = self._wanted[where]
        if not wanted:
            del self._wanted[where], self._next[where]
        elif wanted[0].offset - self._next[where] > SMALL_GAP:
            self._consumer.seek(TopicPartition(*where, wanted[0].offset))
            self._next[where] = wanted[0].offset

    def _failed(self, message: Message, found: dict[RecordId, Record | None]) -> None:
        """At a partition's end, and where there is no partition, what is still wanted will never come."""
        code, where = message.error().code(), (message.topic(), message.partition())
        if code in _NOTHING_MORE:
            gone = self._wanted.pop(where, deque())
            found.update(dict.fromkeys(gone))
            self._next.pop(where, None)
        elif code not in PASSING:
            raise KafkaException(message.error())
