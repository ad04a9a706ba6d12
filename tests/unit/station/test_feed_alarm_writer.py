"""An acknowledgement is published once, later than what it acknowledges, or refused with a sentence."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from confluent_kafka import KafkaError

from contracts.alarms import Alarm, AlarmState
from contracts.codec import decode
from contracts.topics import ALARMS
from station.feed.alarm_writer import AlarmHasEnded, AlarmNotPublished, AlarmWriter
from station.feed.properties import writer_properties
from tests.support.messages import MESSAGES

ALARM = Alarm.model_validate(MESSAGES["alarm"].model_dump())
LATER_NS = ALARM.changed_at_ns + 5_000_000_000


class FakeProducer:
    """Takes what it is given, and answers at the next poll as a test says."""

    def __init__(self) -> None:
        self.taken: list[dict[str, Any]] = []
        self.answers: Callable[[], KafkaError | None] | None = lambda: None
        self.properties: dict[str, Any] = {}
        self.connected = 0
        self.now_s = 0.0
        self.full = False

    def connect(self, properties: dict[str, Any]) -> Any:
        self.connected += 1
        self.properties = properties
        return self

    def produce(self, topic: str, *, on_delivery: Callable[..., None], **record: Any) -> None:
        if self.full:
            raise BufferError("Local: Queue full")
        self.taken.append({"topic": topic, "on_delivery": on_delivery, **record})

    def poll(self, timeout_s: float) -> None:
        self.now_s += 0.5
        if self.answers is not None:
            self.taken[-1]["on_delivery"](self.answers(), None)

    def writer(self, prefix: str = "") -> AlarmWriter:
        return AlarmWriter({}, prefix, connect=self.connect, monotonic_s=lambda: self.now_s)


@pytest.fixture
def producer() -> FakeProducer:
    return FakeProducer()


def test_it_is_published_under_the_coil_with_who_and_when(producer: FakeProducer) -> None:
    seen = producer.writer("demo.").acknowledge(ALARM, "a.ivanova", LATER_NS)
    [record] = producer.taken
    assert record["topic"] == f"demo.{ALARMS}"
    assert record["key"] == b"C26-000123"
    assert decode(record["headers"], record["value"]) == seen
    assert (seen.state, seen.acknowledged_by, seen.changed_at_ns) == (
        AlarmState.ACKNOWLEDGED,
        "a.ivanova",
        LATER_NS,
    )
    assert (
        seen.model_copy(
            update={"state": ALARM.state, "acknowledged_by": None, "changed_at_ns": ALARM.changed_at_ns}
        )
        == ALARM
    )


def test_it_is_later_than_what_it_acknowledges_by_whatever_clock(producer: FakeProducer) -> None:
    seen = producer.writer().acknowledge(ALARM, "a.ivanova", ALARM.raised_at_ns - 1)
    assert seen.changed_at_ns == ALARM.changed_at_ns + 1


def test_an_alarm_that_is_over_is_left_alone(producer: FakeProducer) -> None:
    with pytest.raises(AlarmHasEnded):
        producer.writer().acknowledge(ALARM.model_copy(update={"state": AlarmState.ENDED}), "me", LATER_NS)
    assert producer.connected == 0


@pytest.mark.parametrize("who", ["", "two words", "=cmd", "x" * 65, "line\nbreak"])
def test_who_must_be_a_name(producer: FakeProducer, who: str) -> None:
    with pytest.raises(ValueError, match="acknowledged_by"):
        producer.writer().acknowledge(ALARM, who, LATER_NS)
    assert producer.taken == []


def test_a_broker_that_is_away_is_said_so_in_time(producer: FakeProducer) -> None:
    producer.answers = None
    with pytest.raises(AlarmNotPublished, match="no answer"):
        producer.writer().acknowledge(ALARM, "me", LATER_NS)
    assert producer.now_s == 6.0
    producer.answers = lambda: KafkaError(KafkaError._MSG_TIMED_OUT)
    with pytest.raises(AlarmNotPublished, match="try again"):
        producer.writer().acknowledge(ALARM, "me", LATER_NS)


def test_a_queue_that_is_full_is_said_so(producer: FakeProducer) -> None:
    producer.full = True
    writer = producer.writer()
    with pytest.raises(AlarmNotPublished, match="Queue full"):
        writer.acknowledge(ALARM, "me", LATER_NS)
    producer.full = False
    writer.acknowledge(ALARM, "me", LATER_NS)
    assert producer.connected == 2, "the one that refused is not asked again"


def test_one_producer_serves_until_it_fails_for_good(producer: FakeProducer) -> None:
    writer = producer.writer()
    writer.acknowledge(ALARM, "me", LATER_NS)
    writer.acknowledge(ALARM, "me", LATER_NS)
    assert producer.connected == 1
    producer.properties["error_cb"](KafkaError(KafkaError._TRANSPORT))
    writer.acknowledge(ALARM, "me", LATER_NS)
    assert producer.connected == 1
    producer.properties["error_cb"](KafkaError(KafkaError._FATAL, "gone wrong", True))
    writer.acknowledge(ALARM, "me", LATER_NS)
    assert producer.connected == 2


def test_its_key_is_hashed_as_all_hash_it_and_nothing_is_written_twice() -> None:
    given = {"acks": "1", "partitioner": "random", "group.id": "x", "ssl.ca.location": "ca.pem"}
    properties = writer_properties(given)
    assert properties["partitioner"] == "murmur2_random"
    assert properties["enable.idempotence"] == "true"
    assert properties["acks"] == "all"
    assert properties["ssl.ca.location"] == "ca.pem"
    assert "group.id" not in properties
