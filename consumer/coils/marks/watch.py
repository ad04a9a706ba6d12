"""Watches a running coil for roll marks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from consumer.coils.facts import Sighting
from consumer.coils.marks.lane_events import Events, end_to_end, sorted_events
from consumer.coils.marks.marked import Marked
from consumer.coils.marks.policy import MarkPolicy
from consumer.coils.marks.raising import raised, settle
from consumer.coils.marks.rolls import Roll
from consumer.coils.marks.same import same_mark
from consumer.coils.marks.search import Crossing, LaneSearch
from contracts.alarms import AlarmState
from contracts.reports import RollMark

MOST_MARKS = 40
"""Of a coil. More rolls than touch a strip: whatever repeats then is told by what was found already."""

WORTH_A_ROLL = 1.25
"""So many more hits before another roll is named: two that fit alike would take turns otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkChange:
    """What became of a mark: raised, updated or ended. `at_mm`: the place on the strip that decided it."""

    state: AlarmState
    mark: RollMark
    at_mm: float


class MarkWatch:
    """One coil's roll marks while it runs. Pure: no clock, and the same sightings give the same marks.

    Dirt on a lens, or a region cut by every frame's border, returns at a whole number of frame pitches and is
    told as a mark of that period: no roll of the table fits it, unless by chance.
    """

    def __init__(
        self, policy: MarkPolicy, rolls: Sequence[Roll] = (), class_names: Mapping[int, str] | None = None
    ) -> None:
        self._policy = policy
        self._rolls = tuple(rolls)
        self._class_names = {} if class_names is None else class_names  # the tracker's own grows
        self._waiting: list[Sighting] = []
        self._looked_to_mm = -np.inf
        self._parts: list[Events] = []
        self._free = np.empty(0, bool)
        """Of each event, by its id: no mark has it."""
        self._search = LaneSearch(policy)
        self._marks: list[Marked] = []

    def add(self, sightings: Iterable[Sighting]) -> None:
        """In any order, but before `look` has gone past them: what comes later than that is left out."""
        self._waiting.extend(sightings)

    def look(self, up_to_mm: float) -> list[MarkChange]:
        """What the strip up to `up_to_mm` changes. Give a place before which no frame is outstanding."""
        fresh = self._fresh(up_to_mm)
        going = [mark for mark in self._marks if not mark.ended(self._policy)]
        for mark in going:
            mark.follow(fresh, up_to_mm, self._policy)
            self._free[mark.own] = False
        changes = self._new_marks(fresh, up_to_mm)
        known = [change.mark.mark_id for change in changes]
        for mark in going:
            if mark.mark_id not in known:
                changes += self._told(mark, up_to_mm)
        return changes

    def _fresh(self, up_to_mm: float) -> Events:
        """What is waiting between the last look and this one."""
        now = [each for each in self._waiting if self._looked_to_mm < each.along_mm <= up_to_mm]
        self._waiting = [each for each in self._waiting if each.along_mm > up_to_mm]
        self._looked_to_mm = max(self._looked_to_mm, up_to_mm)
        fresh = sorted_events(now, len(self._free))
        self._parts.append(fresh)
        self._free = np.concatenate([self._free, np.ones(len(fresh), bool)])
        return fresh

    def _new_marks(self, fresh: Events, up_to_mm: float) -> list[MarkChange]:
        """Raises one mark after the other; what it explains is taken from what the next one is found in."""
        if len(self._marks) >= MOST_MARKS:
            return []
        self._search.add(fresh.taken(self._free[fresh.id]))
        changes: list[MarkChange] = []
        found = self._search.crossings()
        while found and len(self._marks) < MOST_MARKS:
            first, *rest = found
            changes += self._raise(first, up_to_mm)
            again = self._search.without(first.key.class_id, np.flatnonzero(~self._free))
            found = [each for each in rest if each.key not in again] + self._search.crossings()
            found.sort(key=lambda each: (each.at_mm, each.key))
        return changes

    def _events(self) -> Events:
        if len(self._parts) > 1:
            self._parts = [end_to_end(self._parts)]
        return self._parts[0]

    def _raise(self, crossing: Crossing, up_to_mm: float) -> list[MarkChange]:
        events = self._events()
        mark = raised(crossing, events, self._free, self._policy)
        if mark is None:
            self._free[crossing.last] = False  # or the lane would win with it again
            return []
        mark.follow(events.taken(slice(0, 0)), up_to_mm, self._policy)
        settle(mark, events, self._free, up_to_mm, self._policy)
        self._free[mark.own] = False
        twin = self._twin(mark)
        if twin is None:
            self._marks.append(mark)
            return [self._change(AlarmState.RAISED, mark, crossing.at_mm)]
        if not twin.ended(self._policy):
            return []  # hits that it lost: they are its own all the same
        twin.resume(mark)
        return [self._change(AlarmState.UPDATED, twin, crossing.at_mm)]

    def _twin(self, mark: Marked) -> Marked | None:
        """The mark of which this one is the rest, or the return."""
        new = self._report(mark)
        for known in self._marks:
            if same_mark(self._report(known), new, self._policy):
                return known
        return None

    def _told(self, mark: Marked, up_to_mm: float) -> list[MarkChange]:
        """An end; or twice the hits since it was last told of; or another roll, and a quarter more hits."""
        if mark.ended(self._policy):
            return [self._change(AlarmState.ENDED, mark, up_to_mm)]
        more = len(mark.slots) / mark.told_count
        if more >= 2:
            settle(mark, self._events(), self._free, up_to_mm, self._policy)
            self._free[mark.own] = False
        if more >= 2 or (more >= WORTH_A_ROLL and self._report(mark).roll != mark.told_roll):
            return [self._change(AlarmState.UPDATED, mark, up_to_mm)]
        return []

    def _change(self, state: AlarmState, mark: Marked, at_mm: float) -> MarkChange:
        now = self._report(mark)
        mark.told_count, mark.told_roll = len(mark.slots), now.roll
        return MarkChange(state=state, mark=now, at_mm=at_mm)

    def _report(self, mark: Marked) -> RollMark:
        return mark.report(self._policy, self._rolls, self._class_names)

    def marks(self) -> tuple[RollMark, ...]:
        """All that were found, the most certain one first."""
        return tuple(sorted((self._report(mark) for mark in self._marks), key=_by_certainty))


def _by_certainty(mark: RollMark) -> tuple[float, int, int, float, float]:
    return mark.false_alarm_probability, -mark.count, mark.class_id, mark.lane_mm, mark.period_mm
