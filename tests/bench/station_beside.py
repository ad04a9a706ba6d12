"""A station beside a real broker, what lines and trackers would write for it, and its open pages."""

from __future__ import annotations

import json
import threading
import time
import urllib.request
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from confluent_kafka import Producer

from contracts.codec import encode
from contracts.message_codec import CoilRecord
from contracts.topics import producer_properties, topic
from tests.bench.line import Line
from tests.support.asked_station import AskedStation

SOCKET_BYTES = 65_536


def start_station(running: Line, prefix: str) -> AskedStation:
    """With the shipped settings; it is not waited for."""
    station = AskedStation(running.bootstrap_servers, prefix, Path(running.folder / "station.log"))
    running.running.callback(station.stop)
    return station


class Writer:
    """Writes to the topics as fast as it is given something, batched."""

    def __init__(self, running: Line, prefix: str, linger_ms: int = 5) -> None:
        self._prefix = prefix
        self._producer = Producer(
            {
                **producer_properties(),
                "bootstrap.servers": running.bootstrap_servers,
                "compression.type": "lz4",
                "linger.ms": linger_ms,
            }
        )

    def write(self, messages: Iterable[CoilRecord]) -> int:
        """Hand all of them over; how many."""
        count = 0
        for message in messages:
            encoded = encode(message)
            self.put(topic(encoded.topic, self._prefix), encoded.key, encoded.value, encoded.headers)
            count += 1
        return count

    def put(self, name: str, key: Any, value: Any, headers: Any) -> None:
        """One record; waits while too many are on their way."""
        while True:
            try:
                self._producer.produce(name, value, key, headers=headers)
                break
            except BufferError:
                self._producer.poll(0.1)
        self._producer.poll(0)

    def finish(self) -> None:
        """Wait until the broker has them all."""
        if left := self._producer.flush(120):
            raise RuntimeError(f"the broker did not take {left} records")


class OpenPage:
    """Reads `/api/live` as a page does, on a thread; notes when each revision of the coil came.

    `keep`: of the events themselves nothing is parsed without it, so that fifty of them cost little.
    """

    def __init__(self, station: AskedStation, *, keep: bool = False) -> None:
        self._url = f"{station.page}api/live"
        self._keep = keep
        self._ends = threading.Event()
        self.received: list[tuple[int, int, float]] = []
        """seq, frames of the coil by then, seconds since the epoch."""
        self.events = 0
        self.size_bytes = 0
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop with the next event."""
        self._ends.set()
        self._thread.join(5)

    def _read(self) -> None:
        with urllib.request.urlopen(self._url, timeout=30) as answer:
            name = b""
            for line in answer:
                if self._ends.is_set():
                    return
                self.size_bytes += len(line)
                if line.startswith(b"event:"):
                    name = line[6:].strip()
                    self.events += 1
                elif self._keep and line.startswith(b"data:") and name in (b"snapshot", b"changes"):
                    self._note(json.loads(line[5:]))

    def _note(self, told: dict[str, Any]) -> None:
        frames = sum(camera["received"] for camera in told["coil"]["cameras"])
        self.received.append((told["seq"], frames, time.time()))
