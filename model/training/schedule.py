"""How the learning rate goes over a stage."""

from __future__ import annotations

import math
from typing import Literal

Schedule = Literal["flat-then-cosine", "one-cycle"]

WARM_UP = 0.02
"""Share of a stage in which a flat rate rises from 1/20."""

ONE_CYCLE_RISE, ONE_CYCLE_START = 0.3, 1 / 25
"""Smith and Topin, "Super-convergence", arXiv 1708.07120, with the numbers of torch's OneCycleLR."""


def rate(schedule: Schedule, done: float, flat_share: float) -> float:
    """The share of the full learning rate when `done` (0..1) of the stage is over."""
    if schedule == "one-cycle":
        if done < ONE_CYCLE_RISE:
            return ONE_CYCLE_START + (1 - ONE_CYCLE_START) * (1 - _falling(done / ONE_CYCLE_RISE))
        return _falling((done - ONE_CYCLE_RISE) / (1 - ONE_CYCLE_RISE))
    if done < WARM_UP:
        return max(done / WARM_UP, 0.05)
    return 1.0 if done < flat_share else _falling((done - flat_share) / (1 - flat_share))


def _falling(done: float) -> float:
    """Half a cosine, 1 to 0."""
    return 0.5 * (1 + math.cos(math.pi * min(1.0, done)))
