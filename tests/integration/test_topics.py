"""The contract's topics on a real broker: created, checked, and as large as they promise."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import pytest
from confluent_kafka import Producer

from contracts.admin import check_topics, create_topics
from contracts.topics import (
    ALARMS,
    DEAD_LETTERS,
    DEFECTS,
    FRAMES,
    MAX_DEAD_LETTER_BYTES,
    MAX_FRAME_BYTES,
    MAX_MESSAGE_BYTES,
    producer_properties,
)
from contracts.topics import topics as topic_specs
from local.kafka.broker import LocalBroker

FRAMING_BYTES = 200
"""More than Kafka adds to a record without headers."""


def produced(bootstrap_servers: str, topic: str, value: bytes, **properties: Any) -> tuple[str | None, int]:
    """(error, partition) of one record with the key `C26-000123`."""
    delivered = []
    producer = Producer(
        {"bootstrap.servers": bootstrap_servers, **producer_properties(), "linger.ms": 0} | properties
    )
    producer.produce(
        topic,
        value=value,
        key=b"C26-000123",
        on_delivery=lambda error, message: delivered.append((error, message.partition())),
    )
    assert producer.flush(20) == 0
    ((error, partition),) = delivered
    return (None if error is None else error.name()), partition


def test_created_twice_and_checked(broker: LocalBroker) -> None:
    specs = topic_specs(3, prefix="twice.")
    assert create_topics(broker.bootstrap_servers, specs=specs) == [spec.name for spec in specs]
    assert create_topics(broker.bootstrap_servers, specs=specs) == []
    assert check_topics(broker.bootstrap_servers, specs=specs) == []


def test_another_count_is_a_difference(broker: LocalBroker) -> None:
    create_topics(broker.bootstrap_servers, specs=topic_specs(2, prefix="count."))
    listed = check_topics(broker.bootstrap_servers, specs=topic_specs(3, prefix="count."))
    assert [d.topic for d in listed] == [spec.name for spec in topic_specs(prefix="count.")]


@pytest.mark.parametrize(
    ("contract", "largest_bytes"),
    [(FRAMES, MAX_FRAME_BYTES), (DEAD_LETTERS, MAX_DEAD_LETTER_BYTES), (DEFECTS, MAX_MESSAGE_BYTES)],
)
def test_the_largest_record_passes(topics: Any, contract: str, largest_bytes: int) -> None:
    value = os.urandom(largest_bytes - FRAMING_BYTES)
    assert produced(topics.bootstrap_servers, topics.name(contract), value)[0] is None


@pytest.mark.parametrize("compression", ["none", "zstd"])
def test_a_frame_is_weighed_unfolded(topics: Any, compression: str) -> None:
    """5 MB of zeros are 200 bytes of zstd, and would fit no dead letter."""
    properties: Mapping[str, Any] = {"compression.type": compression}
    error, _ = produced(topics.bootstrap_servers, topics.name(FRAMES), bytes(5_000_000), **properties)
    assert error == "MSG_SIZE_TOO_LARGE"


def test_keys_are_hashed_as_java_clients_do(topics: Any) -> None:
    """`toPositive(murmur2(key)) % 8`, from org.apache.kafka.common.utils.Utils of kafka-clients 4.2.2."""
    _, partition = produced(topics.bootstrap_servers, topics.name(ALARMS), b"x")
    assert partition == 4
