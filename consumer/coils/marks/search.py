"""Searches all lanes of a coil at once for trains whose bet has won."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from consumer.coils.marks.lane_events import Events, Floats, Ints, Lane, LaneKey, by_lane
from consumer.coils.marks.policy import MarkPolicy
from consumer.coils.marks.trains import NEAREST, SLOTS_APART, Trains, founded, joined, meet, no_trains

PAIRS_AHEAD = 10.0
"""Shares of the first trains are about level: fewer favour marks at the coil's start, more those far on.
An alarm comes after 9.1 revolutions, with 30 here after 9.5, with 100 after 10.4, with 1,000 after 11.9."""
TOLD_FROM = 5.0
"""A train is remembered at an event when its bet is within exp(-5) of what it takes."""
TRAINS_AT_ONCE = 16_384
"""Columns of so many stay in the cache."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Crossing:
    """A lane's bets have won: where on the strip, how much, and the train that had most of it."""

    key: LaneKey
    at_mm: float
    log_bet: float
    last: int
    """The event, by its id, at which it was won."""
    state: Trains
    """That train alone, as it stood then."""


def log_share(pairs: Floats) -> Floats:
    """The logarithm of the n-th train's share of the coil's unit, n from 1: all shares sum to less than one.

    1 / (n ln(n)^2) converges, if slowly (as Rissanen's prior on the integers, 1983): the number of trains
    need not be known beforehand.
    """
    rank = pairs + PAIRS_AHEAD
    share: Floats = math.log(math.log(PAIRS_AHEAD)) - np.log(rank) - 2 * np.log(np.log(rank))
    return share


class LaneSearch:
    """Every lane of every class of one coil."""

    def __init__(self, policy: MarkPolicy) -> None:
        self._policy = policy
        self._lanes: dict[LaneKey, Lane] = {}
        self._keys: list[LaneKey] = []
        self._trains = no_trains(policy)
        self._founded = 0

    def add(self, events: Events) -> None:
        """Sightings behind all earlier ones, sorted."""
        for key, part in by_lane(events, self._policy.lane_mm):
            lane = self._lanes.get(key)
            if lane is None:
                lane = self._lanes[key] = Lane(number=len(self._keys))
                self._keys.append(key)
            lane.append(part.along_mm, part.id, self._policy.cluster_mm)

    def bounds_mm(self, key: LaneKey) -> tuple[float, float]:
        """Across the strip."""
        half = self._policy.lane_mm / 2
        return key.window * half, (key.window + 2) * half

    def without(self, class_id: int, claimed: Ints) -> set[LaneKey]:
        """Takes events out. The lanes that had any begin again with what is left to them."""
        again = {
            key for key, lane in self._lanes.items() if key.class_id == class_id and lane.without(claimed)
        }
        if again:
            numbers = [self._lanes[key].number for key in again]
            self._trains = self._trains.taken(~np.isin(self._trains.lane, numbers))
        return again

    def crossings(self) -> list[Crossing]:
        """Each lane's first event at which its bets, on all events since the last call, reach 1 / level."""
        waiting = [(key, lane) for key, lane in self._lanes.items() if lane.met < len(lane.id)]
        if not waiting:
            return []
        course = _Course(waiting)
        here = np.isin(self._trains.lane, [lane.number for _, lane in waiting])
        old, elsewhere = self._trains.taken(here), self._trains.taken(~here)
        self._trains = joined([elsewhere, *self._run(course, self._batches(course, old))])
        for _, lane in waiting:
            lane.met = len(lane.id)
        return course.crossings(self._keys, math.log(1 / self._policy.level))

    def _batches(self, course: _Course, old: Trains) -> Iterator[_Batch]:
        """The trains that were on their way in these lanes, then those that the new events found."""
        at = course.first_new[old.lane]
        yield _Batch(old, at, course.end[at])
        first, second, apart = course.pairs(self._policy)
        for start in range(0, len(first), TRAINS_AT_ONCE):
            rows = slice(start, start + TRAINS_AT_ONCE)
            rank = np.arange(1, len(first[rows]) + 1, dtype=np.float64) + self._founded
            self._founded += len(rank)
            trains = founded(
                self._policy,
                lane=course.lane[second[rows]],
                apart=apart[rows],
                first_mm=course.along_mm[first[rows]],
                second_mm=course.along_mm[second[rows]],
                log_weight=log_share(rank),
            )
            yield _Batch(trains, second[rows] + 1, course.end[second[rows]])

    def _run(self, course: _Course, batches: Iterator[_Batch]) -> list[Trains]:
        """Until each train is dead, has won, or has met all its lane's events. Gives the last.

        A batch that has mostly died goes on together with the next: a step costs some 60 us, however few.
        """
        won_from = math.log(1 / self._policy.level)
        still: list[Trains] = []
        running = next(batches)
        more = True
        while more or len(running.trains):
            while more and len(running.trains) < TRAINS_AT_ONCE / 2:
                fresh = next(batches, None)
                more = fresh is not None
                running = running.with_more(fresh) if fresh is not None else running
            done = running.at >= running.end
            if done.any():
                still.append(running.trains.taken(done))
                running = running.taken(~done)
            alive = meet(running.trains, course.along_mm[running.at], self._policy)
            course.note(running.trains, running.at, won_from - TOLD_FROM)
            running = _Batch(running.trains, running.at + 1, running.end)
            running = running.taken(alive & (running.trains.log_bet < won_from))
        return still


