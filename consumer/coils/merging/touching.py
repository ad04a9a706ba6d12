"""Which intervals of two lists touch, as far as merging needs to know: in one sweep, whatever the input."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

Stretch = tuple[float, float, int]
"""From, to (mm) and whose it is."""

Join = Callable[[int, int], None]


def join_touching(one: Iterable[Stretch], other: Iterable[Stretch], slack_mm: float, join: Join) -> None:
    """Call `join` so that whatever touches is connected, if not each pair of it.

    Two intervals touch when the gap between them is at most `slack_mm`. In order of where they begin,
    a newcomer is joined with all of the other side that still reaches to it; these are then one, so that only
    the one that reaches furthest need be kept. Each interval is thereby looked at a constant number of times,
    also where a stuck encoder has laid 100,000 frames on one place: n log n, never n squared.
    """
    events = sorted([(*s, 0) for s in one] + [(*s, 1) for s in other])
    reaching: tuple[list[tuple[float, int]], list[tuple[float, int]]] = ([], [])
    for begin, end, owner, side in events:
        across = reaching[1 - side]
        met = [(reach, who) for reach, who in across if begin - reach <= slack_mm]
        for _, who in met:
            join(owner, who)
        across[:] = [max(met)] if met else []
        reaching[side].append((end, owner))


MOST_ABREAST = 64
"""Boxes of one class and camera that may lie beside each other in a seam, some tens of mm wide. More are only
where positions are absurd, and are kept from costing n squared: those that end first are let go."""


class Box(NamedTuple):
    """A box on the coil, in mm, and whose it is."""

    along_min_mm: float
    along_max_mm: float
    across_min_mm: float
    across_max_mm: float
    owner: int


def join_overlapping(one: Iterable[Box], other: Iterable[Box], slack_mm: float, join: Join) -> None:
    """Call `join` for each two boxes, one of each list, that overlap or are at most `slack_mm` apart."""
    events = sorted([(box, 0) for box in one] + [(box, 1) for box in other])
    reaching: tuple[list[Box], list[Box]] = ([], [])
    for box, side in events:
        for boxes in reaching:
            if boxes:
                boxes[:] = [b for b in boxes if box.along_min_mm - b.along_max_mm <= slack_mm]
        for b in reaching[1 - side]:
            if max(box.across_min_mm, b.across_min_mm) - min(box.across_max_mm, b.across_max_mm) <= slack_mm:
                join(box.owner, b.owner)
        own = reaching[side]
        own.append(box)
        if len(own) > MOST_ABREAST:
            own.remove(min(own, key=lambda b: b.along_max_mm))
