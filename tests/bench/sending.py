"""Frames into the topic without the simulator: as fast as it goes, or steadily into every partition."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Sequence

from confluent_kafka import Producer

from contracts.codec import frame_headers
from contracts.frames import Encoding, FrameHeader
from contracts.topics import DEFAULT_PARTITIONS, FRAMES, producer_properties, topic

WIDTH_PX, HEIGHT_PX = 1600, 256
BUDGET_S = 300.0
BY_KEY = -1
_SILENT = logging.Logger("librdkafka", level=logging.CRITICAL)


class Sender:
    """One coil of one camera."""

    def __init__(self, bootstrap_servers: str, prefix: str) -> None:
        self._topic = topic(FRAMES, prefix)
        self._sent = 0
        self._producer = Producer(
            {
                **producer_properties(),
                "bootstrap.servers": bootstrap_servers,
                "enable.idempotence": True,
                "compression.type": "none",
                "queue.buffering.max.kbytes": 65_536,
            },
            logger=_SILENT,
        )

    def send(self, encoded: bytes, partition: int = BY_KEY) -> None:
        """The next frame, exposed now."""
        header = _header(self._sent)
        self._sent += 1
        while True:
            try:
                self._producer.produce(
                    self._topic, encoded, header.key, partition=partition, headers=frame_headers(header)
                )
                break
            except BufferError:
                self._producer.poll(0.1)
        self._producer.poll(0)

    def finish(self) -> None:
        """Wait until the broker has them all."""
        if left := self._producer.flush(60):
            raise RuntimeError(f"{left} of {self._sent} frames were not taken by the broker")


def fill(bootstrap_servers: str, prefix: str, frames: Sequence[bytes]) -> None:
    """Send the frames and wait until the broker has them."""
    sender = Sender(bootstrap_servers, prefix)
    for encoded in frames:
        sender.send(encoded)
    sender.finish()


class Feeder:
    """Sends on a thread at a steady pace, to one partition after the other: none of them ever runs dry."""

    def __init__(
        self, bootstrap_servers: str, prefix: str, frames: Sequence[bytes], frames_per_s: float
    ) -> None:
        self._sender = Sender(bootstrap_servers, prefix)
        self._frames = frames
        self._interval_s = 1 / frames_per_s
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._feed, name="feeder", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop sending."""
        self._stop.set()
        self._thread.join()
        self._sender.finish()

    def _feed(self) -> None:
        began_s, index = time.monotonic(), 0
        while not self._stop.wait(max(0.0, began_s + index * self._interval_s - time.monotonic())):
            self._sender.send(self._frames[index % len(self._frames)], index % DEFAULT_PARTITIONS)
            index += 1


def _header(index: int) -> FrameHeader:
    now_ns = time.time_ns()
    return FrameHeader(
        line_id="bench",
        coil_id="C1",
        camera_id="top",
        frame_index=index,
        exposed_at_ns=now_ns,
        deadline_at_ns=now_ns + round(BUDGET_S * 1e9),
        width_px=WIDTH_PX,
        height_px=HEIGHT_PX,
        encoding=Encoding.JPEG,
        mm_per_px_across=1.0,
        mm_per_px_along=1.0,
        position_mm=float(index * HEIGHT_PX),
    )
