"""How many defective frames a gate may stop on a held-out set, so that a bound on its misses can be stated.

Scores of n held-out defective frames are taken as independent draws from the line's. With the threshold at
the (k+1)-th lowest, the true share of misses is above alpha with probability BinomCDF(k; n, alpha) at most: a
distribution-free tolerance limit (Wilks, Ann. Math. Stat. 12, 1941). Near-duplicates make it optimistic.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from model.evaluation.intervals import binomial_cdf, upper_bound
from model.frames.frames import JudgedFrame
from model.frames.refused import TrainingRefused

LARGEST_MARGIN: Final = 0.01
"""How far below the (k+1)-th score the threshold may lie: int8 scores differ by less between machines."""


class TooFewFrames(TrainingRefused):
    """Held-out defective frames cannot support the bound that was asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MissBound:
    """At most `share` of defective frames are missed, at this confidence; both in 0..1, exclusive."""

    share: float = 0.02
    confidence: float = 0.95

    def __post_init__(self) -> None:
        if not (0 < self.share < 1 and 0 < self.confidence < 1):
            raise TrainingRefused("a miss bound and its confidence must lie between 0 and 1, both exclusive")

    @property
    def needed_frames(self) -> int:
        """The fewest defective frames that support the bound, none of them missed."""
        return math.ceil(math.log(1 - self.confidence) / math.log1p(-self.share))


@dataclass(frozen=True, slots=True, kw_only=True)
class GateChoice:
    """A threshold and what it rests on: of `frames` defective frames `missed` lie below it.

    bounded_share: the smallest share that `allowed` misses bound at the same confidence (one-sided
    Clopper-Pearson); it is not `missed` that counts, as the threshold was chosen on the same frames.
    """

    threshold: float
    frames: int
    allowed: int
    missed: int
    bounded_share: float


def allowed_misses(frames: int, bound: MissBound) -> int:
    """The largest k with BinomCDF(k; frames, share) <= 1 - confidence. Raises TooFewFrames without any."""
    if frames < bound.needed_frames:
        raise TooFewFrames(_too_few(frames, bound))
    allowed = 0
    while binomial_cdf(allowed + 1, frames, bound.share) <= 1 - bound.confidence:
        allowed += 1
    return allowed


def check_enough(frames: Sequence[JudgedFrame], bound: MissBound) -> None:
    """Before any work: whether these held-out frames can show the bound. Raises TooFewFrames."""
    allowed_misses(sum(frame.truth != "clean" for frame in frames), bound)


def choose_threshold(
    defective: Sequence[float] | NDArray[np.float32], bound: MissBound, *, strict: bool = True
) -> GateChoice:
    """The highest threshold that keeps the bound on these scores, but for a small margin.

    Raises TooFewFrames; unless `strict`, too few frames get a threshold that misses none of them.
    """
    scores = np.sort(np.asarray(defective, dtype=np.float64))
    frames = int(scores.size)
    few = not strict and 0 < frames < bound.needed_frames
    allowed = 0 if few else allowed_misses(frames, bound)
    below = scores[allowed - 1] if allowed else 0.0
    threshold = float(max((below + scores[allowed]) / 2, scores[allowed] - LARGEST_MARGIN))
    return GateChoice(
        threshold=threshold,
        frames=frames,
        allowed=allowed,
        missed=int((scores < threshold).sum()),
        bounded_share=upper_bound(allowed, frames, bound.confidence),
    )


def _too_few(frames: int, bound: MissBound) -> str:
    said = (
        f"{frames} defective frames cannot show a miss bound of {bound.share:.3g} at {bound.confidence:.0%}"
    )
    if not frames:
        return f"{said}: give at least {bound.needed_frames}"
    allowed = upper_bound(0, frames, bound.confidence)
    shown = math.ceil(allowed * 1e4) / 1e4
    return f"{said}: give at least {bound.needed_frames}, or ask for --miss {shown:g}, which {frames} do show"
