"""The inference thread's two jobs, and how many of them may be under way."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass

from consumer.flight import Flight
from consumer.microbatch import Batch
from model.inspector import Gated, Inspector, Pixels, Region

BATCHES_DEEP = 2
"""One runs, one waits behind it, so the engine never idles while the owner thread is busy elsewhere."""


class ModelFailed(Exception):
    """A network raised. Nothing of the batch is published; the process ends and its restart reprocesses."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """What came out of a batch: one result a frame, in the batch's order."""

    gated: list[Gated] | None = None
    regions: list[tuple[Region, ...]] | None = None
    began_s: float
    ended_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class UnderWay:
    """A batch that was handed to the inference thread."""

    batch: Batch
    future: Future[Ran]


class Inference:
    """Runs batches on one thread, in the order they were submitted."""

    def __init__(
        self, *, inspector: Inspector, thread: Executor, clock: Callable[[], float], wake: Callable[[], None]
    ) -> None:
        self._inspector = inspector
        self._thread = thread
        self._clock = clock
        self._wake = wake
        self._under_way: list[UnderWay] = []

    @property
    def has_room(self) -> bool:
        """Whether another batch may be submitted."""
        return len(self._under_way) < BATCHES_DEEP

    @property
    def idle(self) -> bool:
        """Whether the model has nothing to do."""
        return not self._under_way

    def gate(self, batch: Batch) -> None:
        """Submit a batch to the gate."""
        frames = [_pixels(flight) for flight in batch.flights]
        self._submit(batch, lambda: self._run_gate(frames))

    def segment(self, batch: Batch) -> None:
        """Submit a batch that passed the gate to the segmenter."""
        frames = [_pixels(flight) for flight in batch.flights]
        gated = [_gated(flight) for flight in batch.flights]
        self._submit(batch, lambda: self._run_segmenter(frames, gated))

    def collect(self) -> list[tuple[Batch, Ran]]:
        """The batches that are done, in order. Raises ModelFailed."""
        done: list[tuple[Batch, Ran]] = []
        while self._under_way and self._under_way[0].future.done():
            under_way = self._under_way.pop(0)
            try:
                done.append((under_way.batch, under_way.future.result()))
            except Exception as failure:
                raise ModelFailed(
                    f"a batch of {len(under_way.batch.flights)} frames failed: {failure}"
                ) from failure
        return done

    def _submit(self, batch: Batch, run: Callable[[], Ran]) -> None:
        future = self._thread.submit(run)
        future.add_done_callback(lambda _: self._wake())
        self._under_way.append(UnderWay(batch=batch, future=future))

    def _run_gate(self, frames: Sequence[Pixels]) -> Ran:
        began = self._clock()
        gated = self._inspector.gate(frames)
        _same_length(frames, gated)
        return Ran(gated=gated, began_s=began, ended_s=self._clock())

    def _run_segmenter(self, frames: Sequence[Pixels], gated: Sequence[Gated]) -> Ran:
        began = self._clock()
        regions = self._inspector.segment(frames, gated)
        _same_length(frames, regions)
        return Ran(regions=regions, began_s=began, ended_s=self._clock())


def _same_length(frames: Sequence[Pixels], results: Sequence[object]) -> None:
    if len(frames) != len(results):
        raise ValueError(f"{len(frames)} frames went in, {len(results)} results came out")


def _pixels(flight: Flight) -> Pixels:
    if flight.pixels is None:
        raise RuntimeError(f"a frame reached a network without pixels: {flight.log_identity}")
    return flight.pixels


def _gated(flight: Flight) -> Gated:
    if flight.gated is None:
        raise RuntimeError(f"a frame reached the segmenter before the gate: {flight.log_identity}")
    return flight.gated
