"""The worker: one owner thread, no locks.

It takes records, lets the pipeline find each frame's fate, publishes in offset order and commits when due.
`step()` does one turn and never blocks for longer than a poll, so tests drive it by hand.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass

from consumer.backpressure import BackPressure
from consumer.deadline_watch import DeadlineWatch
from consumer.flight import Flight, Marks
from consumer.inference import Inference
from consumer.intake import Intake
from consumer.ladder import Ladder
from consumer.microbatch import BatchPolicy
from consumer.offsets import OffsetOrder
from consumer.outbox import Outbox
from consumer.pipeline import Pipeline
from consumer.ports import Clocks, CommitInDoubt, Record, RecordSource, ResultSink, TransactionAborted
from consumer.publishing import Publishes
from model.inspector import Inspector
from monitoring.health import Health
from monitoring.worker_metrics import WorkerMetrics

log = logging.getLogger(__name__)


class TooManyRejected(Exception):
    """So many dead letters in a row that the fault is probably ours: a bad release must not drain a topic."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerPolicy:
    """The worker's knobs; `consumer.settings` explains those that a user sets."""

    gate: BatchPolicy
    segment: BatchPolicy
    commit_interval_s: float
    commit_max_frames: int
    high_bytes: int
    low_bytes: int
    drain_timeout_s: float
    max_rejected_in_a_row: int
    take_max_records: int = 32
    poll_s: float = 0.05
    busy_wait_s: float = 0.005
    hold_before_pause_s: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Threads:
    """Who does the work that the owner thread only collects. `inference` must run one job at a time."""

    decode: Executor
    inference: Executor


