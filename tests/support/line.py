"""A line in memory: the worker's seams with a broker's promises and none of its waiting."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor, Future
from typing import Any

import numpy as np
import simplejpeg
from numpy.typing import NDArray
from prometheus_client import CollectorRegistry

from consumer.deadline_alarm import DeadlineAlarm
from consumer.deadline_ladder import DeadlineLadder, LadderPolicy
from consumer.deadline_watch import DeadlineWatch
from consumer.forecast import Forecast
from consumer.ladder import AlwaysFull, Ladder
from consumer.microbatch import BatchPolicy
from consumer.ports import Clocks, Fenced, Outgoing, PartitionsListener, Record, TransactionAborted
from consumer.publishing import Publishing
from consumer.worker import Threads, Worker, WorkerPolicy
from contracts.alarms import Alarm
from contracts.codec import decode, frame_headers
from contracts.frames import Encoding, FrameHeader
from contracts.results import DefectEvent, Inspection
from contracts.topics import ALARMS, DEAD_LETTERS, DEFECTS, FRAMES, INSPECTIONS
from model.card import (
    FORMAT_VERSION,
    Card,
    DefectClass,
    GateSpec,
    InputSpec,
    MaskRule,
    OperatingPoint,
    Preset,
    SegmenterSpec,
)
from model.inspector import Gated, Inspector, Pixels, Region
from monitoring.health import Health
from monitoring.worker_metrics import WorkerMetrics
from tests.support.samples import summed

WIDTH_PX, HEIGHT_PX = 64, 32
START_NS = 1_800_000_000_000_000_000

POINT = OperatingPoint(
    gate_threshold=0.5,
    masks=(MaskRule(top_threshold=0.5, bottom_threshold=0.5, min_area_px=1),) * 2,
    chosen={},
)

CARD = Card(
    format_version=FORMAT_VERSION,
    name="in-memory",
    design="separate",
    created_at="2026-01-01T00:00:00Z",
    classes=(DefectClass(class_id=1, name="pitted"), DefectClass(class_id=2, name="crack")),
    input=InputSpec(width_px=WIDTH_PX, height_px=HEIGHT_PX, reduce=1, mean=0, std=1),
    gate=GateSpec(architecture="brightness", encoder="none"),
    segmenter=SegmenterSpec(architecture="brightness", encoder="none"),
    engines=(),
    data={},
    presets={"line": Preset(gate="gate", operating_points={"plant": POINT}, metrics={})},
    score_distribution={},
    files={},
)


class Clock:
    """Time that moves when told."""

    def __init__(self) -> None:
        self.now_s = 1000.0

    def monotonic_s(self) -> float:
        return self.now_s

    def wall_ns(self) -> int:
        return START_NS + round((self.now_s - 1000.0) * 1e9)

    def pass_s(self, seconds: float) -> None:
        self.now_s += seconds


class AtOnce(Executor):
    """Runs a job where it is submitted."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as failure:
            future.set_exception(failure)
        return future


class OnDemand(Executor):
    """Keeps jobs until a test runs them, in any order it likes."""

    def __init__(self) -> None:
        self.jobs: deque[tuple[Future[Any], Callable[[], Any]]] = deque()

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        self.jobs.append((future, lambda: fn(*args, **kwargs)))
        return future

    def run(self, index: int = 0) -> None:
        future, job = self.jobs[index]
        del self.jobs[index]
        try:
            future.set_result(job())
        except Exception as failure:
            future.set_exception(failure)

    def run_all(self) -> None:
        while self.jobs:
            self.run()


class BrightnessInspector(Inspector):
    """Scores a frame by its mean grey level: 0 is clean, 255 is surely defective."""

    card = CARD
    point = POINT

    def __init__(self) -> None:
        self.gate_batches: list[int] = []
        self.segment_batches: list[int] = []
        self.fails = False

    def gate(self, frames: Sequence[Pixels]) -> list[Gated]:
        if self.fails:
            raise RuntimeError("out of memory")
        self.gate_batches.append(len(frames))
        return [Gated(score=round(float(f.mean()) / 255, 3)) for f in frames]

    def segment(self, frames: Sequence[Pixels], gated: Sequence[Gated]) -> list[tuple[Region, ...]]:
        self.segment_batches.append(len(frames))
        region = Region(
            class_id=2, score=0.9, area_px=4, row_min=1, col_min=2, row_max=2, col_max=3, rle="66 2 98 2"
        )
        return [(region,) for _ in frames]

    def probabilities(self, frames: Sequence[Pixels]) -> list[NDArray[np.float32]]:
        raise NotImplementedError("the line never asks for them")

    def warm_up(self) -> None:
        pass


