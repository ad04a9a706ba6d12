"""The coils of the owned partitions, and how far the commit positions may go because of them."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterator, Mapping, Sequence

from consumer.coils.facts import Sighting
from consumer.coils.ledger.state import CoilRecord, CoilState
from consumer.coils.marks.watch import MarkWatch
from consumer.coils.ports import Place, TakenRecord
from consumer.coils.told import Told, ToldReport
from contracts.results import DefectEvent, Inspection


class OpenCoil:
    """A coil that is open, or settling: reported, and another version of its report may follow."""

    __slots__ = (
        "_furthest_frame",
        "_mm_per_frame",
        "_reaches",
        "firsts",
        "fresh",
        "looked_at_s",
        "partition",
        "reported",
        "state",
        "watch",
    )

    def __init__(self, coil_id: str, partition: int, told: ToldReport | None = None) -> None:
        self.state = CoilState(coil_id)
        self.partition = partition
        self.firsts: dict[Place, int] = {}
        """Where a restart must read from to find all of it."""
        self.watch: MarkWatch | None = None
        """From its first look for roll marks on."""
        self.reported = told
        """The latest report; None while it is open."""
        self.fresh: list[Sighting] = []
        self.looked_at_s = float("-inf")
        self._furthest_frame = -1
        self._mm_per_frame = 0.0
        self._reaches: deque[tuple[float, float]] = deque()

    @property
    def settling(self) -> bool:
        """Whether it was reported already."""
        return self.reported is not None

    def add(self, record: TakenRecord, message: CoilRecord) -> None:
        """Take in a record. Raises LedgerBroken."""
        self.firsts.setdefault(record.place, record.offset)
        self.state.add(message, seen_at_ns=record.at_ns)
        if isinstance(message, Inspection):
            if message.frame_index > self._furthest_frame:
                self._furthest_frame = message.frame_index
        elif isinstance(message, DefectEvent):
            self.fresh += self.state.take_sightings()
            if message.frame_index:
                self._mm_per_frame = message.position_mm / message.frame_index

    def inspected_to_mm(self, now_s: float, lookback_s: float) -> float:
        """How far the strip is inspected, as far as `lookback_s` tells.

        Frames come from several partitions of several workers, so the furthest one is ahead of others. What
        it had reached a while ago the others have reached too; a frame that is later still is in the report.
        """
        self._reaches.append((now_s, self._furthest_frame * self._mm_per_frame))
        while len(self._reaches) > 1 and self._reaches[1][0] <= now_s - lookback_s:
            self._reaches.popleft()
        at_s, reach_mm = self._reaches[0]
        return reach_mm if at_s <= now_s - lookback_s else 0.0


class _Place:
    __slots__ = ("committed", "position")

    def __init__(self) -> None:
        self.position: int | None = None
        """Next offset after the last record that was taken."""
        self.committed: int | None = None
        """Where to go back to after an abort."""


class CoilBook:
    """Open and settling coils by their id, and the positions that they hold back."""

    def __init__(self, *, topics: Collection[str], told: Told) -> None:
        self._topics = tuple(topics)
        self._told = told
        self._coils: dict[str, OpenCoil] = {}
        self._places: dict[Place, _Place] = {}

    def __iter__(self) -> Iterator[OpenCoil]:
        return iter(list(self._coils.values()))

    def __len__(self) -> int:
        return len(self._coils)

    @property
    def assigned(self) -> frozenset[int]:
        """The partition numbers that are ours."""
        return frozenset(number for _, number in self._places)

    def owns(self, place: Place) -> bool:
        """Whether it is ours."""
        return place in self._places

    def get(self, coil_id: str) -> OpenCoil | None:
        """The coil, when it is open or settling."""
        return self._coils.get(coil_id)

    def assign(self, numbers: Sequence[int]) -> None:
        """Begin with partitions that are ours from now on."""
        for number in numbers:
            for topic in self._topics:
                self._places.setdefault((topic, number), _Place())

    def unassign(self, numbers: Collection[int]) -> None:
        """Let partitions go with everything that is known of their coils: their new owner reads it."""
        self._coils = {i: coil for i, coil in self._coils.items() if coil.partition not in numbers}
        self._places = {place: p for place, p in self._places.items() if place[1] not in numbers}

    def take(self, record: TakenRecord) -> None:
        """Note that a record was taken. Raises RuntimeError when its offset went backwards: a bug."""
        place = self._places[record.place]
        if place.position is not None and record.offset < place.position:
            raise RuntimeError(f"{record.place}: offset {record.offset} came after {place.position - 1}")
        if place.committed is None:
            place.committed = record.offset
        place.position = record.offset + 1

    def add(self, record: TakenRecord, message: CoilRecord) -> OpenCoil:
        """Give a record to its coil, which opens with its first. Raises LedgerBroken."""
        coil = self._coils.get(message.coil_id)
        if coil is None:
            coil = self._open(message.coil_id, record.place[1])
        coil.add(record, message)
        return coil

    def learn(self) -> None:
        """What was told of coils that opened before all of it was read: those that were reported settle."""
        for coil_id, coil in self._coils.items():
            coil.reported = self._told.report_of(coil_id)

    def drop(self, coil_id: str) -> None:
        """A coil whose report is final: it holds nothing back any more."""
        self._coils.pop(coil_id, None)

    def positions(self, without: Collection[str] = ()) -> dict[Place, int]:
        """What a commit may say that moved since the last: before all records of every coil but `without`."""
        held: dict[Place, int] = {}
        for coil_id, coil in self._coils.items():
            if coil_id not in without:
                for place, first in coil.firsts.items():
                    held[place] = min(first, held.get(place, first))
        return {
            place: position
            for place, p in self._places.items()
            if p.position is not None and (position := held.get(place, p.position)) != p.committed
        }

    def committed(self, positions: Mapping[Place, int]) -> None:
        """Note that a commit of these positions succeeded."""
        for place, position in positions.items():
            if place in self._places:
                self._places[place].committed = position

    def rewind(self) -> dict[Place, int]:
        """After an abort: the offsets to read again from. Every coil is forgotten."""
        self._coils.clear()
        for p in self._places.values():
            p.position = p.committed
        return {place: p.committed for place, p in self._places.items() if p.committed is not None}

    def held_back(self) -> int:
        """Records taken that a restart would read again."""
        return sum((p.position or 0) - (p.committed or 0) for p in self._places.values())

    def _open(self, coil_id: str, partition: int) -> OpenCoil:
        coil = OpenCoil(coil_id, partition, self._told.report_of(coil_id))
        self._coils[coil_id] = coil
        return coil
