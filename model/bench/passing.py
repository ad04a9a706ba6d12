"""Which frames pass a gate: chosen, not left to luck.

A run of a stated share takes frames that pass from those that the scoring network holds worst, all others
from those that it holds best, and the gate's threshold lies between the two.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

T = TypeVar("T")

Scores = NDArray[np.float64]


class Choice(NamedTuple):
    """Frames by index, and the threshold that tells them apart."""

    passing: tuple[int, ...]
    stopped: tuple[int, ...]
    threshold: float


def choose(scores: Sequence[Scores]) -> list[Choice | None]:
    """One choice for each inspector, from its scores of the same frames, at least two.

    The same frames for all of those that can tell them apart: a quarter of the frames each, by the mean of
    the ranks. An inspector that cannot gets its own worst and best; None where it scores them all alike.
    """
    ranks = np.mean([one.argsort(kind="stable").argsort(kind="stable") for one in scores], axis=0)
    return [_split(one, ranks) or _split(one, one) for one in scores]


def _split(scores: Scores, order: Scores) -> Choice | None:
    quarter = max(1, len(scores) // 4)
    ranked = np.argsort(order, kind="stable")
    stopped, passing = ranked[:quarter], ranked[-quarter:]
    highest, lowest = float(scores[stopped].max()), float(scores[passing].min())
    threshold = (highest + lowest) / 2
    if not highest < threshold <= lowest:
        return None
    return Choice(tuple(map(int, passing)), tuple(map(int, stopped)), threshold)


def sequence(choice: Choice, frames: Sequence[T], count: int, percent: int) -> list[T]:
    """`count` frames of which `percent` pass, spread evenly, each kind in turn."""
    picked: list[T] = []
    passed = 0
    for index in range(count):
        passes = (index + 1) * percent // 100 > index * percent // 100
        kind, nth = (choice.passing, passed) if passes else (choice.stopped, index - passed)
        picked.append(frames[kind[nth % len(kind)]])
        passed += passes
    return picked
