"""From record to fate: decode, gate, segment. Kafka is not known here, nor the order of offsets.

The owner thread calls everything; what takes time runs as futures that `advance()` collects.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor, Future

from consumer.flight import Flight
from consumer.inference import Inference, Ran
from consumer.intake import Decoded, Intake
from consumer.ladder import Ladder, Rung
from consumer.microbatch import Batch, BatchPolicy, MicroBatcher
from consumer.ports import Clocks, Record
from contracts.results import Fate
from monitoring.worker_metrics import WorkerMetrics


class Pipeline:
    """Frames between the source and the sink. `weigh` is told each flight's new weight in bytes."""

    def __init__(
        self,
        *,
        intake: Intake,
        decode_pool: Executor,
        inference: Inference,
        gate_policy: BatchPolicy,
        segment_policy: BatchPolicy,
        gate_threshold: float,
        ladder: Ladder,
        clocks: Clocks,
        metrics: WorkerMetrics,
        wake: Callable[[], None],
        weigh: Callable[[Flight, int], None],
    ) -> None:
        self._intake = intake
        self._decode_pool = decode_pool
        self._inference = inference
        self._gate_batcher = MicroBatcher(gate_policy)
        self._segment_batcher = MicroBatcher(segment_policy)
        self._gate_threshold = gate_threshold
        self._ladder = ladder
        self._clocks = clocks
        self._metrics = metrics
        self._wake = wake
        self._weigh = weigh
        self._decoding: deque[tuple[Flight, Future[Decoded]]] = deque()

    @property
    def busy(self) -> bool:
        """Whether a future is under way that will wake the owner."""
        return bool(self._decoding) or not self._inference.idle

    def time_left_s(self) -> float | None:
        """Until a waiting batch must go; None when none waits or the model could not take it."""
        if not self._inference.has_room:
            return None
        now_s = self._clocks.monotonic_s()
        left = [batcher.time_left_s(now_s) for batcher in (self._gate_batcher, self._segment_batcher)]
        return min((s for s in left if s is not None), default=None)

    def begin(self, flight: Flight, record: Record) -> None:
        """Start to decode."""
        future = self._decode_pool.submit(self._intake.decode, record)
        future.add_done_callback(lambda _: self._wake())
        self._decoding.append((flight, future))

    def advance(self, *, more_comes: bool, draining: bool) -> None:
        """Collect what is done, submit what should go. Raises ModelFailed."""
        self._collect_decodes()
        self._collect_batches()
        self._submit_batches(more_comes=more_comes, draining=draining)

    def discard_dropped(self) -> None:
        """Forget the frames that were dropped; futures that still run for them are ignored when they end."""
        self._gate_batcher.discard_dropped()
        self._segment_batcher.discard_dropped()

    def _collect_decodes(self) -> None:
        running: deque[tuple[Flight, Future[Decoded]]] = deque()
        for flight, future in self._decoding:
            if not future.done():
                running.append((flight, future))
            elif not flight.dropped:
                self._decoded(flight, future.result())
        self._decoding = running

    def _decoded(self, flight: Flight, decoded: Decoded) -> None:
        flight.marks.decoded_s = decoded.decoded_s
        flight.header = decoded.header
        flight.marks.exposed_at_ns = None if decoded.header is None else decoded.header.exposed_at_ns
        if decoded.pixels is None:
            flight.rejection, flight.readable = decoded.rejection, decoded.readable
            flight.finish(Fate.DEAD_LETTERED)
            return
        flight.pixels = decoded.pixels
        flight.record = None
        self._weigh(flight, decoded.pixels.nbytes)
        self._gate_batcher.add(flight, self._clocks.monotonic_s())

    def _collect_batches(self) -> None:
        for batch, ran in self._inference.collect():
            if ran.gated is not None:
                self._gate_done(batch, ran)
            else:
                self._segment_done(batch, ran)

    def _gate_done(self, batch: Batch, ran: Ran) -> None:
        now_s = self._clocks.monotonic_s()
        for flight, gated in zip(batch.flights, ran.gated or (), strict=True):
            if flight.dropped:
                continue
            flight.marks.gate_began_s, flight.marks.gate_ended_s = ran.began_s, ran.ended_s
            flight.gated = gated
            self._metrics.gate_score.observe(gated.score)
            if gated.score < self._gate_threshold:
                self._finish(flight, Fate.CLEAN)
            elif self._ladder.rung is Rung.GATE_ONLY:
                self._finish(flight, Fate.UNSEGMENTED)
            else:
                self._segment_batcher.add(flight, now_s)

    def _segment_done(self, batch: Batch, ran: Ran) -> None:
        for flight, regions in zip(batch.flights, ran.regions or (), strict=True):
            if flight.dropped:
                continue
            flight.marks.segment_began_s, flight.marks.segment_ended_s = ran.began_s, ran.ended_s
            flight.regions = regions
            self._finish(flight, Fate.DEFECTIVE)

    def _finish(self, flight: Flight, fate: Fate) -> None:
        flight.finish(fate)
        self._weigh(flight, 0)

    def _submit_batches(self, *, more_comes: bool, draining: bool) -> None:
        """The segmenter first: its frames are older, and hold back the offsets behind them."""
        while self._inference.has_room:
            now_s, wall_ns = self._clocks.monotonic_s(), self._clocks.wall_ns()
            idle = self._inference.idle and not self._decoding and not more_comes
            batch = self._segment_batcher.release(
                now_s, wall_ns, idle=idle and not len(self._gate_batcher), draining=draining
            )
            if batch is not None:
                self._inference.segment(batch)
                self._metrics.observe_batch("segmenter", len(batch.flights), batch.reason)
                continue
            batch = self._gate_batcher.release(now_s, wall_ns, idle=idle, draining=draining)
            if batch is None:
                return
            self._inference.gate(batch)
            self._metrics.observe_batch("gate", len(batch.flights), batch.reason)