class CostlyInspector(BrightnessInspector):
    """Takes time, on a clock that moves when told."""

    def __init__(self, clock: Clock, *, gate_s: float, segment_s: float) -> None:
        super().__init__()
        self._clock = clock
        self.gate_s, self.segment_s = gate_s, segment_s

    def gate(self, frames: Sequence[Pixels]) -> list[Gated]:
        self._clock.pass_s(self.gate_s * len(frames))
        return super().gate(frames)

    def segment(self, frames: Sequence[Pixels], gated: Sequence[Gated]) -> list[tuple[Region, ...]]:
        self._clock.pass_s(self.segment_s * len(frames))
        return super().segment(frames, gated)


class MemorySource:
    """One topic in memory, read by one member of a group."""

    def __init__(self, partitions: int = 2) -> None:
        self.log: dict[int, list[Record]] = {p: [] for p in range(partitions)}
        self.position: dict[int, int] = {}
        self.rewinds: list[dict[int, int]] = []
        self.paused = False
        self.pauses = 0
        self.waits_s: list[float] = []
        self._listener: PartitionsListener | None = None

    def append(self, partition: int, **fields: Any) -> Record:
        record = Record(topic=FRAMES, partition=partition, offset=len(self.log[partition]), **fields)
        self.log[partition].append(record)
        return record

    def join(self, listener: PartitionsListener) -> None:
        self._listener = listener
        self.assign(*self.log)

    def assign(self, *partitions: int, at: Mapping[int, int] | None = None) -> None:
        assert self._listener is not None
        for partition in partitions:
            self.position[partition] = (at or {}).get(partition, 0)
        self._listener.partitions_assigned(list(partitions))

    def revoke(self, *partitions: int) -> None:
        assert self._listener is not None
        self._listener.partitions_revoked(list(partitions))
        for partition in partitions:
            del self.position[partition]

    def lose(self, *partitions: int) -> None:
        assert self._listener is not None
        for partition in partitions:
            del self.position[partition]
        self._listener.partitions_lost(list(partitions))

    def take(self, max_records: int, timeout_s: float) -> list[Record]:
        self.waits_s.append(timeout_s)
        records: list[Record] = []
        for partition, position in self.position.items():
            if self.paused:
                break
            batch = self.log[partition][position : position + max_records - len(records)]
            self.position[partition] += len(batch)
            records += batch
        return records

    def rewind(self, positions: Mapping[int, int]) -> None:
        self.rewinds.append(dict(positions))
        for partition, offset in positions.items():
            if partition in self.position:
                self.position[partition] = offset

    def pause(self) -> None:
        self.paused = True
        self.pauses += 1

    def resume(self) -> None:
        self.paused = False

    def backlog(self) -> int | None:
        return sum(len(self.log[p]) - position for p, position in self.position.items())

    def group_metadata(self) -> object:
        return "member-1"

    def close(self) -> None:
        self.position.clear()


class MemorySink:
    """Transactions in memory: what is committed is visible, all of it or none."""

    def __init__(self) -> None:
        self.committed: list[Outgoing] = []
        self.positions: dict[int, int] = {}
        self.open: list[Outgoing] = []
        self.commits = 0
        self.broker_away = False
        self.abort_next: str | None = None
        self.fence_next = False
        self.commit_pending = False

    def has_room(self) -> bool:
        return not self.broker_away

    def publish(self, message: Outgoing) -> None:
        self.open.append(message)

    def commit(self, positions: Mapping[int, int], group: object) -> bool:
        assert group == "member-1"
        if self.fence_next:
            raise Fenced("another worker")
        if self.abort_next:
            why, self.abort_next = self.abort_next, None
            raise TransactionAborted(why)
        self.commit_pending = self.broker_away
        if self.broker_away:
            return False
        self.committed += self.open
        self.open = []
        self.positions.update(positions)
        self.commits += 1
        return True

    def abort(self) -> None:
        self.open = []

    def close(self) -> None:
        self.abort()

    def on(self, topic: str) -> list[Outgoing]:
        return [m for m in self.committed if m.topic == topic]

    @property
    def inspections(self) -> list[Inspection]:
        found = [decode(m.headers, m.value) for m in self.on(INSPECTIONS)]
        assert all(isinstance(m, Inspection) for m in found)
        return found  # type: ignore[return-value]

    @property
    def defects(self) -> list[DefectEvent]:
        return [decode(m.headers, m.value) for m in self.on(DEFECTS)]  # type: ignore[misc]

    @property
    def dead_letters(self) -> list[Outgoing]:
        return self.on(DEAD_LETTERS)

    @property
    def alarms(self) -> list[Alarm]:
        return [decode(m.headers, m.value) for m in self.on(ALARMS)]  # type: ignore[misc]


