"""The evenly spaced places that a mark's hits lie about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np

from consumer.coils.marks.follow import Follower
from consumer.coils.marks.policy import MarkPolicy

MOSTLY = 0.85
"""Of the hits in every second slot: 6 of 7, where one event of clutter lies between. 7 hits of 10 revolutions
cannot look so by chance: at most 5 slots are even."""
FEWEST = 6


@dataclass(slots=True, kw_only=True)
class Grid:
    """The straight line through the hits: place = phase + period * slot, counted from the first hit."""

    phase_mm: float
    period_mm: float
    uncertainty_mm: float

    def standing(self, slot: int, policy: MarkPolicy) -> Follower:
        """A filter that knows this, at a slot counted from the first hit."""
        return Follower(
            place_mm=self.phase_mm + self.period_mm * slot,
            period_mm=self.period_mm,
            place_var=policy.jitter**2 / 2,
            period_var=(self.uncertainty_mm / self.period_mm) ** 2,
            covariance=0.0,
            slot=slot,
        )


def fitted(slots: Sequence[int], along_mm: Sequence[float], policy: MarkPolicy) -> Grid:
    """Least squares; the period's standard deviation from the residuals, and from a strip that stretches.

    A random walk of `stretch` a revolution moves the slope over n revolutions by stretch * sqrt(6 / (5 n)).
    """
    slot = np.array(slots, dtype=np.float64) - slots[0]
    along = np.array(along_mm)
    period, phase = np.polyfit(slot, along, 1)
    freedom = max(1, len(slot) - 2)
    residual = along - phase - period * slot
    # Few hits may lie on a line by luck: never less than half of the jitter that was expected.
    noise = max(
        sqrt(float(residual @ residual) / freedom), 0.5 * policy.jitter * period if freedom < 8 else 0
    )
    slope = noise / sqrt(float(np.sum((slot - slot.mean()) ** 2)))
    walk = policy.stretch * period * sqrt(1.2 / (slot[-1] or 1))
    return Grid(phase_mm=float(phase), period_mm=float(period), uncertainty_mm=sqrt(slope**2 + walk**2))


def fundamental(slots: Sequence[int]) -> int:
    """Of how many slots the true period is: 2 or 3 where nearly all hits are every second or third slot.

    A comb of half the period has all hits of the whole one.
    """
    for factor in (3, 2):
        counts = [sum(slot % factor == rest for slot in slots) for rest in range(factor)]
        if len(slots) >= FEWEST and max(counts) >= MOSTLY * len(slots):
            return factor
    return 1


def on_beat(slots: Sequence[int], factor: int) -> list[bool]:
    """Which of these lie in the slots of a period `factor` times as long, where most of them do."""
    rests = [slot % factor for slot in slots]
    rest = max(sorted(set(rests)), key=rests.count)
    return [each == rest for each in rests]
