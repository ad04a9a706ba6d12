"""A worker in memory that amends: it reads the work list that another one wrote."""

from __future__ import annotations

from collections.abc import Sequence

from prometheus_client import CollectorRegistry

from consumer.amendments import Amending, EveryFrame, amending_policy, count_into
from consumer.ladder import AlwaysFull
from consumer.ports import Record
from consumer.publishing import Publishing
from consumer.unsegmented import UnsegmentedSource
from consumer.worker import Threads, Worker
from contracts.results import RecordId
from contracts.topics import UNSEGMENTED
from monitoring.health import Health
from monitoring.worker_metrics import WorkerMetrics
from tests.support.line import CARD, POINT, Line, MemorySink, MemorySource


class MemoryFrames:
    """A `FrameReader` over a memory source's log; answers on the next call. What is in `gone` is gone."""

    def __init__(self, source: MemorySource) -> None:
        self._source = source
        self._wanted: list[RecordId] = []
        self.gone: set[tuple[int, int]] = set()
        self.asked: list[list[int]] = []
        self.silent = False
        self.closed = False

    def ask(self, places: Sequence[RecordId]) -> None:
        self._wanted = list(places)
        self.asked.append([place.offset for place in places])

    def answers(self) -> dict[RecordId, Record | None]:
        if self.silent:
            return {}
        wanted, self._wanted = self._wanted, []
        return {place: self._frame(place) for place in wanted}

    def close(self) -> None:
        self.closed = True

    def _frame(self, place: RecordId) -> Record | None:
        where = (place.partition, place.offset)
        return None if where in self.gone else self._source.log[place.partition][place.offset]


class AmendingLine:
    """Beside a `Line`: same topics, same model, its own group, its own sink, and slack as a test wants it."""

    def __init__(self, line: Line) -> None:
        self.line = line
        self.slack = True
        self.sink = MemorySink()
        self.work_list = MemorySource(1)
        self.frames = MemoryFrames(line.source)
        self._listed = 0
        self.worker = self._build()

    def _build(self) -> Worker:
        line = self.line
        self.source = UnsegmentedSource(
            work_list=self.work_list,
            frames=self.frames,
            has_slack=lambda: self.slack,
            clock=self.line.clock.monotonic_s,
            most_waiting=64,
        )
        publishing = Publishing(
            card=CARD, point=POINT, bundle="in-memory@0", topic_prefix="", wall_clock_ns=line.clock.wall_ns
        )
        return Worker(
            source=self.source,
            sink=self.sink,
            inspector=EveryFrame(line.inspector),
            publishing=Amending(publishing),
            policy=amending_policy(line.policy),
            threads=Threads(decode=line.decode, inference=line.inference),
            clocks=line.clocks,
            ladder=AlwaysFull(),
            metrics=WorkerMetrics(CollectorRegistry()),
            health=Health(line.clock.monotonic_s, 30),
            on_committed=count_into(line.metrics),
        )

    def restart(self) -> None:
        """As after a kill: what was not committed never was; the group's positions stay."""
        self.sink.abort()
        committed = dict(self.sink.positions)
        self.worker = self._build()
        self.worker.join()
        self.work_list.position.update(committed)

    def copy_list(self) -> None:
        """What the line has committed to the work list until now."""
        entries = self.line.sink.on(UNSEGMENTED)
        for entry in entries[self._listed :]:
            self.work_list.append(0, key=entry.key, value=entry.value, headers=entry.headers)
        self._listed = len(entries)

    def run(self, steps: int = 12, pass_s: float = 0.1) -> None:
        self.copy_list()
        for _ in range(steps):
            self.worker.step()
            self.line.clock.pass_s(pass_s)
