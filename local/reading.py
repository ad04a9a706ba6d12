"""Reads a run's results as a downstream system does: committed records only, while they come."""

from __future__ import annotations

import time

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaException, TopicPartition

from contracts.codec import decode
from contracts.topics import ALARMS, COIL_EVENTS, COIL_REPORTS, DEFECTS, INSPECTIONS, topic
from local.kafka.ports import SILENT
from local.observed import ObservedRun

READ = (COIL_EVENTS, INSPECTIONS, DEFECTS, COIL_REPORTS, ALARMS)


class RunReader:
    """All that is said of coils under a prefix, from the beginning: events, results, verdicts, alarms."""

    def __init__(self, bootstrap_servers: str, topic_prefix: str) -> None:
        self._consumer = Consumer(
            {
                "bootstrap.servers": bootstrap_servers,
                "group.id": f"{topic_prefix}reader",
                "enable.auto.commit": "false",
                "isolation.level": "read_committed",
                "fetch.wait.max.ms": 50,
                "fetch.queue.backoff.ms": 20,
            },
            logger=SILENT,
        )
        listed = self._consumer.list_topics(timeout=10.0).topics
        names = [topic(name, topic_prefix) for name in READ]
        self._consumer.assign(
            [TopicPartition(name, p, OFFSET_BEGINNING) for name in names for p in listed[name].partitions]
        )

    def read(self, run: ObservedRun, for_s: float) -> None:
        """Add what is there to `run`; waits up to `for_s` for the first record. Raises KafkaException."""
        message = self._consumer.poll(for_s)
        while message is not None:
            if message.error() is not None:
                raise KafkaException(message.error())
            run.add(decode(message.headers(), message.value()), time.time_ns())
            message = self._consumer.poll(0.0)

    def close(self) -> None:
        """Leave the broker."""
        self._consumer.close()
