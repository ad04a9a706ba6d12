"""Coils onto the frames topic at a test's own pace, with what line control says of them."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, field

from confluent_kafka import Producer

from contracts.codec import encode, frame_headers
from contracts.coils import CoilEnded, CoilStarted
from contracts.frames import Encoding, FrameHeader
from contracts.topics import FRAMES, producer_properties, topic

WIDTH_PX, HEIGHT_PX, MM_PER_PX = 1600, 256, 1.0
CAMERA = "top"
_SILENT = logging.Logger("librdkafka", level=logging.CRITICAL)


@dataclass(slots=True)
class Coil:
    """One that runs, or ran."""

    coil_id: str
    line_id: str
    started_at_ns: int
    deadline_at_ns: int
    sent: int = field(default=0)


class Strip:
    """One camera over one line after the other; exposes when told."""

    def __init__(self, bootstrap_servers: str, prefix: str) -> None:
        self._prefix = prefix
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

    def start(self, coil_id: str, budget_s: float, line_id: str = "line-1", *, ago_s: float = 0) -> Coil:
        """Line control: a coil starts now, or started some time ago."""
        now_ns = time.time_ns() - round(ago_s * 1e9)
        message = CoilStarted(
            line_id=line_id,
            coil_id=coil_id,
            started_at_ns=now_ns,
            budget_s=budget_s,
            cameras=(CAMERA,),
            width_mm=WIDTH_PX * MM_PER_PX,
        )
        self._tell(message)
        return Coil(coil_id, line_id, now_ns, message.deadline_at_ns)

    def expose(self, coil: Coil, encoded: bytes, *, ago_s: float = 0) -> None:
        """The next frame of the coil, exposed now, or some time ago."""
        header = FrameHeader(
            line_id=coil.line_id,
            coil_id=coil.coil_id,
            camera_id=CAMERA,
            frame_index=coil.sent,
            exposed_at_ns=time.time_ns() - round(ago_s * 1e9),
            deadline_at_ns=coil.deadline_at_ns,
            width_px=WIDTH_PX,
            height_px=HEIGHT_PX,
            encoding=Encoding.JPEG,
            mm_per_px_across=MM_PER_PX,
            mm_per_px_along=MM_PER_PX,
            position_mm=float(coil.sent * HEIGHT_PX * MM_PER_PX),
        )
        coil.sent += 1
        self._produce(topic(FRAMES, self._prefix), header.key, encoded, frame_headers(header))

    def end(self, coil: Coil) -> None:
        """Line control: its last metre has passed."""
        self._tell(
            CoilEnded(
                line_id=coil.line_id,
                coil_id=coil.coil_id,
                ended_at_ns=time.time_ns(),
                frames_by_camera={CAMERA: coil.sent},
                length_mm=coil.sent * HEIGHT_PX * MM_PER_PX,
            )
        )

    def finish(self) -> None:
        """Wait until the broker has all of it."""
        left = self._producer.flush(60)
        assert left == 0, f"{left} records were not taken by the broker"

    def _tell(self, message: CoilStarted | CoilEnded) -> None:
        encoded = encode(message)
        self._produce(topic(encoded.topic, self._prefix), encoded.key, encoded.value, encoded.headers)

    def _produce(self, name: str, key: bytes, value: bytes, headers: list[tuple[str, bytes]]) -> None:
        while True:
            try:
                self._producer.produce(name, value, key, headers=headers)
                break
            except BufferError:
                self._producer.poll(0.1)
        self._producer.poll(0)
