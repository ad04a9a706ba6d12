"""Follows one mark along its lane, hit by hit, in either direction."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field
from math import exp, log, pi, sqrt

from consumer.coils.marks.policy import MarkPolicy
from consumer.coils.marks.trains import CLUTTER_AHEAD, HITS_AHEAD, Trains

GATE = 4.0
"""Standard deviations of the prediction within which an event is a hit: 6e-5 of them are lost."""
WIDEST_GATE = 0.2
"""Share of the period: after many misses the prediction says little."""


@dataclass(frozen=True, slots=True)
class Hit:
    """An event on the grid: which slot, and where in the sequence that was followed."""

    slot: int
    row: int
    along_mm: float


@dataclass(slots=True, kw_only=True)
class Follower:
    """A Kalman filter over (place, period) that steps from slot to slot of a rising sequence."""

    place_mm: float
    period_mm: float
    place_var: float
    """This and the others in units of the period squared."""
    period_var: float
    covariance: float
    slot: int = 0
    missed: int = 0
    """Slots in a row without a hit."""
    hits: float = HITS_AHEAD
    clutter: float = CLUTTER_AHEAD
    log_bet: float = 0.0
    best_log_bet: float = 0.0
    found: list[Hit] = field(default_factory=list)

    def advance(self, along_mm: Sequence[float], up_to_mm: float, policy: MarkPolicy) -> None:
        """Takes the slots that lie whole before `up_to_mm`, until too many in a row are missed."""
        row = bisect_left(along_mm, self.passed_mm)
        while self.missed < policy.misses_to_end:
            ahead, spread = self._predicted(policy)
            gate_mm = self.period_mm * min(WIDEST_GATE, GATE * sqrt(spread))
            if ahead + gate_mm > up_to_mm:
                return
            start = bisect_left(along_mm, ahead - gate_mm, row)
            end = bisect_left(along_mm, ahead + gate_mm, start)
            self._bet_against(start - row)
            self._step(policy)
            if end > start:
                nearest = min(range(start, end), key=lambda each: abs(along_mm[each] - ahead))
                self._correct(nearest, along_mm[nearest], spread)
            row = end

    @property
    def passed_mm(self) -> float:
        """What lies before has been judged."""
        return self.place_mm + WIDEST_GATE * self.period_mm

    def gate_ahead_mm(self, policy: MarkPolicy) -> tuple[float, float]:
        """Where the next hit may lie."""
        ahead, spread = self._predicted(policy)
        gate_mm = self.period_mm * min(WIDEST_GATE, GATE * sqrt(spread))
        return ahead - gate_mm, ahead + gate_mm

    def _predicted(self, policy: MarkPolicy) -> tuple[float, float]:
        """The next slot's place and a hit's variance about it."""
        walked = self.place_var + 2 * self.covariance + self.period_var + policy.stretch**2
        return self.place_mm + self.period_mm, walked + policy.jitter**2

    def _step(self, policy: MarkPolicy) -> None:
        self.place_var += 2 * self.covariance + self.period_var + policy.stretch**2
        self.covariance += self.period_var
        self.place_mm += self.period_mm
        self.slot += 1
        self.missed += 1

    def _correct(self, row: int, along_mm: float, spread: float) -> None:
        offset = (along_mm - self.place_mm) / self.period_mm
        self._bet_for(exp(-0.5 * offset * offset / spread) / sqrt(2 * pi * spread))
        place_gain, period_gain = self.place_var / spread, self.covariance / spread
        self.place_mm += place_gain * offset * self.period_mm
        self.period_mm *= 1 + period_gain * offset
        self.place_var *= 1 - place_gain
        self.period_var -= period_gain * self.covariance
        self.covariance *= 1 - place_gain
        self.missed = 0
        self.found.append(Hit(self.slot, row, along_mm))

    def _bet_for(self, density: float) -> None:
        share = self._share
        self.log_bet += log(1 - share + share * density)
        self.best_log_bet = max(self.best_log_bet, self.log_bet)
        self.hits += 1

    def _bet_against(self, events: int) -> None:
        for _ in range(events):
            self.log_bet += log(1 - self._share)
            self.clutter += 1

    @property
    def _share(self) -> float:
        return self.hits / (self.hits + self.clutter)


def standing(train: Trains, slot: int = 0) -> Follower:
    """A filter that knows what the one train in `train` knows, on its latest hit."""
    return Follower(
        place_mm=float(train.place_mm[0]),
        period_mm=float(train.period_mm[0]),
        place_var=float(train.place_var[0]),
        period_var=float(train.period_var[0]),
        covariance=float(train.covariance[0]),
        slot=slot,
        hits=float(train.hits[0]),
        clutter=float(train.clutter[0]),
    )


def mirrored(forward: Follower) -> Follower:
    """The same knowledge, looking back: for a sequence that was turned round."""
    return Follower(
        place_mm=-forward.place_mm,
        period_mm=forward.period_mm,
        place_var=forward.place_var,
        period_var=forward.period_var,
        covariance=-forward.covariance,
    )


def backward(start: Follower, along_mm: Sequence[float], policy: MarkPolicy) -> list[Hit]:
    """The hits before the place where `start` stands, in rising order."""
    back = mirrored(start)
    back.advance([-each for each in reversed(along_mm)], float("inf"), policy)
    last = len(along_mm) - 1
    return [Hit(start.slot - hit.slot, last - hit.row, -hit.along_mm) for hit in reversed(back.found)]
