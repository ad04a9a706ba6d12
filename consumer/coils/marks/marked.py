"""A mark that was found: its hits, and what a report says of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import exp

import numpy as np

from consumer.coils.marks.follow import Follower
from consumer.coils.marks.grid import fitted
from consumer.coils.marks.lane_events import Events, Ints, end_to_end
from consumer.coils.marks.policy import MarkPolicy
from consumer.coils.marks.rolls import Roll, fitting
from contracts.reports import RollMark

LEAST_PROBABILITY = 1e-30
"""What is reported instead of less: nobody's Poisson null is that good."""


def in_lane(events: Events, class_id: int, lane_mm: float, policy: MarkPolicy) -> Events:
    """Those of this class within half a lane of `lane_mm`."""
    near = np.abs(events.across_mm - lane_mm) <= policy.lane_mm / 2
    return events.taken(near & (events.class_id == class_id))


def claims(events: Events, hits_mm: Sequence[float], period_mm: float, policy: MarkPolicy) -> Ints:
    """The ids of all that lies at the hits of a mark: it may be several pits."""
    reach_mm = max(policy.cluster_mm, 3 * policy.jitter * period_mm)
    hits = np.array(hits_mm)
    after = np.searchsorted(hits, events.along_mm)
    padded = np.concatenate([[-np.inf], hits, [np.inf]])
    gap_mm = np.minimum(events.along_mm - padded[after], padded[after + 1] - events.along_mm)
    taken: Ints = events.id[gap_mm <= reach_mm]
    return taken


@dataclass(slots=True, kw_only=True)
class Marked:
    """One mark of a coil. Mutable: it is followed while the coil runs."""

    mark_id: str
    class_id: int
    lane_mm: float
    slots: list[int]
    along_mm: list[float]
    follower: Follower
    ahead: Events
    """Of its lane, what the follower has not passed yet."""
    own: Ints = field(default_factory=lambda: np.empty(0, np.int64))
    """The ids of all events that it explains."""
    told_count: int = 0
    told_roll: str | None = None

    def follow(self, fresh: Events, up_to_mm: float, policy: MarkPolicy) -> None:
        """Takes the strip up to `up_to_mm`. What lies at its hits, and what may become one, is its own."""
        self.ahead = end_to_end([self.ahead, in_lane(fresh, self.class_id, self.lane_mm, policy)])
        known = len(self.follower.found)
        self.follower.advance(self.ahead.along_mm.tolist(), up_to_mm, policy)
        hits = self.follower.found[known:]
        self.slots += [hit.slot for hit in hits]
        self.along_mm += [hit.along_mm for hit in hits]
        claimed = claims(self.ahead, [hit.along_mm for hit in hits], self.follower.period_mm, policy)
        start, end = np.searchsorted(self.ahead.along_mm, self.follower.gate_ahead_mm(policy))
        waiting = self.ahead.id[start:end] if not self.ended(policy) else self.ahead.id[:0]
        self.ahead = self.ahead.taken(self.ahead.along_mm >= self.follower.passed_mm)
        self.own = np.concatenate([self.own, claimed, waiting])

    def resume(self, again: Marked) -> None:
        """The same mark, found anew after it had ended: its hits go on from where these stopped."""
        if again.along_mm[0] > self.along_mm[-1]:
            grid = (self.along_mm[-1] - self.along_mm[0]) / max(1, self.slots[-1] - self.slots[0])
            shift = self.slots[-1] + max(1, round((again.along_mm[0] - self.along_mm[-1]) / grid))
            self.slots += [slot - again.slots[0] + shift for slot in again.slots]
            self.along_mm += again.along_mm
            self.follower, self.ahead = again.follower, again.ahead
            self.own = np.concatenate([self.own, again.own])
            self.follower.slot += shift - again.slots[0]

    def ended(self, policy: MarkPolicy) -> bool:
        """Whether it has missed too many slots in a row."""
        return self.follower.missed >= policy.misses_to_end

    def report(self, policy: MarkPolicy, rolls: Sequence[Roll], class_names: Mapping[int, str]) -> RollMark:
        """What is known of it now."""
        grid = fitted(self.slots, self.along_mm, policy)
        names = fitting(grid.period_mm, grid.uncertainty_mm, rolls)
        return RollMark(
            class_id=self.class_id,
            class_name=class_names.get(self.class_id),
            mark_id=self.mark_id,
            lane_mm=self.lane_mm,
            period_mm=grid.period_mm,
            period_uncertainty_mm=grid.uncertainty_mm,
            phase_mm=grid.phase_mm,
            count=len(self.slots),
            revolutions=self.slots[-1] - self.slots[0] + 1,
            first_mm=self.along_mm[0],
            last_mm=self.along_mm[-1],
            false_alarm_probability=max(LEAST_PROBABILITY, min(1.0, exp(-self.follower.best_log_bet))),
            roll=names[0] if names else None,
            rolls=names,
        )
