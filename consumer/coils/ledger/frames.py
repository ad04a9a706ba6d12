"""One camera's book of frames: what became of each, by which record, and where its regions lie.

Everything here is a function of the set of records alone, not of their order: of one source the later
inspection counts, of several sources the one that lies first.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum

from consumer.coils.facts import FrameRegions
from contracts.reports import CameraLedger
from contracts.results import Fate

Source = tuple[int, int, str]
"""Partition, offset, topic: the order in which records of one frame are preferred."""

_Entry = tuple[Source, int, Fate]
"""The counting record's source, when it was inspected (ns), its fate. A tuple: 100,000 of them are kept."""

_Held = tuple[Source, int, FrameRegions]


LARGEST_COUNT = 2**53 - 1
"""The contract's largest count, which is its last frame index, too."""


class Outcome(StrEnum):
    """What a record changed."""

    NEW = "new"
    DUPLICATE = "duplicate"
    """The same frame, from another source: counted beside the ledger."""
    AMENDED = "amended"
    """Replaces what was said before."""
    REPEATED = "repeated"
    """Said before: nothing changed."""
    SUPERSEDED = "superseded"
    """What replaces it had come before it."""
    CONTRADICTING = "contradicting"
    """Line control says another thing than before; the report will tell."""


class LedgerBroken(Exception):
    """A ledger does not sum, or is not what its frames are: a bug of ours, never the line's fault."""


