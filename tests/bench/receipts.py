"""A downstream reader: when each inspection was there, which is when its transaction was committed."""

from __future__ import annotations

import json
import logging
import threading
import time
from dataclasses import dataclass

from confluent_kafka import Consumer, TopicPartition

from contracts.topics import DEFAULT_PARTITIONS, INSPECTIONS, topic

_SILENT = logging.Logger("librdkafka", level=logging.CRITICAL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """One inspection as its reader got it."""

    exposed_at_ns: int
    inspected_at_ns: int
    received_at_ns: int
    partition: int
    """Of the frame, not of the inspection."""
    fate: str

    @property
    def latency_s(self) -> float:
        """Exposure -> committed and read."""
        return (self.received_at_ns - self.exposed_at_ns) / 1e9


class Receiver:
    """Reads inspections under `read_committed` on a thread of its own, from now on."""

    def __init__(self, bootstrap_servers: str, prefix: str) -> None:
        self._consumer = Consumer(
            {
                "bootstrap.servers": bootstrap_servers,
                "group.id": f"{prefix}receiver",
                "enable.auto.commit": False,
                "isolation.level": "read_committed",
                "fetch.wait.max.ms": 100,
                "fetch.queue.backoff.ms": 10,
            },
            logger=_SILENT,
        )
        name = topic(INSPECTIONS, prefix)
        self._consumer.assign([TopicPartition(name, number, 0) for number in range(DEFAULT_PARTITIONS)])
        self._stop = threading.Event()
        self._receipts: list[Receipt] = []
        self._thread = threading.Thread(target=self._read, name="receiver", daemon=True)
        self._thread.start()

    def __len__(self) -> int:
        return len(self._receipts)

    def receipts(self) -> list[Receipt]:
        """What came until now, in order."""
        return list(self._receipts)

    def close(self) -> None:
        """Stop reading."""
        self._stop.set()
        self._thread.join()
        self._consumer.close()

    def _read(self) -> None:
        while not self._stop.is_set():
            messages = self._consumer.consume(256, 0.02)
            now_ns = time.time_ns()
            self._receipts += [_receipt(m.value(), now_ns) for m in messages if m.error() is None]


def _receipt(value: bytes, now_ns: int) -> Receipt:
    found = json.loads(value)
    return Receipt(
        exposed_at_ns=found["exposed_at_ns"],
        inspected_at_ns=found["inspected_at_ns"],
        received_at_ns=now_ns,
        partition=found["source"]["partition"],
        fate=found["fate"],
    )
