"""The local broker itself: what the other tests and the demo lean on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from confluent_kafka import Producer

from contracts.topics import FRAMES, producer_properties
from local.kafka.broker import LocalBroker
from tests.support.kafka_reading import EndNotReached, read_to_end


def _transactional(bootstrap_servers: str, name: str = "writer") -> Producer:
    writer = Producer(
        {
            **producer_properties(),
            "bootstrap.servers": bootstrap_servers,
            "transactional.id": name,
            "log_level": 0,
        }
    )
    writer.init_transactions(10.0)
    return writer


def _write(writer: Producer, topic: str, values: list[bytes]) -> None:
    writer.begin_transaction()
    for value in values:
        writer.produce(topic, value)


def _values(bootstrap_servers: str, topic: str, **how: Any) -> list[bytes]:
    return sorted(record.value or b"" for record in read_to_end(bootstrap_servers, topic, **how))


def test_what_was_committed_outlives_a_restart_and_a_kill(
    own_broker: LocalBroker, create_topics: Callable[..., Any]
) -> None:
    topics = create_topics(own_broker.bootstrap_servers, partitions=1)
    name = topics.name(FRAMES)
    writer = _transactional(own_broker.bootstrap_servers)
    _write(writer, name, [b"committed"])
    writer.commit_transaction(10.0)
    own_broker.restart()
    own_broker.kill()
    assert own_broker.pid is None
    assert own_broker.start() is True
    assert own_broker.start() is False
    assert _values(own_broker.bootstrap_servers, name) == [b"committed"]


def test_only_committed_records_are_read(broker: LocalBroker, topics: Any) -> None:
    name = topics.name(FRAMES)
    writer = _transactional(broker.bootstrap_servers)
    _write(writer, name, [b"a", b"b"])
    writer.commit_transaction(10.0)
    _write(writer, name, [b"aborted"])
    writer.flush(10.0)
    writer.abort_transaction(10.0)
    assert _values(broker.bootstrap_servers, name) == [b"a", b"b"]
    everything = _values(broker.bootstrap_servers, name, isolation="read_uncommitted")
    assert everything == [b"a", b"aborted", b"b"]


def test_an_open_transaction_holds_the_reader_back(broker: LocalBroker, topics: Any) -> None:
    name = topics.name(FRAMES)
    writer = _transactional(broker.bootstrap_servers)
    _write(writer, name, [b"open"])
    writer.flush(10.0)
    with pytest.raises(EndNotReached, match="not reached"):
        read_to_end(broker.bootstrap_servers, name, within_s=0.5)
    writer.commit_transaction(10.0)
    assert _values(broker.bootstrap_servers, name) == [b"open"]
