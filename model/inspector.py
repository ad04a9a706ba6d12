"""What the line asks of a model: two steps that can be batched apart, or both at once."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from model.card import Card, OperatingPoint

Pixels = NDArray[np.uint8]
"""One frame as `model.images.decode_grey` returns it: (H, W) uint8, at the bundle's working resolution."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """One connected component of one class's mask, in pixels of the full-size frame, bounds inclusive."""

    class_id: int
    score: float
    area_px: int
    row_min: int
    col_min: int
    row_max: int
    col_max: int
    rle: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Gated:
    """The gate's word on one frame, and whatever a shared design keeps on the device for its segmenter.

    What is kept belongs to the inspector that kept it. `segment` uses it up; it is no part of the word.
    """

    score: float
    kept: object = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameResult:
    """Everything the models say of one frame."""

    gate_score: float
    defective: bool
    regions: tuple[Region, ...]


class Inspector(ABC):
    """Gate and segmenter of one bundle on one engine.

    Every method returns as many results as it gets frames, in their order, as plain CPU values, and a frame's
    result does not depend on its neighbours in the batch.
    """

    card: Card
    point: OperatingPoint
    """The thresholds in force: those of the chosen preset and operating point."""

    @abstractmethod
    def gate(self, frames: Sequence[Pixels]) -> list[Gated]:
        """Score each frame: the probability that it shows any defect."""

    @abstractmethod
    def segment(self, frames: Sequence[Pixels], gated: Sequence[Gated]) -> list[tuple[Region, ...]]:
        """Find the regions of frames that passed the gate; a frame can turn out to hold none.

        `gated` is the gate's word on each. A frame need not have passed, nor been gated here: it only takes
        longer, as where a shared design kept nothing.
        """

    @abstractmethod
    def probabilities(self, frames: Sequence[Pixels]) -> list[NDArray[np.float32]]:
        """The segmenter's (classes, h, w) for each frame, before thresholds: to calibrate and to compare."""

    @abstractmethod
    def warm_up(self) -> None:
        """Run both networks once at every size they will see. Raises what the engine raises."""

    def inspect(self, frames: Sequence[Pixels]) -> list[FrameResult]:
        """Gate all, segment those at or above the operating point's threshold."""
        gated = self.gate(frames)
        passed = [i for i, g in enumerate(gated) if g.score >= self.point.gate_threshold]
        found = self.segment([frames[i] for i in passed], [gated[i] for i in passed]) if passed else []
        regions = dict(zip(passed, found, strict=True))
        return [
            FrameResult(gate_score=g.score, defective=i in regions, regions=regions.get(i, ()))
            for i, g in enumerate(gated)
        ]
