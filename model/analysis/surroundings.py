"""How much of a mask looks like the steel around it, and how deep under its edge the steel changes.

Steel is flattened first: its brightness differs across the strip far more than along it, so each column's
mean over unmasked pixels is taken away. Surroundings are unmasked steel 6 to 48 px from the mask. A pixel
looks like them when its grey level (mean of 5x5) lies within the middle 97.5 % of theirs and its gradient
(Gaussian of 1 px, Sobel, mean of 5x5) below their 97.5 % quantile: so would about 95 % of themselves.
The windows see a defect 4 px away: bare steel comes out that much too small rather than too large.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

NEAR_PX, FAR_PX = 6, 48
DEPTHS_PX: Final = np.arange(-16, 33)
"""Distance from a mask's edge: above 0 inside, 1 for its outermost pixels."""
ENOUGH_PX: Final = 500
FEW_PX: Final = 20
STANDS_OUT: Final = 1.5
"""A strongest gradient counts as an edge from this many times the surroundings' median gradient on; on clean
steel the median gradient is 1.2 times that of its own surroundings' median at any depth."""

_BLACK_BELOW: Final = 20
_TAILS: Final = (0.0125, 0.9875)
_ROUGHEST: Final = 0.975
_WINDOW: Final = (5, 5)
_LEAST_IN_COLUMN: Final = 16
_SMOOTHED_COLUMNS: Final = 31


@dataclass(frozen=True, slots=True, kw_only=True)
class Surface:
    """One (H, W) frame made comparable. level: float32 grey without the columns' means; roughness, gradient:
    float32 grey levels a pixel; steel: not the black beside the strip; free: steel outside every mask.
    """

    level: NDArray[np.float32]
    roughness: NDArray[np.float32]
    gradient: NDArray[np.float32]
    steel: NDArray[np.bool_]
    free: NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Likeness:
    """One mask against its surroundings.

    like: (H, W) bool, pixels that look like them. gradient, unlike: (DEPTHS,) means by depth, the gradient as
    a multiple of the surroundings' median; NaN where a depth has too few pixels.
    """

    like: NDArray[np.bool_]
    like_share: float
    gradient: NDArray[np.float64]
    unlike: NDArray[np.float64]

    @property
    def margin_px(self) -> float | None:
        """The depth of the strongest gradient; None when none stands out."""
        known = ~np.isnan(self.gradient)
        if known.sum() < 3:
            return None
        there = np.interp(DEPTHS_PX, DEPTHS_PX[known], self.gradient[known])
        smooth = np.where(known, np.convolve(np.pad(there, 1, "edge"), np.ones(3) / 3, "valid"), -np.inf)
        deepest = int(smooth.argmax())
        return float(DEPTHS_PX[deepest]) if smooth[deepest] >= STANDS_OUT else None


def strip_columns(pixels: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """(W,) bool: columns of the strip itself; the black beside it reaches in from the left or the right."""
    bright = np.median(pixels, axis=0) >= _BLACK_BELOW
    columns = np.zeros(pixels.shape[1], np.bool_)
    if bright.any():
        columns[bright.argmax() : len(bright) - bright[::-1].argmax()] = True
    return columns


def surface_of(pixels: NDArray[np.uint8], masked: NDArray[np.bool_]) -> Surface | None:
    """(H, W) uint8 and all its masks together; None when too little steel is free to compare with."""
    grey = pixels.astype(np.float32)
    fine = cv2.GaussianBlur(grey, (0, 0), 1)
    across = cv2.Sobel(fine, cv2.CV_32F, 1, 0, scale=1 / 8)
    along = cv2.Sobel(fine, cv2.CV_32F, 0, 1, scale=1 / 8)
    gradient = cv2.magnitude(across, along)
    steel = np.broadcast_to(strip_columns(pixels), pixels.shape)
    free = steel & ~masked
    local = cv2.blur(grey, _WINDOW)
    counted = free.sum(axis=0)
    known = counted >= _LEAST_IN_COLUMN
    if known.sum() < _LEAST_IN_COLUMN:
        return None
    means = np.where(free, local, 0).sum(axis=0) / np.maximum(1, counted)
    means = np.interp(np.arange(means.size), np.flatnonzero(known), means[known])
    smooth = cv2.blur(means[None].astype(np.float32), (_SMOOTHED_COLUMNS, 1))
    return Surface(
        level=local - smooth,
        roughness=cv2.blur(gradient, _WINDOW),
        gradient=gradient,
        steel=steel,
        free=free,
    )


def likeness(surface: Surface, mask: NDArray[np.bool_]) -> Likeness | None:
    """One class's (H, W) mask on its frame; None when it lies off the strip or has too little around it."""
    inside = mask & surface.steel
    if inside.sum() < FEW_PX:
        return None
    outside = cv2.distanceTransform((~mask).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5)
    depth = cv2.distanceTransform(mask.astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5)
    around = surface.free & (outside > NEAR_PX) & (outside <= FAR_PX)
    if np.count_nonzero(around) < ENOUGH_PX:
        around = surface.free & (outside > NEAR_PX)
    if np.count_nonzero(around) < ENOUGH_PX:
        return None
    low, high = np.quantile(surface.level[around], _TAILS)
    roughest = np.quantile(surface.roughness[around], _ROUGHEST)
    like = (surface.level >= low) & (surface.level <= high) & (surface.roughness <= roughest)
    usual = max(0.1, float(np.median(surface.gradient[around])))
    compared = inside | (surface.free & (outside <= -DEPTHS_PX[0] + 1))
    signed = np.where(mask, depth, 1 - outside)[compared]
    return Likeness(
        like=like & mask,
        like_share=float(like[inside].mean()),
        gradient=_by_depth(signed, surface.gradient[compared] / usual),
        unlike=_by_depth(signed, ~like[compared]),
    )


def _by_depth(signed: NDArray[np.float32], values: NDArray[np.generic]) -> NDArray[np.float64]:
    """Means by whole pixels of depth; NaN where there are too few."""
    bins = np.rint(signed).astype(np.int64) - DEPTHS_PX[0]
    kept = (bins >= 0) & (bins < DEPTHS_PX.size)
    counted = np.bincount(bins[kept], minlength=DEPTHS_PX.size)
    summed = np.bincount(bins[kept], np.asarray(values, np.float64)[kept], DEPTHS_PX.size)
    return np.where(counted >= FEW_PX, summed / np.maximum(1, counted), np.nan)
