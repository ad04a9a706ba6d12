"""All of a topic up to its end, as a downstream system would read it."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass

from confluent_kafka import (
    OFFSET_BEGINNING,
    Consumer,
    IsolationLevel,
    KafkaError,
    KafkaException,
    Message,
    TopicPartition,
)
from confluent_kafka.admin import AdminClient, OffsetSpec

from contracts.codec import decode
from contracts.results import DefectEvent, Inspection
from contracts.topics import DEFECTS, INSPECTIONS, topic

_SILENT = logging.Logger("librdkafka", level=logging.CRITICAL)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadRecord:
    """One record as it lies in Kafka."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: list[tuple[str, bytes | None]]
    timestamp_ms: int


class EndNotReached(AssertionError):
    """A transaction stays open, or the broker does not answer."""


def read_to_end(
    bootstrap_servers: str, name: str, *, isolation: str = "read_committed", within_s: float = 30.0
) -> list[ReadRecord]:
    """Everything in the topic `name` up to the end offsets at the time of the call, in order by partition.

    Under `read_committed` an open transaction holds the reader back: it waits for its end, up to `within_s`.
    """
    reader = Consumer(
        {
            "bootstrap.servers": bootstrap_servers,
            "group.id": "never-commits",
            "enable.auto.commit": "false",
            "isolation.level": isolation,
            "enable.partition.eof": "true",
            "fetch.wait.max.ms": 50,
            "fetch.queue.backoff.ms": 20,
        }
    )
    try:
        return _read(reader, name, _ends(bootstrap_servers, name), within_s)
    finally:
        reader.close()


def inspections(bootstrap_servers: str, prefix: str = "", *, within_s: float = 30.0) -> list[Inspection]:
    """Every committed inspection."""
    found = _decoded(bootstrap_servers, topic(INSPECTIONS, prefix), within_s)
    return [message for message in found if isinstance(message, Inspection)]


def defect_events(bootstrap_servers: str, prefix: str = "", *, within_s: float = 30.0) -> list[DefectEvent]:
    """Every committed defect event."""
    found = _decoded(bootstrap_servers, topic(DEFECTS, prefix), within_s)
    return [message for message in found if isinstance(message, DefectEvent)]


def _decoded(bootstrap_servers: str, name: str, within_s: float) -> list[object]:
    return [decode(r.headers, r.value) for r in read_to_end(bootstrap_servers, name, within_s=within_s)]


def _ends(bootstrap_servers: str, name: str) -> dict[int, int]:
    """Partition -> end offset, of those that hold anything, open transactions included.

    Not a read_committed consumer's watermark: that is the last STABLE offset, and hides what is unfinished.
    """
    admin = AdminClient({"bootstrap.servers": bootstrap_servers}, logger=_SILENT)
    listed = admin.list_topics(name, timeout=10.0).topics[name]
    assert listed.error is None, f"{name}: {listed.error}"
    return {
        partition: end
        for partition in listed.partitions
        if (end := _end(admin, TopicPartition(name, partition))) > 0
    }


def _end(admin: AdminClient, where: TopicPartition) -> int:
    """Of one partition. One that was just created is known a moment before it is led: asked again."""
    until = time.monotonic() + 10.0
    while True:
        answer = admin.list_offsets(
            {where: OffsetSpec.latest()}, isolation_level=IsolationLevel.READ_UNCOMMITTED
        )
        try:
            offset: int = answer[where].result(10.0).offset
            return offset
        except KafkaException as error:
            if error.args[0].code() != KafkaError.NOT_LEADER_FOR_PARTITION or time.monotonic() > until:
                raise


def _read(reader: Consumer, name: str, ends: dict[int, int], within_s: float) -> list[ReadRecord]:
    reader.assign([TopicPartition(name, partition, OFFSET_BEGINNING) for partition in ends])
    found: list[ReadRecord] = []
    left = dict(ends)
    until = time.monotonic() + within_s
    while left:
        if time.monotonic() > until:
            raise EndNotReached(f"{name}: partition -> end not reached within {within_s:.0f} s: {left}")
        message = reader.poll(0.2)
        if message is None:
            continue
        if message.error() is None:
            found.append(_record(message))
        elif message.error().code() != KafkaError._PARTITION_EOF:
            raise EndNotReached(f"{name}: {message.error()}")
        reached = message.offset() + (message.error() is None)
        if reached >= left.get(message.partition(), reached + 1):
            del left[message.partition()]
    return sorted(found, key=lambda record: (record.partition, record.offset))


def _record(message: Message) -> ReadRecord:
    return ReadRecord(
        topic=message.topic(),
        partition=message.partition(),
        offset=message.offset(),
        key=message.key(),
        value=message.value(),
        headers=message.headers() or [],
        timestamp_ms=message.timestamp()[1],
    )
