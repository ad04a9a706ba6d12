"""One record by its place, whenever somebody asks for it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from threading import Lock

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from contracts.identity import MAX_TIME_NS
from station.feed.properties import fetch_properties
from station.feed.records import Fetched, Gone, NotInTime, headers_of

WITHIN_S = 3.0

_NOT_THERE = frozenset(
    {
        KafkaError._PARTITION_EOF,
        KafkaError._AUTO_OFFSET_RESET,
        KafkaError.OFFSET_OUT_OF_RANGE,
        KafkaError._UNKNOWN_PARTITION,
        KafkaError._UNKNOWN_TOPIC,
        KafkaError.UNKNOWN_TOPIC_OR_PART,
    }
)
_NO_LONGER = "Kafka keeps it no longer: retention or compaction removed it"
_NEVER = "there is no such record"


class RecordFetcher:
    """Fetches from one topic, one record at a time, from any thread. It connects when first asked."""

    def __init__(
        self,
        properties: Mapping[str, str],
        topic: str,
        *,
        within_s: float = WITHIN_S,
        connect: Callable[[dict[str, object]], Consumer] = Consumer,
        monotonic_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._properties = properties
        self._topic = topic
        self._within_s = within_s
        self._connect = connect
        self._monotonic_s = monotonic_s
        self._lock = Lock()
        self._consumer: Consumer | None = None
        self._partitions = 0
        self._closed = False

    def fetch(self, partition: int, offset: int) -> Fetched | Gone:
        """Waits for its turn and for Kafka, `within_s` together. Raises NotInTime."""
        if not (0 <= partition < 2**31 and 0 <= offset <= MAX_TIME_NS):
            return Gone(why=_NEVER)
        until_s = self._monotonic_s() + self._within_s
        if not self._lock.acquire(timeout=self._within_s):
            raise NotInTime(f"too many ask at once: no turn within {self._within_s:g} s")
        try:
            return self._fetch(TopicPartition(self._topic, partition, offset), until_s)
        finally:
            self._lock.release()

    def close(self) -> None:
        """Let go; whoever asks later is told NotInTime."""
        with self._lock:
            self._closed = True
            if self._consumer is not None:
                self._consumer.close()
                self._consumer = None

    def _fetch(self, place: TopicPartition, until_s: float) -> Fetched | Gone:
        if self._closed:
            raise NotInTime("the station is stopping")
        if self._consumer is None:
            self._consumer = self._connect(fetch_properties(self._properties))
        try:
            if not self._is_there(self._consumer, place.partition, until_s):
                return Gone(why=_NEVER)
            return self._await(self._consumer, place, until_s)
        except KafkaException as failure:
            raise NotInTime(f"Kafka does not give it: {failure.args[0].str()}") from failure

    def _is_there(self, consumer: Consumer, partition: int, until_s: float) -> bool:
        """Whether there is such a partition: librdkafka would look for it until our time is over."""
        if partition >= self._partitions:
            left_s = max(0.1, until_s - self._monotonic_s())
            listed = consumer.list_topics(self._topic, timeout=left_s).topics[self._topic]
            self._partitions = 0 if listed.error is not None else len(listed.partitions)
        return partition < self._partitions

    def _await(self, consumer: Consumer, place: TopicPartition, until_s: float) -> Fetched | Gone:
        consumer.assign([place])
        try:
            while (left_s := until_s - self._monotonic_s()) > 0:
                message = consumer.poll(left_s)
                if message is not None and (answer := _answer(message, place)) is not None:
                    return answer
        finally:
            consumer.unassign()  # nothing is fetched ahead for nobody
        raise NotInTime(f"Kafka did not answer within {self._within_s:g} s")


def _answer(message: Message, place: TopicPartition) -> Fetched | Gone | None:
    """None: it says nothing of this record, as an error that passes does."""
    if (message.topic(), message.partition()) != (place.topic, place.partition):
        return None
    error = message.error()
    if error is not None:
        return Gone(why=_missing(error)) if error.code() in _NOT_THERE else None
    if message.offset() < place.offset:
        return None
    if message.offset() > place.offset:
        return Gone(why=_NO_LONGER)
    return Fetched(key=message.key(), value=message.value(), headers=headers_of(message))


def _missing(error: KafkaError) -> str:
    out_of_range = (KafkaError._AUTO_OFFSET_RESET, KafkaError.OFFSET_OUT_OF_RANGE)
    return _NO_LONGER if error.code() in out_of_range else _NEVER
