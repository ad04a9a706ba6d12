"""Pixels of held-out frames by probability, counted once: choosing thresholds is then arithmetic."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from model.card import InputSpec, MaskRule
from model.frames.frames import JudgedFrame

LEVELS: Final = tuple(round(0.2 + 0.05 * step, 2) for step in range(15))
"""Thresholds that are ever considered: .2 to .9."""

Counts = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class MaskCounts:
    """Of n frames whose masks are known, for each class and level; in pixels of the full-size frame.

    found_px, shared_px: (n, classes, levels), how many pixels reach a level, and how many of those are truly
    of the class. true_px: (n, classes).
    """

    found_px: Counts
    shared_px: Counts
    true_px: Counts

    def take(self, chosen: NDArray[np.intp]) -> MaskCounts:
        """The counts of some frames."""
        return MaskCounts(
            found_px=self.found_px[chosen], shared_px=self.shared_px[chosen], true_px=self.true_px[chosen]
        )

    def dice(self, class_index: int, rule: MaskRule) -> NDArray[np.float64]:
        """(n,) Dice of one class under a rule whose thresholds are levels; 1 where truth and mask are empty.

        Pixels that a more probable class takes are counted as kept: they are rare.
        """
        top, bottom = LEVELS.index(rule.top_threshold), LEVELS.index(rule.bottom_threshold)
        there = self.found_px[:, class_index, top] >= max(1, rule.min_area_px)
        found = self.found_px[:, class_index, bottom] * there
        total = found + self.true_px[:, class_index]
        shared = 2 * self.shared_px[:, class_index, bottom] * there
        return np.where(total == 0, 1.0, shared / np.maximum(total, 1))


def count_masks(
    probabilities: NDArray[np.float32], frames: Sequence[JudgedFrame], spec: InputSpec
) -> MaskCounts:
    """Count n frames of truth `mask` or `clean`. probabilities: (n, classes, h, w), upsampled here."""
    classes = probabilities.shape[1]
    shape = (len(frames), classes, len(LEVELS))
    counts = MaskCounts(
        found_px=np.zeros(shape, np.int64),
        shared_px=np.zeros(shape, np.int64),
        true_px=np.zeros(shape[:2], np.int64),
    )
    for i, (planes, frame) in enumerate(zip(probabilities, frames, strict=True)):
        for c, plane in enumerate(planes):
            truth = frame.masks.get(c + 1)
            counts.true_px[i, c] = 0 if truth is None else np.count_nonzero(truth)
            if plane.max() < LEVELS[0]:
                continue
            full = cv2.resize(plane, (spec.width_px, spec.height_px))
            counts.found_px[i, c] = _reached(full)
            if truth is not None:
                counts.shared_px[i, c] = _reached(full[truth])
    return counts


def _reached(probabilities: NDArray[np.float32]) -> Counts:
    """How many values reach each level."""
    ordered = np.array(LEVELS, np.float32)
    reached = np.searchsorted(ordered, probabilities[probabilities >= ordered[0]], side="right")
    return np.bincount(reached, minlength=len(LEVELS) + 1)[::-1].cumsum()[::-1][1:]
