"""When the reader of what was told is caught up, and what it makes of records that are none."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from concurrent.futures import Future
from types import SimpleNamespace
from typing import Any

import pytest
from confluent_kafka import KafkaError, KafkaException, TopicPartition

from consumer.coils.kafka.told_source import KafkaTold
from consumer.coils.told import Told
from consumer.kafka_errors import TopicMissing
from contracts.codec import encode
from contracts.topics import ALARMS, COIL_REPORTS
from tests.support.messages import MESSAGES


class Message:
    def __init__(
        self,
        topic: str,
        offset: int,
        value: bytes | None = None,
        headers: list[tuple[str, bytes]] | None = None,
        error: int | None = None,
    ) -> None:
        self._topic, self._offset, self._value, self._headers = topic, offset, value, headers
        self._error = None if error is None else KafkaError(error)

    def error(self) -> KafkaError | None:
        return self._error

    def topic(self) -> str:
        return self._topic

    def partition(self) -> int:
        return 0

    def offset(self) -> int:
        return self._offset

    def value(self) -> bytes | None:
        return self._value

    def headers(self) -> list[tuple[str, bytes]] | None:
        return self._headers


class Broker:
    """Consumer and admin in one; partitions end where a test says."""

    def __init__(self) -> None:
        self.coming: deque[Message] = deque()
        self.ends = {COIL_REPORTS: 0, ALARMS: 0}
        self.assigned: list[TopicPartition] = []
        self.missing: str | None = None

    def assign(self, places: list[TopicPartition]) -> None:
        self.assigned = places

    def consume(self, number: int, _: float) -> list[Message]:
        return [self.coming.popleft() for _ in range(min(number, len(self.coming)))]

    def list_topics(self, timeout: float) -> Any:
        one = SimpleNamespace(error=None, partitions={0: None})
        return SimpleNamespace(topics={name: one for name in self.ends if name != self.missing})

    def list_offsets(
        self, requests: Mapping[TopicPartition, Any], **_: Any
    ) -> dict[TopicPartition, Future[Any]]:
        futures = {tp: Future[Any]() for tp in requests}
        for tp, future in futures.items():
            future.set_result(SimpleNamespace(offset=self.ends[tp.topic]))
        return futures

    def write(self, topic: str, offset: int, name: str) -> None:
        encoded = encode(MESSAGES[name])
        self.coming.append(Message(topic, offset, encoded.value, encoded.headers))

    def end(self, topic: str, offset: int) -> None:
        self.coming.append(Message(topic, offset, error=KafkaError._PARTITION_EOF))


@pytest.fixture
def broker() -> Broker:
    return Broker()


def reader(broker: Broker) -> KafkaTold:
    return KafkaTold(
        properties={},
        reports_topic=COIL_REPORTS,
        alarms_topic=ALARMS,
        admin=broker,  # type: ignore[arg-type]
        told=Told(lane_coils=3),
        connect=lambda _: broker,  # type: ignore[arg-type,return-value]
    )


def test_it_reads_every_partition_from_the_beginning(broker: Broker) -> None:
    told = reader(broker)
    assert {(tp.topic, tp.partition) for tp in broker.assigned} == {(COIL_REPORTS, 0), (ALARMS, 0)}
    broker.write(COIL_REPORTS, 0, "coil-report")
    broker.write(ALARMS, 0, "alarm")
    told.tail()
    assert told.told.report_of("C26-000123") is not None
    assert [alarm.alarm_id for alarm in told.told.alarms_of("C26-000123")] == ["mark-3-412-1885"]


def test_it_is_caught_up_only_behind_what_was_begun_when_it_looked_ahead(broker: Broker) -> None:
    """A read_committed reader stops before an open transaction, and says that this is the end."""
    told = reader(broker)
    broker.ends = {COIL_REPORTS: 2, ALARMS: 0}
    told.look_ahead()
    broker.end(COIL_REPORTS, 0)
    broker.end(ALARMS, 0)
    told.tail()
    assert not told.caught_up, "a report is written, whose transaction is open"
    broker.write(COIL_REPORTS, 0, "coil-report")
    told.tail()
    assert not told.caught_up, "its marker is to come"
    broker.end(COIL_REPORTS, 2)
    told.tail()
    assert told.caught_up
    broker.ends[ALARMS] = 5
    assert told.caught_up, "what is begun later was not asked for"
    told.look_ahead()
    assert not told.caught_up


@pytest.mark.parametrize(
    "message",
    [
        Message(COIL_REPORTS, 0, b"junk"),
        Message(ALARMS, 0, b"junk"),
        Message(ALARMS, 0, encode(MESSAGES["coil-started"]).value, encode(MESSAGES["coil-started"]).headers),
    ],
    ids=["report", "alarm", "another kind"],
)
def test_a_foreign_record_tells_nothing_and_is_logged_once(
    broker: Broker, message: Message, caplog: pytest.LogCaptureFixture
) -> None:
    told = reader(broker)
    broker.coming += [message, message]
    told.tail()
    assert len(told.told) == 0
    assert caplog.text.count("none of ours") == 1


def test_a_tombstone_is_no_fault(broker: Broker, caplog: pytest.LogCaptureFixture) -> None:
    told = reader(broker)
    broker.coming.append(Message(COIL_REPORTS, 0))
    told.tail()
    assert caplog.text == ""


def test_a_missing_topic_says_how_to_make_it(broker: Broker) -> None:
    broker.missing = ALARMS
    with pytest.raises(TopicMissing, match="python -m contracts topics"):
        reader(broker)


def test_an_error_that_passes_is_waited_out_and_another_ends_the_tracker(broker: Broker) -> None:
    told = reader(broker)
    broker.coming.append(Message(ALARMS, 0, error=KafkaError._TRANSPORT))
    told.tail()
    broker.coming.append(Message(ALARMS, 0, error=KafkaError.TOPIC_AUTHORIZATION_FAILED))
    with pytest.raises(KafkaException):
        told.tail()
