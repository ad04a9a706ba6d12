"""The lag that a worker reports, from a real broker: librdkafka's own stays -1 under transactions."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from confluent_kafka import Producer
from prometheus_client import CollectorRegistry

from consumer.kafka_source import KafkaSource
from contracts.topics import DEFAULT_PARTITIONS, FRAMES
from local.kafka.broker import LocalBroker
from monitoring.worker_metrics import WorkerMetrics

WITHIN_S = 30.0


class Listener:
    """Takes every partition that it is given."""

    def partitions_assigned(self, partitions: Sequence[int]) -> None:
        """Nothing to prepare."""

    def partitions_revoked(self, partitions: Sequence[int]) -> None:
        """Nothing to drain."""

    def partitions_lost(self, partitions: Sequence[int]) -> None:
        """Nothing to drop."""


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


@pytest.fixture
def metrics(registry: CollectorRegistry) -> WorkerMetrics:
    return WorkerMetrics(registry)


@pytest.fixture
def source(broker: LocalBroker, topics: Any, metrics: WorkerMetrics) -> Iterator[KafkaSource]:
    properties = {
        "bootstrap.servers": broker.bootstrap_servers,
        "group.id": f"{topics.prefix}workers",
        "auto.offset.reset": "earliest",
        "enable.auto.commit": "false",
        "isolation.level": "read_committed",
        "partition.assignment.strategy": "cooperative-sticky",
    }
    opened = KafkaSource(properties=properties, topic=topics.name(FRAMES), metrics=metrics)
    yield opened
    opened.close()


def lags(registry: CollectorRegistry) -> dict[str, float]:
    return {
        sample.labels["partition"]: sample.value
        for family in registry.collect()
        if family.name == "coilwatch_lag_frames"
        for sample in family.samples
    }


def test_lag_counts_from_the_commit_position(
    broker: LocalBroker, topics: Any, source: KafkaSource, metrics: WorkerMetrics, registry: CollectorRegistry
) -> None:
    producer = Producer({"bootstrap.servers": broker.bootstrap_servers})
    for _ in range(10):
        producer.produce(topics.name(FRAMES), b"frame", partition=3)
    assert producer.flush(10.0) == 0
    metrics.set_position(3, 4)
    source.join(Listener())
    until = time.monotonic() + WITHIN_S
    while len(lags(registry)) < DEFAULT_PARTITIONS or lags(registry)["3"] == 0:
        assert time.monotonic() < until, f"reported only {lags(registry)}"
        source.take(100, 0.1)
    assert lags(registry) == {
        str(number): 6.0 if number == 3 else 0.0 for number in range(DEFAULT_PARTITIONS)
    }
