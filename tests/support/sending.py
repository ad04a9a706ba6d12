"""A broker that takes everything, and a clock that moves when told: what the simulator's seams need."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import simplejpeg

from contracts.frames import Encoding
from producer_sim.arrangement import Exposure
from producer_sim.manifest import Truth
from producer_sim.roll_marks import PutMark
from producer_sim.sources import Picture

START_NS = 1_800_000_000_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    topic: str
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes | None], ...]


@dataclass(slots=True)
class MemorySink:
    """Acknowledges at once, except the records whose number (from 0) is in `refuses`."""

    refuses: frozenset[int] = frozenset()
    sent: list[Sent] = field(default_factory=list)

    def send(
        self,
        topic_name: str,
        *,
        key: bytes | None,
        value: bytes | None,
        headers: Sequence[tuple[str, bytes | None]],
        acknowledged: Callable[[bool], None] | None = None,
    ) -> None:
        number = len(self.sent)
        self.sent.append(Sent(topic=topic_name, key=key, value=value, headers=tuple(headers)))
        if acknowledged is not None:
            acknowledged(number not in self.refuses)

    def idle(self, duration_s: float) -> None:
        raise AssertionError("nothing here waits")

    def of(self, topic: str) -> list[Sent]:
        return [record for record in self.sent if record.topic == topic]


class SteppedClock:
    """Moves by what somebody waits, and by hand."""

    def __init__(self) -> None:
        self.now_s = 500.0
        self.waits: list[float] = []

    def monotonic_s(self) -> float:
        return self.now_s

    def wall_ns(self) -> int:
        return START_NS + round((self.now_s - 500.0) * 1e9)

    def idle(self, duration_s: float) -> None:
        self.waits.append(duration_s)
        self.now_s += duration_s


class SmallSource:
    """32x64 JPEGs; every fourth frame shows class 3."""

    name = "small"
    width_px, height_px = 64, 32

    def __init__(self) -> None:
        self.passed: list[tuple[int, int]] = []

    def picture(self, exposure: Exposure) -> Picture:
        pixels = np.random.default_rng(exposure.serial).integers(0, 255, (32, 64, 1), dtype=np.uint8)
        encoded = simplejpeg.encode_jpeg(pixels, quality=90, colorspace="GRAY", colorsubsampling="Gray")
        return Picture(
            encoded=encoded,
            encoding=Encoding.JPEG,
            width_px=64,
            height_px=32,
            truth=Truth(classes=(3,) if exposure.serial % 4 == 0 else ()),
            origin=f"small/{exposure.serial}",
        )

    def marks_of(self, line: int, coil: int) -> tuple[PutMark, ...]:
        return ()

    def let_go(self, line: int, coil: int) -> None:
        self.passed.append((line, coil))
