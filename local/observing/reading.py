"""Reads a run's results as a downstream system does: committed records only, while they come."""

from __future__ import annotations

import time

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, Message, TopicPartition

from contracts.codec import decode
from contracts.rejections import MessageRejected
from contracts.topics import ALARMS, COIL_EVENTS, COIL_REPORTS, DEFECTS, INSPECTIONS, topic
from local.kafka.ports import SILENT
from local.observing.observed import ObservedRun

READ = (COIL_EVENTS, INSPECTIONS, DEFECTS, COIL_REPORTS, ALARMS)

BROKER_AWAY = (KafkaError._ALL_BROKERS_DOWN, KafkaError._TRANSPORT)
"""librdkafka connects again by itself; who started the broker sees that it ended."""


class RunReader:
    """All that is said of coils under a prefix: events, results, verdicts, alarms.

    From the beginning, or, with `only_new`, from here on. What cannot be read is counted in `refused`.
    """

    def __init__(self, bootstrap_servers: str, topic_prefix: str, *, only_new: bool = False) -> None:
        self.refused = 0
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
        places = [TopicPartition(name, p) for name in names for p in listed[name].partitions]
        for place in places:
            place.offset = self._end(place) if only_new else OFFSET_BEGINNING
        self._consumer.assign(places)

    def read(self, run: ObservedRun, for_s: float) -> None:
        """Add what is there to `run`; waits up to `for_s` for the first record. Raises KafkaException."""
        message = self._consumer.poll(for_s)
        while message is not None:
            error = message.error()
            if error is None:
                self._add(message, run)
            elif error.code() not in BROKER_AWAY:
                raise KafkaException(error)
            message = self._consumer.poll(0.0)

    def _add(self, message: Message, run: ObservedRun) -> None:
        try:
            run.add(decode(message.headers(), message.value()), time.time_ns())
        except (MessageRejected, SystemError):  # SystemError: confluent-kafka on a header name not UTF-8
            self.refused += 1

    def _end(self, place: TopicPartition) -> int:
        """Where the partition ends now: left to the first fetch, it would end later."""
        _, end = self._consumer.get_watermark_offsets(place, timeout=10.0)
        return int(end)

    def close(self) -> None:
        """Leave the broker."""
        self._consumer.close()
