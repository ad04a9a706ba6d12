"""One camera's frames on the page: what became of each, and which record of Kafka it is.

A function of the set of inspections, not of their order, as the tracker's ledger is: of one source the later
inspection counts, of several sources the one that lies first. A frame costs 33 bytes.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NamedTuple

import numpy as np

from contracts.results import Fate, Inspection, RecordId

FATE_CODES: Final[dict[Fate, int]] = {
    Fate.CLEAN: 1,
    Fate.DEFECTIVE: 2,
    Fate.UNSEGMENTED: 3,
    Fate.DEAD_LETTERED: 4,
}
"""As on the wire; 0 is a frame without an inspection."""

_FATES: Final = (None, *FATE_CODES)
"""By their code."""

MOST_DUPLICATES: Final = 10_000
"""Are told apart; a count of that many says "or more"."""

_MOST_PARTITIONS: Final = 2**31 - 1
_AT_ONCE: Final = 64
"""Frames that room is made for: one at a time took a third of an inspection's time."""
_NO_EVENT: Final = -1


class Place(NamedTuple):
    """Where a frame's record lies; of several records of one frame the first counts."""

    partition: int
    offset: int


class Booked(StrEnum):
    """What an inspection changed."""

    NOTHING = "nothing"
    FRAME = "frame"
    DUPLICATE = "duplicate"
    """Only the number of duplicates."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FateRuns:
    """Consecutive frames of one fate, as columns."""

    start: list[int]
    length: list[int]
    fate: list[int]


def place_of(source: RecordId) -> Place:
    """Without the topic: all frames of a line come from one. Kafka has no partition beyond 2^31."""
    return Place(min(source.partition, _MOST_PARTITIONS), source.offset)


class CameraFrames:
    """Frames of one camera of one coil, by their index."""

    __slots__ = (
        "_at_ns",
        "_changed",
        "_duplicates",
        "_event",
        "_offset",
        "_partition",
        "counts",
        "fates",
        "length",
    )

    def __init__(self) -> None:
        self.fates = bytearray()
        """A code a frame, by its index; longer than `length`."""
        self.length = 0
        """The highest index that was heard of, plus one."""
        self.counts = [0] * (len(FATE_CODES) + 1)
        """Frames by their fate's code; [0] is not kept."""
        self._partition = array("i")
        self._offset = array("q")
        self._at_ns = array("q")
        self._changed = array("q")
        self._event = array("i")
        self._duplicates: set[tuple[int, Place]] = set()

    @property
    def room(self) -> int:
        """Frames that memory is held for."""
        return len(self.fates)

    @property
    def received(self) -> int:
        """Frames that have an inspection."""
        return sum(self.counts)

    @property
    def duplicates(self) -> int:
        """Further records of frames that have one."""
        return len(self._duplicates)

    def room_for(self, index: int) -> int:
        """What `room` will be once this frame is booked."""
        return max(self.room, (index // _AT_ONCE + 1) * _AT_ONCE)

    def place(self, index: int) -> Place | None:
        """Where the record lies that counts for this frame; None without an inspection."""
        if index >= self.length or not self.fates[index]:
            return None
        return Place(self._partition[index], self._offset[index])

    def fate(self, index: int) -> Fate | None:
        """What became of the frame; None without an inspection."""
        return _FATES[self.fates[index]] if index < self.length else None

    def event(self, index: int) -> int | None:
        """The first of the frame's defect events."""
        if index >= self.length or self._event[index] == _NO_EVENT:
            return None
        return self._event[index]

    def set_event(self, index: int, event: int | None) -> None:
        """Which is the first of the frame's defect events."""
        self._reach(index)
        self._event[index] = _NO_EVENT if event is None else event

    def inspect(self, inspection: Inspection, tick: int) -> Booked:
        """Book an inspection; `tick` is what a change is known by."""
        index, new = inspection.frame_index, place_of(inspection.source)
        known = self.place(index)
        if known is None or known == new:
            return Booked.FRAME if self._replace(inspection, new, tick) else Booked.NOTHING
        booked = self._note_duplicate(index, max(known, new))
        if new < known:
            self.counts[self.fates[index]] -= 1
            self.fates[index] = 0
            self._replace(inspection, new, tick)
            return Booked.FRAME
        return booked

    def runs_since(self, tick: int) -> FateRuns:
        """Frames that changed after it; after 0 all that have an inspection."""
        changed = np.frombuffer(self._changed, np.int64)[: self.length]
        index = np.flatnonzero(changed > tick)
        fate = np.frombuffer(self.fates, np.uint8)[: self.length][index]
        breaks = np.flatnonzero((np.diff(index) != 1) | (np.diff(fate) != 0)) + 1
        first = np.concatenate(([0], breaks)).astype(np.intp) if index.size else breaks
        length = np.diff(np.append(first, index.size))
        return FateRuns(start=index[first].tolist(), length=length.tolist(), fate=fate[first].tolist())

    def _replace(self, inspection: Inspection, place: Place, tick: int) -> bool:
        """Whether it is later than what is known of the same record."""
        index, code = inspection.frame_index, FATE_CODES[inspection.fate]
        self._reach(index)
        before = self.fates[index]
        if before and _rank(before, self._at_ns[index]) >= _rank(code, inspection.inspected_at_ns):
            return False
        if before:
            self.counts[before] -= 1
        self.counts[code] += 1
        self.fates[index] = code
        self._partition[index], self._offset[index] = place
        self._at_ns[index] = inspection.inspected_at_ns
        self._changed[index] = tick
        return True

    def _note_duplicate(self, index: int, place: Place) -> Booked:
        if len(self._duplicates) >= MOST_DUPLICATES or (index, place) in self._duplicates:
            return Booked.NOTHING
        self._duplicates.add((index, place))
        return Booked.DUPLICATE

    def _reach(self, index: int) -> None:
        if index < self.length:
            return
        self.length = index + 1
        more = self.room_for(index) - self.room
        if more:
            self.fates.extend(bytes(more))
            for column in (self._partition, self._offset, self._at_ns, self._changed):
                column.frombytes(bytes(more * column.itemsize))
            self._event.frombytes(b"\xff" * (more * self._event.itemsize))


def _rank(code: int, at_ns: int) -> tuple[bool, int, int]:
    """Which of one source's inspections is the latest. Segmenting always comes after not segmenting, whatever
    the clocks of the two workers said; an equal time is settled by the fate."""
    return code != FATE_CODES[Fate.UNSEGMENTED], at_ns, code
