"""One coil, searched: while it runs, when it is over, and by the rival."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from consumer.coils.facts import Sighting
from consumer.coils.marks.find import find_marks
from consumer.coils.marks.policy import MarkPolicy
from consumer.coils.marks.watch import MarkWatch
from contracts.reports import RollMark
from tests.bench.marks_rival import autocorrelation
from tests.support.marked_strips import CLASS_ID, WIDTH_MM, Drawn, Recipe, marked, unmarked

POLICY = MarkPolicy()
PERIOD_WITHIN = 0.005
"""Of the true period: the issue's goal."""
RIVAL_RANGE_MM = (1000.0, 8000.0)


EARLY = 12
"""Revolutions by which an alarm is wanted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rivalry:
    """The plain autocorrelation on the same coil."""

    score: float
    error: float
    """Of its period, as a share of the nearest mark's."""
    null: float
    """Its score on a coil without marks of the same length and as much clutter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What became of one coil with marks."""

    revolutions: float
    """To the first alarm, counted in revolutions of the first mark from the coil's start; infinite: none."""
    alarm_error: float
    """Of the alarm's period, as a share of the nearest mark's; infinite without an alarm."""
    found: int
    """Marks of the report whose class, lane and period (within .5 %) are right."""
    error: float
    """Of the report's best period."""
    others: int
    """Marks of the report that are none."""
    rival: Rivalry
    rival_early: Rivalry
    """On the first 12 revolutions alone."""


def false_alarm(seed: int, defects: float, length_mm: float) -> float:
    """The least false-alarm probability that a coil without marks was given; 1 where none was raised."""
    found = _found(unmarked(np.random.default_rng(seed), defects, length_mm), length_mm)
    return min((mark.false_alarm_probability for mark in found), default=1.0)


def trial(seed: int, recipe: Recipe) -> Trial:
    """Draws a coil and searches it."""
    rng = np.random.default_rng(seed)
    coil = marked(rng, recipe)
    revolutions, alarm = _first_alarm(coil, recipe.revolutions)
    report = _found(coil.sightings, coil.length_mm)
    right = [mark for mark in report if _is_right(mark, coil)]
    matched = {_nearest(mark.period_mm, coil) for mark in right}
    return Trial(
        revolutions=revolutions,
        alarm_error=_error(alarm.period_mm, coil) if alarm else math.inf,
        found=len(matched),
        error=min((_error(mark.period_mm, coil) for mark in report), default=math.inf),
        others=len(report) - len(matched),
        rival=_rivalry(rng, coil, recipe, recipe.revolutions),
        rival_early=_rivalry(rng, coil, recipe, EARLY),
    )


def _rivalry(rng: np.random.Generator, coil: Drawn, recipe: Recipe, revolutions: int) -> Rivalry:
    length_mm = revolutions * coil.periods_mm[0]
    so_far = [each for each in coil.sightings if each.along_mm < length_mm]
    null = unmarked(rng, recipe.clutter * revolutions, length_mm)
    peak = autocorrelation(so_far, length_mm, RIVAL_RANGE_MM, recipe.jitter)
    chance = autocorrelation(null, length_mm, RIVAL_RANGE_MM, recipe.jitter)
    return Rivalry(score=peak.score, error=_error(peak.period_mm, coil), null=chance.score)


def _first_alarm(coil: Drawn, looks: int) -> tuple[float, RollMark | None]:
    """Looks once a revolution, as frames would come in."""
    waiting = sorted(coil.sightings, key=lambda each: each.along_mm)
    watch, period_mm, row = MarkWatch(POLICY), coil.periods_mm[0], 0
    for look in range(1, looks + 1):
        start = row
        while row < len(waiting) and waiting[row].along_mm <= look * period_mm:
            row += 1
        watch.add(waiting[start:row])
        changes = watch.look(look * period_mm)
        if changes:
            return changes[0].at_mm / period_mm, changes[0].mark
    return math.inf, None


def _found(sightings: list[Sighting], length_mm: float) -> tuple[RollMark, ...]:
    return find_marks(sightings, length_mm=length_mm, width_mm=WIDTH_MM, policy=POLICY)


def _nearest(period_mm: float, coil: Drawn) -> float:
    return min(coil.periods_mm, key=lambda true: abs(period_mm / true - 1))


def _error(period_mm: float, coil: Drawn) -> float:
    return abs(period_mm / _nearest(period_mm, coil) - 1)


def _is_right(mark: RollMark, coil: Drawn) -> bool:
    return (
        mark.class_id == CLASS_ID
        and abs(mark.lane_mm - coil.lane_mm) <= POLICY.lane_mm / 2
        and _error(mark.period_mm, coil) <= PERIOD_WITHIN
    )
