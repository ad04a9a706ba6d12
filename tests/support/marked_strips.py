"""Strips with and without roll marks, drawn at random: what the search for marks is tried on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from consumer.coils.facts import Sighting

WIDTH_MM = 1250.0
MARK_ACROSS_MM = 2.0
"""One standard deviation of a mark's hits across the strip."""
PIT_APART_MM = 30.0
CLASS_ID = 1

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """What is drawn. `rolls` marks share one lane when there are several."""

    revolutions: int = 60
    clutter: float = 10.0
    """Defects over the whole width in a revolution of the first mark, which itself would show one."""
    misses: float = 0.3
    jitter: float = 0.01
    """Of each hit, as a share of the period."""
    stretch: float = 0.0
    """Of each spacing, which all later hits keep: a random walk."""
    twins: float = 0.0
    """The share of hits that are seen twice, as two pits."""
    ratios: tuple[float, ...] = (1.0,)
    """The periods of the marks, as multiples of the first one's."""
    period_mm: tuple[float, float] = (1000.0, 8000.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """One coil."""

    sightings: list[Sighting]
    length_mm: float
    periods_mm: tuple[float, ...]
    lane_mm: float


def sightings(along_mm: Floats, across_mm: Floats) -> list[Sighting]:
    """Of one class."""
    rows = zip(along_mm.tolist(), across_mm.tolist(), strict=True)
    return [Sighting(class_id=CLASS_ID, along_mm=along, across_mm=across) for along, across in rows]


def unmarked(rng: np.random.Generator, defects: float, length_mm: float) -> list[Sighting]:
    """A Poisson number of defects, anywhere."""
    count = rng.poisson(defects)
    return sightings(rng.uniform(0, length_mm, count), rng.uniform(0, WIDTH_MM, count))


def marked(rng: np.random.Generator, recipe: Recipe) -> Drawn:
    """A coil with the recipe's marks from its first metre to its last."""
    first_mm = float(rng.uniform(*recipe.period_mm))
    length_mm = first_mm * recipe.revolutions
    lane_mm = float(rng.uniform(30, WIDTH_MM - 30))
    periods = tuple(ratio * first_mm for ratio in recipe.ratios)
    hits = np.concatenate([_hits(rng, recipe, period, length_mm) for period in periods])
    across = lane_mm + MARK_ACROSS_MM * rng.normal(size=len(hits))
    strip = unmarked(rng, recipe.clutter * recipe.revolutions, length_mm) + sightings(hits, across)
    order = rng.permutation(len(strip))
    return Drawn(
        sightings=[strip[row] for row in order], length_mm=length_mm, periods_mm=periods, lane_mm=lane_mm
    )


def _hits(rng: np.random.Generator, recipe: Recipe, period_mm: float, length_mm: float) -> Floats:
    count = max(1, int(length_mm / period_mm))
    spacings = 1 + recipe.stretch * rng.normal(size=count)
    places = rng.uniform(0, period_mm) + period_mm * (np.cumsum(spacings) - spacings[0])
    places = places + recipe.jitter * period_mm * rng.normal(size=count)
    seen = places[rng.random(count) >= recipe.misses]
    twins = seen[rng.random(len(seen)) < recipe.twins] + PIT_APART_MM
    return np.concatenate([seen, twins])