class CameraBook:
    """Frames of one camera of one coil and line."""

    __slots__ = (
        "_announced", "_awaiting", "_by_fate", "_entries", "_last_index", "_others", "_regions", "_surplus"
    )  # fmt: skip

    def __init__(self) -> None:
        self._announced: int | None = None
        self._entries: dict[int, _Entry] = {}
        self._others: dict[int, set[Source]] = {}
        """Where the duplicates of a frame lie."""
        self._regions: dict[int, tuple[_Held, ...]] = {}
        """Defect events that count or still may: mostly one a frame."""
        self._by_fate: dict[Fate, int] = dict.fromkeys(Fate, 0)
        self._surplus = 0
        self._awaiting = 0
        self._last_index = -1

    @property
    def distinct(self) -> int:
        """Frames that have an inspection, surplus ones included."""
        return len(self._entries)

    @property
    def received(self) -> int:
        """Frames in the ledger that have an inspection."""
        return len(self._entries) - self._surplus

    @property
    def missing(self) -> int:
        """Announced frames without an inspection. While nothing is announced: gaps below the last index."""
        return self._expected() - self.received

    @property
    def awaiting_regions(self) -> int:
        """Defective frames whose defect event is still to come."""
        return self._awaiting

    @property
    def unsegmented(self) -> int:
        """Frames in the ledger that are to be segmented when there is slack."""
        return self._by_fate[Fate.UNSEGMENTED]

    @property
    def surplus(self) -> int:
        """Frames beyond the announced number."""
        return self._surplus

    def announce(self, frames: int) -> None:
        """So many frames were sent: those with a higher index become surplus."""
        if frames == self._announced:
            return
        self._announced = frames
        self._by_fate = dict.fromkeys(Fate, 0)
        self._surplus = self._awaiting = 0
        for index in self._entries:
            self._tally(index, 1)

    def inspect(self, index: int, source: Source, at_ns: int, fate: Fate) -> Outcome:
        """Book an inspection."""
        known = self._entries.get(index)
        if known is None:
            self._entries[index] = (source, at_ns, fate)
            if index > self._last_index:
                self._last_index = index
            self._tally(index, 1)
            return Outcome.NEW
        if known[0] != source:
            return self._duplicate(index, known, (source, at_ns, fate))
        if _rank(known) >= _rank((source, at_ns, fate)):
            return Outcome.REPEATED if known[2] is fate else Outcome.SUPERSEDED
        self._replace(index, (source, at_ns, fate))
        return Outcome.REPEATED if known[2] is fate else Outcome.AMENDED

    def place(self, source: Source, at_ns: int, regions: FrameRegions) -> Outcome:
        """Book a defect event: it counts as long as its source's inspection does."""
        index = regions.frame_index
        entry, held = self._entries.get(index), self._regions.get(index, ())
        if entry is not None and entry[0] < source:
            return Outcome.DUPLICATE
        new: _Held = (source, at_ns, regions)
        same = next((h for h in held if h[0] == source), None)
        if same is not None and _event_rank(same) >= _event_rank(new):
            return Outcome.REPEATED
        if entry is not None:
            self._tally(index, -1)
        self._regions[index] = (*(h for h in held if h is not same), new)
        if entry is not None:
            self._tally(index, 1)
        if same is not None:
            return Outcome.AMENDED
        return Outcome.DUPLICATE if held else Outcome.NEW

    def fates(self) -> Iterator[tuple[int, Fate]]:
        """Index and fate of every frame that has an inspection."""
        for index, (_, _, fate) in self._entries.items():
            yield index, fate

    def counting_regions(self) -> Iterator[FrameRegions]:
        """Of each defective frame, those of the record that counts.

        Also of a frame whose inspection is missing: what was seen on the strip is there.
        """
        for index, held in self._regions.items():
            entry = self._entries.get(index)
            if entry is None:
                yield min(held, key=lambda h: h[0])[2]
            elif entry[2] is Fate.DEFECTIVE:
                yield from (regions for source, _, regions in held if source == entry[0])

    def ledger(self) -> CameraLedger:
        """The camera's sums, held against a recount. Raises LedgerBroken."""
        recount = dict.fromkeys(Fate, 0)
        for index, (_, _, fate) in self._entries.items():
            if self._announced is None or index < self._announced:
                recount[fate] += 1
        if recount != self._by_fate:
            raise LedgerBroken(f"counted {self._by_fate}, but the frames are {recount}")
        try:
            return CameraLedger(
                announced=self._expected(),
                received=self.received,
                missing=self.missing,
                **{fate.value: count for fate, count in self._by_fate.items()},
                duplicates=sum(map(len, self._others.values())),
                surplus=self._surplus,
            )
        except ValueError as broken:
            raise LedgerBroken(str(broken)) from broken

    def _expected(self) -> int:
        if self._announced is not None:
            return self._announced
        return min(self._last_index + 1, LARGEST_COUNT)

    def _duplicate(self, index: int, known: _Entry, new: _Entry) -> Outcome:
        others = self._others.setdefault(index, set())
        if new[0] in others:
            return Outcome.REPEATED
        if new[0] < known[0]:
            others.add(known[0])
            self._replace(index, new)
        else:
            others.add(new[0])
        return Outcome.DUPLICATE

    def _replace(self, index: int, entry: _Entry) -> None:
        self._tally(index, -1)
        self._entries[index] = entry
        if index in self._regions:  # of a record that lies behind the counting one no event can ever count
            self._regions[index] = tuple(h for h in self._regions[index] if h[0] <= entry[0])
        self._tally(index, 1)

    def _tally(self, index: int, sign: int) -> None:
        """Take a frame into the sums (1) or out of them (-1), as it is booked now."""
        source, _, fate = self._entries[index]
        if self._announced is not None and index >= self._announced:
            self._surplus += sign
            return
        self._by_fate[fate] += sign
        if fate is Fate.DEFECTIVE and not any(h[0] == source for h in self._regions.get(index, ())):
            self._awaiting += sign


_FATES = tuple(Fate)


def _rank(entry: _Entry) -> tuple[bool, int, int]:
    """Which of one source's inspections is the latest. Segmenting always comes after not segmenting, whatever
    the clocks of the two workers said; an equal time is settled by the fate."""
    _, at_ns, fate = entry
    return fate is not Fate.UNSEGMENTED, at_ns, _FATES.index(fate)


def _event_rank(held: _Held) -> tuple[int, str]:
    return held[1], repr(held[2].regions)
