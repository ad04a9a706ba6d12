"""A tracker on a broker in memory: topics, a group's positions and transactions outlive every tracker."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from prometheus_client import CollectorRegistry

from consumer.coils.book import CoilBook
from consumer.coils.closing import ClosingPolicy
from consumer.coils.grading.rules import load_rules
from consumer.coils.intake import CoilIntake
from consumer.coils.ledger.state import CoilRecord
from consumer.coils.ports import Place, TakenRecord
from consumer.coils.told import Told
from consumer.coils.tracker import Tracker, TrackerPolicy
from consumer.coils.verdicts import VerdictPolicy, Verdicts
from consumer.ports import Clocks, Fenced, Outgoing, PartitionsListener, TransactionAborted
from contracts.alarms import Alarm
from contracts.codec import decode, encode
from contracts.reports import CoilReport
from contracts.topics import ALARMS, CO_PARTITIONED, COIL_REPORTS
from monitoring.health import Health
from monitoring.tracker_metrics import TrackerMetrics
from tests.support.coils import STARTED_AT_NS
from tests.support.samples import summed

PARTITIONS = 2


class Killed(BaseException):
    """What a SIGKILL is to the code: nothing after it runs."""


class CoilClock:
    """Time that moves when told; it begins with the coils of `tests.support.coils`."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.wall_runs_s = 0.0

    def monotonic_s(self) -> float:
        return self.now_s

    def wall_ns(self) -> int:
        return STARTED_AT_NS + round((self.now_s + self.wall_runs_s) * 1e9)


def home(coil_id: str) -> int:
    """By its last character, so that a test sees where a coil is."""
    return ord(coil_id[-1]) % PARTITIONS


@dataclass
class CoilBroker:
    """The topics in memory. What a tracker commits is visible whole or not at all."""

    clock: CoilClock = field(default_factory=CoilClock)
    logs: dict[Place, list[TakenRecord]] = field(default_factory=dict)
    positions: dict[Place, int] = field(default_factory=dict)
    told: list[Outgoing] = field(default_factory=list)
    commits: int = 0

    def __post_init__(self) -> None:
        for topic in CO_PARTITIONED:
            for number in range(PARTITIONS):
                self.logs[topic, number] = []

    def send(self, *messages: CoilRecord, partition: int | None = None) -> None:
        """Write records as a worker or line control would, now."""
        for message in messages:
            encoded = encode(message)
            number = home(message.coil_id) if partition is None else partition
            self.write(encoded.topic, number, encoded.value, encoded.headers)

    def write(self, topic: str, number: int, value: bytes | None, headers: Any) -> None:
        log = self.logs[topic, number]
        log.append(TakenRecord((topic, number), len(log), value, headers, self.clock.wall_ns()))

    @property
    def reports(self) -> list[CoilReport]:
        return [m for m in self._decoded(COIL_REPORTS) if isinstance(m, CoilReport)]

    @property
    def alarms(self) -> list[Alarm]:
        return [m for m in self._decoded(ALARMS) if isinstance(m, Alarm)]

    def versions(self) -> list[tuple[str, int]]:
        return [(report.coil_id, report.report_version) for report in self.reports]

    def _decoded(self, topic: str) -> list[object]:
        return [decode(m.headers, m.value) for m in self.told if m.topic == topic]


class MemoryCoilSource:
    """One member of the group. `tests` assign and revoke by hand."""

    def __init__(self, broker: CoilBroker) -> None:
        self._broker = broker
        self._listener: PartitionsListener | None = None
        self.next: dict[Place, int] = {}
        self.rewinds: list[dict[Place, int]] = []
        self.at_most: int | None = None
        """Of each place in each take: a tracker that lags."""

    def join(self, listener: PartitionsListener) -> None:
        self._listener = listener

    def assign(self, *numbers: int) -> None:
        assert self._listener is not None
        for topic in CO_PARTITIONED:
            for number in numbers:
                self.next[topic, number] = self._broker.positions.get((topic, number), 0)
        self._listener.partitions_assigned(numbers)

    def revoke(self, *numbers: int) -> None:
        assert self._listener is not None
        self._listener.partitions_revoked(numbers)
        self.next = {place: at for place, at in self.next.items() if place[1] not in numbers}

    def lose(self, *numbers: int) -> None:
        assert self._listener is not None
        self.next = {place: at for place, at in self.next.items() if place[1] not in numbers}
        self._listener.partitions_lost(numbers)

    def take(self, max_records: int, timeout_s: float) -> list[TakenRecord]:
        records: list[TakenRecord] = []
        for place, at in self.next.items():
            batch = self._broker.logs[place][at : at + (self.at_most or max_records)]
            self.next[place] += len(batch)
            records += batch
        return records

    def rewind(self, positions: Mapping[Place, int]) -> None:
        self.rewinds.append(dict(positions))
        self.next.update({place: at for place, at in positions.items() if place in self.next})

    @property
    def heard_of_all(self) -> bool:
        return True

    def read_up_to_ns(self, now_ns: int) -> int:
        unread = [
            self._broker.logs[p][at].at_ns for p, at in self.next.items() if at < len(self._broker.logs[p])
        ]
        return min([now_ns, *(at_ns - 1 for at_ns in unread)])

    def group_metadata(self) -> object:
        return "member"

    def close(self) -> None:
        self.next.clear()