def header(frame_index: int, **changes: Any) -> FrameHeader:
    """A frame header that is right, but for the changes."""
    fields: dict[str, Any] = {
        "line_id": "line-1",
        "coil_id": "coil-1",
        "camera_id": "top",
        "frame_index": frame_index,
        "mm_per_px_across": 0.5,
        "mm_per_px_along": 0.5,
        "position_mm": frame_index * 16.0,
        "exposed_at_ns": START_NS - 1_000_000_000,
        "deadline_at_ns": START_NS + 300_000_000_000,
        "width_px": WIDTH_PX,
        "height_px": HEIGHT_PX,
        "encoding": Encoding.JPEG,
    }
    return FrameHeader(**{**fields, **changes})


def jpeg(grey: int = 0) -> bytes:
    """A flat frame; `grey` / 255 is its gate score."""
    pixels = np.full((HEIGHT_PX, WIDTH_PX, 1), grey, np.uint8)
    return bytes(simplejpeg.encode_jpeg(pixels, quality=95, colorspace="GRAY"))


class Line:
    """A worker between a memory source and a memory sink; with `deadline` it minds the coils' deadlines."""

    def __init__(
        self,
        *,
        ladder: Ladder | None = None,
        deadline: LadderPolicy | None = None,
        partitions: int = 2,
        **policy: Any,
    ) -> None:
        self.clock = Clock()
        self.source = MemorySource(partitions)
        self.sink = MemorySink()
        self.inspector = BrightnessInspector()
        self.decode: Executor = AtOnce()
        self.inference: Executor = AtOnce()
        self.registry = CollectorRegistry()
        self.metrics = WorkerMetrics(self.registry)
        self.health = Health(self.clock.monotonic_s, 30)
        self._ladder = ladder or AlwaysFull()
        self._deadline = deadline
        self.watch: DeadlineWatch | None = None
        self._policy = policy
        self.worker = self._build()

    def _build(self) -> Worker:
        self.policy = self._policy_with()
        self.watch = None if self._deadline is None else self._mind(self._deadline)
        return Worker(
            source=self.source,
            sink=self.sink,
            inspector=self.inspector,
            publishing=Publishing(
                card=CARD,
                point=POINT,
                bundle="in-memory@0",
                topic_prefix="",
                wall_clock_ns=self.clock.wall_ns,
            ),
            policy=self.policy,
            threads=Threads(decode=self.decode, inference=self.inference),
            clocks=self.clocks,
            ladder=self._ladder,
            metrics=self.metrics,
            health=self.health,
            watch=self.watch,
        )

    def _policy_with(self) -> WorkerPolicy:
        batch = BatchPolicy(max_frames=4, max_wait_s=0.02, urgent_slack_s=5)
        policy: dict[str, Any] = {
            "gate": batch,
            "segment": batch,
            "commit_interval_s": 0.2,
            "commit_max_frames": 1000,
            "high_bytes": 10_000_000,
            "low_bytes": 5_000_000,
            "drain_timeout_s": 1.0,
            "max_rejected_in_a_row": 50,
            "busy_wait_s": 0.0,
        }
        return WorkerPolicy(**{**policy, **self._policy})

    @property
    def clocks(self) -> Clocks:
        return Clocks(monotonic_s=self.clock.monotonic_s, wall_ns=self.clock.wall_ns)

    def _mind(self, policy: LadderPolicy) -> DeadlineWatch:
        ladder = DeadlineLadder(policy, self.clock.monotonic_s)
        self._ladder = ladder
        return DeadlineWatch(
            forecast=Forecast(self.clocks),
            ladder=ladder,
            alarm=DeadlineAlarm(
                worker_name="worker-1",
                steps=policy.steps,
                topic_prefix="",
                wall_clock_ns=self.clock.wall_ns,
            ),
            clocks=self.clocks,
            metrics=self.metrics,
        )

    def rebuild(self) -> None:
        """A worker as after a restart or with other executors; the topics and what was committed stay."""
        self.worker = self._build()

    def send(self, frame_index: int, grey: int = 0, *, partition: int = 0, **changes: Any) -> Record:
        """Put a right frame on the topic."""
        frame = header(frame_index, **changes)
        return self.source.append(
            partition, key=frame.identity.key, value=jpeg(grey), headers=frame_headers(frame)
        )

    def run(self, steps: int = 6, pass_s: float = 0.1) -> None:
        """Some turns, with time passing between them."""
        for _ in range(steps):
            self.worker.step()
            self.clock.pass_s(pass_s)

    def metric(self, name: str, **labels: str) -> float:
        """A sample of the worker's registry, summed over the labels that are not named."""
        return summed(self.registry, name, **labels)
