"""The worst stretch of a strip: the window of a given length that holds most defects, or most of their area.

Both are exact, over every position and not only a grid of them: the count rises only where a window begins to
reach a defect, and the area under a sliding window bends only where an end of it meets an end of a defect.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Column = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Most:
    """What the worst window holds, and where it begins."""

    held: float
    from_mm: float


def most_defects(along_min_mm: Column, along_max_mm: Column, window_mm: float) -> Most:
    """The window that most defects reach into; their ends included. Of several the first one."""
    begins = np.sort(along_min_mm - window_mm)
    ends = np.sort(along_max_mm)
    if not begins.size:
        return Most(held=0, from_mm=0.0)
    # A window at p holds those with along_min - window <= p <= along_max.
    held = np.arange(1, begins.size + 1) - np.searchsorted(ends, begins, side="left")
    worst = int(np.argmax(held))
    return Most(held=int(held[worst]), from_mm=float(begins[worst]))


def most_area(along_min_mm: Column, along_max_mm: Column, area_mm2: Column, window_mm: float) -> Most:
    """The window with the most area, each defect's spread evenly along it. Of several the first one."""
    if not area_mm2.size:
        return Most(held=0.0, from_mm=0.0)
    length_mm = np.maximum(along_max_mm - along_min_mm, 1e-6)  # a point becomes a nanometre: no division by 0
    ends_mm = along_min_mm + length_mm
    knots, area_before = _cumulated(along_min_mm, ends_mm, area_mm2 / length_mm)
    begins = np.unique(np.concatenate([knots, knots - window_mm]))
    held = np.interp(begins + window_mm, knots, area_before) - np.interp(begins, knots, area_before)
    worst = int(np.argmax(held))
    return Most(held=float(held[worst]), from_mm=float(begins[worst]))


def _cumulated(begins: Column, ends: Column, area_per_mm: Column) -> tuple[Column, Column]:
    """Places along the strip, rising, and all the area that lies before each of them."""
    places = np.concatenate([begins, ends])
    order = np.argsort(places, kind="stable")
    knots = places[order]
    slope = np.cumsum(np.concatenate([area_per_mm, -area_per_mm])[order])
    steps = np.maximum(slope[:-1], 0.0) * np.diff(knots)
    return knots, np.concatenate([[0.0], np.cumsum(steps)])