class MemoryTold:
    """Reads what was committed; `lags`: no further for now."""

    def __init__(self, broker: CoilBroker, told: Told) -> None:
        self._broker = broker
        self.told = told
        self.lags = False
        self._read = 0

    def look_ahead(self) -> None:
        pass

    def tail(self) -> None:
        if self.lags:
            return
        for message in self._broker.told[self._read :]:
            if message.topic == COIL_REPORTS:
                assert self.told.note_report_value(message.value or b"")
            else:
                alarm = decode(message.headers, message.value)
                assert isinstance(alarm, Alarm)
                self.told.note_alarm(alarm)
        self._read = len(self._broker.told)

    @property
    def caught_up(self) -> bool:
        return self._read == len(self._broker.told)

    def close(self) -> None:
        pass


class MemoryCoilSink:
    """Transactions: `kill_at` counts down at every call, and the process dies in the one that reaches 0."""

    def __init__(self, broker: CoilBroker) -> None:
        self._broker = broker
        self.open: list[Outgoing] = []
        self.away = False
        self.abort_next: str | None = None
        self.fenced = False
        self.kill_at: int | None = None
        self.commit_pending = False

    def has_room(self) -> bool:
        return True

    def publish(self, message: Outgoing) -> None:
        self._live()
        self.open.append(message)

    def commit(self, positions: Mapping[Place, int], group: object) -> bool:
        self._live()
        if self.fenced:
            raise Fenced("another tracker")
        if self.abort_next:
            why, self.abort_next = self.abort_next, None
            raise TransactionAborted(why)
        self.commit_pending = self.away
        if self.away:
            return False
        self._broker.told += self.open
        self._broker.positions.update(positions)
        self._broker.commits += 1
        self.open = []
        self._live()
        return True

    def abort(self) -> None:
        self.open = []

    def close(self) -> None:
        self.abort()

    def _live(self) -> None:
        if self.kill_at is not None:
            self.kill_at -= 1
            if self.kill_at < 0:
                raise Killed


class TrackerLine:
    """One tracker's life on the broker."""

    def __init__(
        self, broker: CoilBroker, *, assign: Sequence[int] = range(PARTITIONS), **closing: float
    ) -> None:
        self.broker = broker
        self.clock = broker.clock
        self.source = MemoryCoilSource(broker)
        self.sink = MemoryCoilSink(broker)
        self.registry = CollectorRegistry()
        self.metrics = TrackerMetrics(self.registry)
        self.health = Health(self.clock.monotonic_s, 30)
        policy = VerdictPolicy(closing=ClosingPolicy(**closing))
        told = Told(lane_coils=policy.lanes.of_last)
        self.told = MemoryTold(broker, told)
        self.book = CoilBook(topics=CO_PARTITIONED, told=told)
        self.tracker = Tracker(
            source=self.source,
            told=self.told,
            sink=self.sink,
            book=self.book,
            intake=CoilIntake(home),
            verdicts=Verdicts(policy, load_rules(), told),
            policy=TrackerPolicy(poll_s=0.0),
            clocks=Clocks(monotonic_s=self.clock.monotonic_s, wall_ns=self.clock.wall_ns),
            topic_prefix="",
            metrics=self.metrics,
            health=self.health,
        )
        self.tracker.join()
        if assign:
            self.source.assign(*assign)

    def run(self, seconds: float = 3.0, step_s: float = 0.5) -> None:
        """Turns, with time passing between them."""
        for _ in range(round(seconds / step_s)):
            self.tracker.step()
            self.clock.now_s += step_s
        self.tracker.step()

    def metric(self, name: str, **labels: str) -> float:
        """A sample of the tracker's registry, summed over the labels that are not named."""
        return summed(self.registry, name, **labels)
