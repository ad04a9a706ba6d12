"""Reads a range of topics from the broker, committed records only, without joining any group."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from confluent_kafka import Consumer, IsolationLevel, KafkaError, KafkaException, Message, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec

from producer_sim.recording import Record
from producer_sim.refused import SendFailed, SimulatorRefused
from producer_sim.sink import how_to_make_topics, silent_logger

_TIMEOUT_S = 10.0
SILENCE_S = 30.0
_POLL_S = 0.5
_CONSUMERS_OWN = ("group.", "enable.auto.", "isolation.", "enable.partition.", "fetch.", "auto.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """One end of a range: an offset in every partition, a time, or all there is."""

    kind: Literal["beginning", "end", "offset", "time"]
    value: int = 0  # an offset, or ms since the epoch


def parse_bound(text: str) -> Bound:
    """`beginning`, `end`, an offset, or an ISO 8601 time with its zone. Raises ValueError, one sentence."""
    if text == "beginning":
        return Bound(kind="beginning")
    if text == "end":
        return Bound(kind="end")
    if text.isdecimal():
        return Bound(kind="offset", value=int(text))
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"'{text}' is neither beginning, end, an offset nor an ISO 8601 time") from None
    if at.tzinfo is None:
        raise ValueError(f"'{text}' names no time zone: add Z or an offset such as +02:00")
    return Bound(kind="time", value=round(at.timestamp() * 1000))


def belongs_to(key: bytes | None, coil_ids: frozenset[str]) -> bool:
    """Whether a key, `coil_id` or `coil_id/camera_id/block`, names one of the coils; without any, all do."""
    if not coil_ids:
        return True
    return key is not None and key.split(b"/", 1)[0].decode("utf-8", "replace") in coil_ids


def consumer_configuration(bootstrap_servers: str, properties: Mapping[str, str]) -> dict[str, str]:
    """All librdkafka properties."""
    return {
        "client.id": "coilwatch-sim",
        "fetch.queue.backoff.ms": "20",  # its default of 1000 stalls a reader for about a second
        **properties,
        "bootstrap.servers": bootstrap_servers,
        "group.id": "coilwatch-sim-reads-without-joining",
        "enable.auto.commit": "false",
        "isolation.level": "read_committed",
        "enable.partition.eof": "true",
    }


class TopicRange:
    """Reads topics from `start` to `end`. What is written after the reading began is not read.

    A transaction that is open inside the range is waited for, up to `silence_s`: nobody knows what it holds.
    Raises SendFailed when the broker or a topic is not there, or falls silent.
    """

    def __init__(
        self,
        configuration: Mapping[str, str],
        *,
        topic_prefix: str,
        start: Bound,
        end: Bound,
        silence_s: float = SILENCE_S,
    ) -> None:
        self._where = configuration["bootstrap.servers"]
        self._prefix = topic_prefix
        self._start, self._end = start, end
        self._silence_s = silence_s
        try:
            self._consumer = Consumer(dict(configuration), logger=silent_logger())
            self._admin = AdminClient(_without_consumers_own(configuration), logger=silent_logger())
        except KafkaException as error:
            raise SimulatorRefused(f"librdkafka refuses a property: {error.args[0].str()}.") from None

    def read(self, names: Sequence[str]) -> Iterator[Record]:
        """Every record in the range, in offset order within each partition; names are without the prefix."""
        try:
            until = self._resolve(names)
            self._consumer.assign([TopicPartition(t, p, first) for (t, p), (first, _) in until.items()])
            yield from self._drain({place: last for place, (_, last) in until.items()})
        except KafkaException as error:
            raise SendFailed(f"Reading from {self._where} failed: {error.args[0].str()}.") from None
        finally:
            self._consumer.close()

    def _drain(self, until: dict[tuple[str, int], int]) -> Iterator[Record]:
        silent_s = 0.0
        while until:
            message = self._consumer.poll(_POLL_S)
            if message is None:
                silent_s += _POLL_S
                if silent_s >= self._silence_s:
                    raise SendFailed(
                        f"{self._where} sent nothing for {self._silence_s:g} s before the end of the range: "
                        "it is away, or a transaction there stays open."
                    )
                continue
            silent_s = 0.0
            place = (str(message.topic()), int(message.partition() or 0))
            error = message.error()
            if error is not None:
                if error.code() != KafkaError._PARTITION_EOF:
                    raise KafkaException(error)
                # A transaction's marker takes an offset without a record: then this is how the range ends.
                # Short of the range's end it is an open transaction that holds the reader back.
                if int(message.offset() or 0) >= until.get(place, 0):
                    until.pop(place, None)
                continue
            offset, last = int(message.offset() or 0), until.get(place, 0)
            if offset < last:
                yield self._record(message)
            if offset >= last - 1 and until.pop(place, None) is not None:
                self._consumer.pause([TopicPartition(*place)])

    def _resolve(self, names: Sequence[str]) -> dict[tuple[str, int], tuple[int, int]]:
        """(topic, partition) -> first offset and the one after the last, of partitions that hold any."""
        ranges = {}
        for place in self._partitions(names):
            low, high = (self._edge(place, at) for at in (OffsetSpec.earliest(), OffsetSpec.latest()))
            first, last = (self._offset(bound, place, low, high) for bound in (self._start, self._end))
            if max(first, low) < min(last, high):
                ranges[place.topic, place.partition] = max(first, low), min(last, high)
        return ranges

    def _partitions(self, names: Sequence[str]) -> list[TopicPartition]:
        places = []
        for name in names:
            full = self._prefix + name
            try:
                found = self._consumer.list_topics(full, timeout=_TIMEOUT_S).topics[full]
            except KafkaException:
                raise SendFailed(f"No broker answers at {self._where} within {_TIMEOUT_S:g} s.") from None
            if found.error is not None:
                raise SendFailed(f"The broker has no topic {full}: {how_to_make_topics(self._prefix)}.")
            places += [TopicPartition(full, partition) for partition in found.partitions]
        return places

    def _offset(self, bound: Bound, place: TopicPartition, low: int, high: int) -> int:
        match bound.kind:
            case "beginning":
                return low
            case "end":
                return high
            case "offset":
                return bound.value
        at = TopicPartition(place.topic, place.partition, bound.value)
        (found,) = self._consumer.offsets_for_times([at], timeout=_TIMEOUT_S)
        return found.offset if found.offset >= 0 else high

    def _edge(self, place: TopicPartition, at: OffsetSpec) -> int:
        """Of the partition, open transactions included: a consumer's own watermark would hide them."""
        asked = {place: at}
        answer = self._admin.list_offsets(asked, isolation_level=IsolationLevel.READ_UNCOMMITTED)
        return int(answer[place].result(_TIMEOUT_S).offset)

    def _record(self, message: Message) -> Record:
        _, timestamp_ms = message.timestamp()
        return Record(
            topic=str(message.topic()).removeprefix(self._prefix),
            partition=int(message.partition() or 0),
            offset=int(message.offset() or 0),
            timestamp_ms=timestamp_ms,
            key=_bytes(message.key()),
            value=_bytes(message.value()),
            headers=tuple((name, _bytes(value)) for name, value in message.headers() or ()),
        )


def _without_consumers_own(configuration: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in configuration.items() if not name.startswith(_CONSUMERS_OWN)}


def _bytes(value: str | bytes | None) -> bytes | None:
    return value.encode() if isinstance(value, str) else value