class Worker:
    """Takes frames from a source, inspects them, gives results to a sink, exactly once."""

    def __init__(
        self,
        *,
        source: RecordSource,
        sink: ResultSink[int],
        inspector: Inspector,
        publishing: Publishes,
        policy: WorkerPolicy,
        threads: Threads,
        clocks: Clocks,
        ladder: Ladder,
        metrics: WorkerMetrics,
        health: Health,
        watch: DeadlineWatch | None = None,
        on_committed: Callable[[Flight], None] | None = None,
        work: str = "frames",
    ) -> None:
        """`watch` predicts, and tells the `ladder`; `on_committed` hears of each frame, once it is.

        `work` says in the log which of a process's workers speaks.
        """
        self._source = source
        self._sink = sink
        self._publishing = publishing
        self._policy = policy
        self._clocks = clocks
        self._metrics = metrics
        self._health = health
        self._watch = watch
        self._on_committed = on_committed
        self._work = work
        self._wake = threading.Event()
        self._order = OffsetOrder()
        self._pressure = BackPressure(high_bytes=policy.high_bytes, low_bytes=policy.low_bytes)
        metrics.set_classes({c.class_id: c.name for c in inspector.card.classes})
        self._pipeline = Pipeline(
            intake=Intake(inspector.card.input, clocks.monotonic_s),
            decode_pool=threads.decode,
            inference=Inference(
                inspector=inspector, thread=threads.inference, clock=clocks.monotonic_s, wake=self._wake.set
            ),
            gate_policy=policy.gate,
            segment_policy=policy.segment,
            gate_threshold=inspector.point.gate_threshold,
            ladder=ladder,
            clocks=clocks,
            metrics=metrics,
            wake=self._wake.set,
            weigh=self._weigh,
        )
        self._published: list[Flight] = []
        self._outbox = Outbox()
        self._transaction_began_s = 0.0
        self._took_records = False
        self._held_since_s: float | None = None
        self._paused = False
        self._rejected_in_a_row = 0
        self._abandoned = False

    # --- what the application calls ---

    def join(self) -> None:
        """Join the group. The model must be warm by now: from here on, others count on this worker."""
        self._source.join(self)

    def step(self, longest_wait_s: float | None = None) -> None:
        """One turn. Raises ModelFailed, TooManyRejected, Fenced; anything else that it raises is a bug.

        With nothing to do it waits for records as long as the policy says, or less.
        """
        self._take_records(self._policy.poll_s if longest_wait_s is None else longest_wait_s)
        self._look_ahead()
        self._advance(draining=False)
        self._commit_if_due()
        self._health.turned()

    def drain(self) -> bool:
        """Finish and commit what is in flight, within the drain timeout. Whether all of it was done."""
        if self._watch is not None:
            self._outbox.add(self._watch.stop())
        done = self._drain(tuple(self._order.assigned))
        if not done:
            log.warning(
                "drain timed out, the rest is the next worker's",
                extra={"work": self._work, "frames": len(self._order)},
            )
        return done

    def abandon(self) -> None:
        """Commit nothing any more, what is in flight is the next worker's: said before leaving the group."""
        self._abandoned = True

    @property
    def frames_in_flight(self) -> int:
        """Frames taken and not yet committed."""
        return len(self._order) + len(self._published)

    # --- partitions come and go: PartitionsListener, called inside RecordSource.take ---

    def partitions_assigned(self, partitions: Sequence[int]) -> None:
        """Begin with these."""
        self._order.assign(partitions)
        if self._watch is not None:
            self._watch.partitions_assigned()
        self._metrics.assigned_partitions.set(len(self._order.assigned))
        self._health.joined = True
        log.info("partitions assigned", extra={"work": self._work, "partitions": sorted(partitions)})

    def partitions_revoked(self, partitions: Sequence[int]) -> None:
        """Bounded drain, commit, let go."""
        done = not self._abandoned and self._drain(partitions)
        self._let_go(partitions)
        said = {"work": self._work, "partitions": sorted(partitions), "drained": done}
        log.info("partitions revoked", extra=said)

    def partitions_lost(self, partitions: Sequence[int]) -> None:
        """Drop, never commit. The open transaction may hold results of theirs, so it goes too."""
        self._let_go(partitions)
        if not self._abandoned:
            self._start_over()
        log.warning("partitions lost", extra={"work": self._work, "partitions": sorted(partitions)})

    def _let_go(self, partitions: Sequence[int]) -> None:
        self._drop(self._order.unassign(partitions))
        self._metrics.assigned_partitions.set(len(self._order.assigned))

    # --- take ---

    def _take_records(self, longest_wait_s: float) -> None:
        busy = self._pipeline.busy
        if busy or self._pressure.holding:
            self._wake.wait(
                min(self._policy.busy_wait_s, self._pipeline.time_left_s() or self._policy.busy_wait_s)
            )
            self._wake.clear()
        if self._holds():
            self._took_records = False
            return
        # With futures under way the wait was above; with a transaction open the next commit is soon.
        waiting_s = self._policy.busy_wait_s if self.frames_in_flight else longest_wait_s
        records = self._source.take(self._policy.take_max_records, 0.0 if busy else waiting_s)
        self._took_records = bool(records)
        for record in records:
            self._accept(record)

    def _holds(self) -> bool:
        """Whether back-pressure forbids to poll.

        A short hold does not poll at all, which keeps what was prefetched. A long one pauses, so that
        polling can go on and the group does not think us dead.
        """
        if not self._pressure.holding:
            if self._paused:
                self._source.resume()
                self._paused = False
            self._held_since_s = None
            return False
        now_s = self._clocks.monotonic_s()
        if self._held_since_s is None:
            self._held_since_s = now_s
            self._metrics.holds.inc()
        if now_s - self._held_since_s < self._policy.hold_before_pause_s:
            return True
        if not self._paused:
            self._source.pause()
            self._paused = True
        return False

    def _accept(self, record: Record) -> None:
        if record.partition not in self._order.assigned:
            return  # let go while this turn was taking: its new owner reads it
        flight = Flight(
            topic=record.topic,
            partition=record.partition,
            offset=record.offset,
            record=record,
            marks=Marks(taken_s=self._clocks.monotonic_s(), taken_at_ns=self._clocks.wall_ns()),
            weight_bytes=0,
            origin=record.origin,
        )
        self._order.take(flight)
        self._weigh(flight, len(record.value or b""))
        self._pipeline.begin(flight, record)

    def _weigh(self, flight: Flight, weight_bytes: int) -> None:
        self._pressure.add(weight_bytes - flight.weight_bytes)
        flight.weight_bytes = weight_bytes

    def _look_ahead(self) -> None:
        if self._watch is not None and self._watch.due:
            alarms = self._watch.look(
                backlog=self._source.backlog(), in_flight=self.frames_in_flight, flights=self._order.flights()
            )
            self._outbox.add(alarms)

    def _show_what_is_in_flight(self) -> None:
        self._metrics.frames_in_flight.set(len(self._order))
        self._metrics.bytes_in_flight.set(self._pressure.bytes_in_flight)

    # --- inspect and publish ---

    def _advance(self, *, draining: bool) -> None:
        self._pipeline.advance(more_comes=self._took_records and not draining, draining=draining)
        self._publish_or_start_over()

    def _publish_or_start_over(self) -> None:
        try:
            self._publish()
        except TransactionAborted as aborted:
            self._start_over(aborted)

    def _publish(self) -> None:
        if self._outbox.waits and self._sink.has_room():
            self._open_transaction()
            self._outbox.publish(self._sink)
        while self._sink.has_room():
            flight = self._order.pop_finished()
            if flight is None:
                break
            self._refuse_a_run_of_rejections(flight)
            self._open_transaction()
            self._published.append(flight)
            for message in self._publishing.messages(flight):
                self._sink.publish(message)
            self._weigh(flight, 0)
            flight.record = None
        self._show_what_is_in_flight()

    @property
    def _transaction_open(self) -> bool:
        return bool(self._published) or self._outbox.in_transaction

    def _open_transaction(self) -> None:
        if not self._transaction_open:
            self._transaction_began_s = self._clocks.monotonic_s()

    def _refuse_a_run_of_rejections(self, flight: Flight) -> None:
        self._rejected_in_a_row = 0 if flight.rejection is None else self._rejected_in_a_row + 1
        if self._rejected_in_a_row > self._policy.max_rejected_in_a_row:
            raise TooManyRejected(
                f"{self._rejected_in_a_row} frames in a row could not be inspected, the last one "
                f"(partition {flight.partition}, offset {flight.offset}) because of {flight.rejection}"
            )

    # --- commit, or start over ---

    def _commit_if_due(self) -> None:
        if not self._transaction_open:
            return
        age_s = self._clocks.monotonic_s() - self._transaction_began_s
        if age_s >= self._policy.commit_interval_s or len(self._published) >= self._policy.commit_max_frames:
            self._commit()

    def _commit(self) -> None:
        """Commit what was published. When the broker is away it stays published, for the next call."""
        positions = self._order.uncommitted()
        began_s = self._clocks.monotonic_s()
        try:
            if not self._sink.commit(positions, self._source.group_metadata()):
                return
        except TransactionAborted as aborted:
            self._start_over(aborted)
            return
        committed_s = self._clocks.monotonic_s()
        self._order.committed(positions)
        for partition, offset in positions.items():
            self._metrics.set_position(partition, offset)
        self._metrics.commits["committed"].inc()
        self._metrics.commit_seconds.observe(committed_s - began_s)
        for flight in self._published:
            self._count(flight, committed_s)
        if self._watch is not None and self._published:
            self._watch.committed(len(self._published))
        self._published.clear()
        self._outbox.committed()

    def _count(self, flight: Flight, committed_s: float) -> None:
        metrics, who = self._metrics, flight.identity
        camera = metrics.camera() if who is None else metrics.camera(who.line_id, who.camera_id)
        if flight.fate is not None:
            camera.frames[flight.fate].inc()
        if flight.regions:
            camera.count_classes(region.class_id for region in flight.regions)
        if flight.rejection is not None:
            metrics.dead_letters[flight.rejection.reason].inc()
        stages = flight.marks.stages(committed_s)
        metrics.observe_frame(camera, stages, sum(stages), flight.trace_id)
        if self._on_committed is not None:
            self._on_committed(flight)

    def _start_over(self, why: TransactionAborted | None = None) -> None:
        """Abort, drop what is in flight, read again from the last commit."""
        if self._sink.commit_pending:
            self._resolve_commit()
        if why is not None:
            said = {"work": self._work, "why": str(why)}
            log.warning("transaction aborted, going back to the last commit", extra=said)
        self._sink.abort()
        self._metrics.commits["aborted"].inc()
        self._published.clear()
        self._outbox.aborted()
        self._rejected_in_a_row = 0
        positions, flights = self._order.rewind()
        self._drop(flights)
        self._source.rewind(positions)

    def _resolve_commit(self) -> None:
        """Find out how the commit under way ended. Raises CommitInDoubt when that takes too long."""
        ends_s = self._clocks.monotonic_s() + self._policy.drain_timeout_s
        while self._sink.commit_pending:
            if self._clocks.monotonic_s() >= ends_s:
                raise CommitInDoubt(
                    f"the broker did not say within {self._policy.drain_timeout_s:g} s whether it committed"
                )
            self._commit()

    def _drop(self, flights: Sequence[Flight]) -> None:
        for flight in flights:
            self._weigh(flight, 0)
        self._pipeline.discard_dropped()
        self._show_what_is_in_flight()

    def _drain(self, partitions: Sequence[int]) -> bool:
        """Finish and commit what these partitions have in flight, within the drain timeout."""
        ends_s = self._clocks.monotonic_s() + self._policy.drain_timeout_s
        while self._order.in_flight(partitions) and self._clocks.monotonic_s() < ends_s:
            self._advance(draining=True)
            if self._order.in_flight(partitions):
                self._wake.wait(self._policy.busy_wait_s)
                self._wake.clear()
        finished = not self._order.in_flight(partitions)
        self._publish_or_start_over()
        while self._transaction_open:
            self._commit()
            if self._transaction_open and self._clocks.monotonic_s() >= ends_s:
                self._start_over()
                return False
        return finished