class _Batch(NamedTuple):
    """Trains, and for each the row of the event that it meets next and that of its lane's end."""

    trains: Trains
    at: Ints
    end: Ints

    def taken(self, which: NDArray[np.bool_]) -> _Batch:
        if which.all():
            return self
        return _Batch(self.trains.taken(which), self.at[which], self.end[which])

    def with_more(self, more: _Batch) -> _Batch:
        parts = (self, more)
        return _Batch(
            joined([part.trains for part in parts]),
            np.concatenate([part.at for part in parts]),
            np.concatenate([part.end for part in parts]),
        )


class _Course:
    """The new events of some lanes and the few before them, lane after lane, and what was bet at each."""

    def __init__(self, lanes: list[tuple[LaneKey, Lane]]) -> None:
        starts = [max(0, lane.met - NEAREST) for _, lane in lanes]
        self.along_mm = np.concatenate(
            [lane.along_mm[at:] for (_, lane), at in zip(lanes, starts, strict=True)]
        )
        self.id = np.concatenate([lane.id[at:] for (_, lane), at in zip(lanes, starts, strict=True)])
        sizes = [len(lane.id) - at for (_, lane), at in zip(lanes, starts, strict=True)]
        self.lane = np.repeat([lane.number for _, lane in lanes], sizes)
        self.end = np.repeat(np.cumsum(sizes), sizes)
        new = [lane.met - at for (_, lane), at in zip(lanes, starts, strict=True)]
        first_new = np.cumsum([0, *sizes[:-1]]) + new
        self.first_new = np.zeros(int(self.lane.max()) + 1, np.int64)
        self.first_new[[lane.number for _, lane in lanes]] = first_new
        self._new = np.arange(len(self.id)) >= np.repeat(first_new, sizes)
        self._bets = np.zeros(len(self.id))
        self._told: list[tuple[Ints, Trains]] = []

    def pairs(self, policy: MarkPolicy) -> tuple[Ints, Ints, Ints]:
        """(first, second, slots apart), by the second one's place: the same trains whenever one looks."""
        new = np.flatnonzero(self._new)
        new = new[np.lexsort((self.lane[new], self.along_mm[new]))]
        back = np.arange(1, NEAREST + 1)
        before = np.maximum(new[:, None] - back, 0)
        same_lane = (new[:, None] >= back) & (self.lane[before] == self.lane[new, None])
        gap_mm = np.where(same_lane, self.along_mm[new, None] - self.along_mm[before], -1.0)
        least = np.array(SLOTS_APART) * policy.period_min_mm
        most = np.array(SLOTS_APART) * policy.period_max_mm
        row, nearest, slots = np.nonzero((gap_mm[..., None] >= least) & (gap_mm[..., None] <= most))
        second = new[row]
        return second - back[nearest], second, np.array(SLOTS_APART)[slots]

    def note(self, trains: Trains, at: Ints, told_from: float) -> None:
        """What these trains have bet when they met these events."""
        log_bet = trains.log_bet
        np.add.at(self._bets, at, np.exp(log_bet))
        strong = log_bet > told_from
        if strong.any():
            self._told.append((at[strong], trains.taken(strong)))

    def crossings(self, keys: list[LaneKey], log_needed: float) -> list[Crossing]:
        """The first one of each lane, by its place on the strip."""
        if not self._told:
            return []
        at, trains = (
            np.concatenate([each for each, _ in self._told]),
            joined([each for _, each in self._told]),
        )
        won = np.log(self._bets[at]) >= log_needed
        at, trains = at[won], trains.taken(won)
        order = np.lexsort((-trains.log_bet, self.along_mm[at], trains.lane))
        _, first_of_lane = np.unique(trains.lane[order], return_index=True)
        found = [self._crossing(keys, trains, int(row), int(at[row])) for row in order[first_of_lane]]
        return sorted(found, key=lambda each: (each.at_mm, each.key))

    def _crossing(self, keys: list[LaneKey], trains: Trains, row: int, at: int) -> Crossing:
        return Crossing(
            key=keys[trains.lane[row]],
            at_mm=float(self.along_mm[at]),
            log_bet=float(np.log(self._bets[at])),
            last=int(self.id[at]),
            state=trains.taken(slice(row, row + 1)),
        )
