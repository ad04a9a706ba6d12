"""One turn: a run of frames through one inspector, from JPEG bytes to regions, timed by part."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field

from model.bench.strip import decode_all
from model.inspector import Gated, Inspector, Pixels

Clock = Callable[[], float]
"""Seconds since some moment, as time.perf_counter and time.process_time."""


@dataclass(slots=True)
class Parts:
    """Seconds of one turn by one clock; they sum to the whole."""

    decode_s: float = 0.0
    gate_s: float = 0.0
    segment_s: float = 0.0

    @property
    def total_s(self) -> float:
        """All parts."""
        return self.decode_s + self.gate_s + self.segment_s


@dataclass(slots=True)
class Turn:
    """What one turn took: of the time that passed, and of the processor's, all threads together."""

    frames: int
    passed: int = 0
    time: Parts = field(default_factory=Parts)
    cpu: Parts = field(default_factory=Parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """What turns have in common: how many frames at a time, who decodes, which clocks."""

    gate_batch: int
    segment_batch: int
    decoders: Executor
    clock: Clock
    cpu_clock: Clock

    def take(self, inspector: Inspector, encoded: Sequence[bytes]) -> Turn:
        """Decode, gate, and segment what passed across gate batches; one part at a time."""
        turn, waiting = Turn(len(encoded)), _Waiting()
        began = self._clocks()
        for first in range(0, len(encoded), self.gate_batch):
            batch = encoded[first : first + self.gate_batch]
            frames = decode_all(batch, inspector.card.input, self.decoders)
            decoded = self._clocks()
            gated = inspector.gate(frames)
            scored = self._clocks()
            waiting.add(frames, gated, inspector.point.gate_threshold)
            last = first + self.gate_batch >= len(encoded)
            while len(waiting.frames) >= self.segment_batch or (last and waiting.frames):
                turn.passed += waiting.segment(inspector, self.segment_batch)
            ended = self._clocks()
            for index, parts in enumerate((turn.time, turn.cpu)):
                parts.decode_s += decoded[index] - began[index]
                parts.gate_s += scored[index] - decoded[index]
                parts.segment_s += ended[index] - scored[index]
            began = ended
        return turn

    def _clocks(self) -> tuple[float, float]:
        return self.clock(), self.cpu_clock()


@dataclass(slots=True)
class _Waiting:
    """Frames that passed and are not segmented yet."""

    frames: list[Pixels] = field(default_factory=list)
    gated: list[Gated] = field(default_factory=list)

    def add(self, frames: Sequence[Pixels], gated: Sequence[Gated], threshold: float) -> None:
        """Those at or above the threshold."""
        for frame, word in zip(frames, gated, strict=True):
            if word.score >= threshold:
                self.frames.append(frame)
                self.gated.append(word)

    def segment(self, inspector: Inspector, most: int) -> int:
        """The first `most`; how many they were."""
        frames, gated = self.frames[:most], self.gated[:most]
        del self.frames[:most], self.gated[:most]
        inspector.segment(frames, gated)
        return len(frames)
