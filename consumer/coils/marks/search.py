"""Searches all lanes of a coil at once for trains whose bet has won."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from consumer.coils.marks.lane_events import Events, Floats, Ints, Lane, LaneKey, by_lane
from consumer.coils.marks.policy import MarkPolicy
from consumer.coils.marks.trains import NEAREST, SLOTS_APART, Trains, founded, joined, meet

PAIRS_AHEAD = 30.0
"""Shares of the first trains are about level: fewer favour marks at the coil's start, more those far on.
With 100, an alarm comes after 10.4 revolutions, with 30 after 9.6, with 1,000 after 11.9."""
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
        self._trains: Trains | None = None
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
        if self._trains is not None and again:
            numbers = [self._lanes[key].number for key in again]
            self._trains = self._trains.taken(~np.isin(self._trains.lane, numbers))
        return again

    def crossings(self) -> list[Crossing]:
        """Each lane's first event at which its bets, on all events since the last call, reach 1 / level."""
        waiting = [(key, lane) for key, lane in self._lanes.items() if lane.met < len(lane.id)]
        if not waiting:
            return []
        course = _Course(waiting)
        old = self._trains
        still: list[Trains] = []
        if old is not None:
            here = np.isin(old.lane, [lane.number for _, lane in waiting])
            still.append(old.taken(~here))
            met = old.taken(here)
            still += self._run(course, met, course.first_new[met.lane])
        still += self._run_new(course)
        self._trains = joined(still) if still else None
        for _, lane in waiting:
            lane.met = len(lane.id)
        return course.crossings(self._keys, math.log(1 / self._policy.level))

    def _run_new(self, course: _Course) -> list[Trains]:
        """Trains that the new events found with those before them."""
        first, second, apart = course.pairs(self._policy)
        still: list[Trains] = []
        for start in range(0, len(first), TRAINS_AT_ONCE):
            one, two = first[start : start + TRAINS_AT_ONCE], second[start : start + TRAINS_AT_ONCE]
            rank = np.arange(1, len(one) + 1, dtype=np.float64) + self._founded
            self._founded += len(one)
            trains = founded(
                self._policy,
                lane=course.lane[two],
                apart=apart[start : start + TRAINS_AT_ONCE],
                first_mm=course.along_mm[one],
                second_mm=course.along_mm[two],
                log_weight=log_share(rank),
            )
            still += self._run(course, trains, two + 1)
        return still

    def _run(self, course: _Course, trains: Trains, at: Ints) -> list[Trains]:
        """Until each is dead or has met all its lane's events. Gives the living."""
        told_from = math.log(1 / self._policy.level) - TOLD_FROM
        still: list[Trains] = []
        end = course.end[at - 1]
        while True:
            done = at >= end
            if done.any():
                still.append(trains.taken(done))
                trains, at, end = trains.taken(~done), at[~done], end[~done]
            if not len(trains):
                return still
            alive = meet(trains, course.along_mm[at], self._policy)
            course.note(trains, at, told_from)
            at = at + 1
            if not alive.all():
                trains, at, end = trains.taken(alive), at[alive], end[alive]


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
        found: list[tuple[Ints, Ints, Ints]] = []
        for back in range(1, min(NEAREST, len(self.id) - 1) + 1):
            first, second = np.arange(len(self.id) - back), np.arange(back, len(self.id))
            fits = self._new[second] & (self.lane[first] == self.lane[second])
            first, second = first[fits], second[fits]
            gap_mm = self.along_mm[second] - self.along_mm[first]
            for apart in SLOTS_APART:
                in_range = (gap_mm >= apart * policy.period_min_mm) & (gap_mm <= apart * policy.period_max_mm)
                one, two = first[in_range], second[in_range]
                found.append((one, two, np.full(len(one), apart)))
        columns = [np.concatenate(column) for column in zip(*found, strict=True)] if found else []
        if not columns:
            nothing = np.empty(0, np.int64)
            return nothing, nothing, nothing
        first, second, apart_slots = columns
        order = np.lexsort((apart_slots, -first, self.lane[second], self.along_mm[second]))
        return first[order], second[order], apart_slots[order]

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
