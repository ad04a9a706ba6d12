"""The four defect kinds of the Severstal set, drawn on synthetic steel with the exact mask of what was drawn.

1: pits, small spots, dark with a bright lip. 2: short thin cracks along the strip, rare, near an edge.
3: scratches and abrasion along the rolling direction, by far the most common. 4: scabs, large rough patches.
Sizes follow the real set's areas (median 3,300 / 2,900 / 12,000 / 25,000 px a frame).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from model.synthesis_texture import Grey, tiles, window

Mask = NDArray[np.bool_]
"""(H, W) bool."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Canvas:
    """The frame being drawn; `left_px`..`right_px` (exclusive) shows steel."""

    grey: Grey
    taken: Mask
    left_px: int
    right_px: int
    rng: np.random.Generator

    @property
    def shape(self) -> tuple[int, int]:
        """(H, W)."""
        return self.grey.shape[0], self.grey.shape[1]

    def column(self, margin_px: int) -> int:
        """A random column on the steel."""
        low, high = self.left_px + margin_px, self.right_px - margin_px
        return int(self.rng.integers(low, max(low + 1, high)))


def pits(canvas: Canvas) -> Mask:
    """Class 1: 2 to 16 spots, clustered."""
    rng, mask = canvas.rng, np.zeros(canvas.shape, np.bool_)
    height = mask.shape[0]
    x0, y0, spread = canvas.column(30), rng.uniform(0, height), rng.uniform(40, 250)
    for _ in range(int(rng.integers(2, 17))):
        x = int(np.clip(x0 + rng.normal(0, spread), canvas.left_px + 12, canvas.right_px - 13))
        y = int(np.clip(y0 + rng.normal(0, 80), 4, height - 5))
        pit(canvas, mask, (x, y), (int(rng.integers(5, 13)), int(rng.integers(8, 30))))
    return mask


def pit(canvas: Canvas, mask: Mask, centre: tuple[int, int], radii: tuple[int, int]) -> None:
    """One spot, dark with a bright lip, added to `mask`; `centre` and `radii` are (x, y) px."""
    rng, y = canvas.rng, centre[1]
    spot = _ellipse(canvas, centre, radii, float(rng.normal(0, 10)))
    rows, columns = box_of(spot)
    shape = (rows.stop - rows.start, columns.stop - columns.start)
    depth = (np.arange(*rows.indices(mask.shape[0]))[:, None] - y) / radii[1] + _lumps(rng, shape, 5.0) * 0.35
    dark = 1 / (1 + np.exp((rng.uniform(-0.4, 0.2) - depth) * 7))
    tone = rng.uniform(10, 75) * (1 - dark) - rng.uniform(25, 50) * dark
    add_tone(canvas, mask, spot, tone + window(tiles().grain, rng, *shape) * 14)


def cracks(canvas: Canvas) -> Mask:
    """Class 2: one or two thin dark lines with a bright flank, mostly near the strip's edge."""
    rng, mask = canvas.rng, np.zeros(canvas.shape, np.bool_)
    height = mask.shape[0]
    for _ in range(int(rng.integers(1, 3))):
        span = max(60, canvas.right_px - canvas.left_px)
        inset = int(rng.uniform(40, min(240, span - 20)))
        x = canvas.left_px + inset if rng.random() < 0.5 else canvas.right_px - inset
        length, width = int(rng.uniform(70, height + 1)), rng.uniform(9, 18)
        crack(canvas, mask, (x, int(rng.integers(0, height - length + 1))), length, width)
    return mask


def crack(canvas: Canvas, mask: Mask, start: tuple[int, int], length_px: int, width_px: float) -> None:
    """One thin dark line from `start` (x, y) along the strip, added to `mask`."""
    rng, (x, top), height = canvas.rng, start, mask.shape[0]
    path = x + np.cumsum(rng.normal(rng.normal(0, 0.06), 0.45, height))
    ends = np.minimum(np.arange(height) - top, top + length_px - np.arange(height))
    _apply_ribbon(canvas, mask, path, width_px / 2 * np.clip(ends / 18, 0, 1), _crack_profile(rng))


def scratches(canvas: Canvas) -> Mask:
    """Class 3: one to six bands along the rolling direction, most as long as the frame."""
    rng, mask = canvas.rng, np.zeros(canvas.shape, np.bool_)
    height = mask.shape[0]
    count = int(rng.choice((1, 2, 3, 4, 6), p=(0.4, 0.25, 0.15, 0.12, 0.08)))
    for _ in range(count):
        wide = rng.random() < 0.22
        whole = wide or rng.random() < 0.65
        length = height + 120 if whole else int(rng.uniform(60, height))
        top = -60 if whole else int(rng.integers(-20, height - length + 21))
        half = rng.uniform(14, 55) if wide else rng.uniform(5, 13)
        scratch(canvas, mask, (canvas.column(int(half) + 4), top), length, half)
    return mask


def scratch(canvas: Canvas, mask: Mask, start: tuple[int, int], length_px: int, half_px: float) -> None:
    """One band from `start` (x, y) along the strip, `half_px` wide to either side, added to `mask`."""
    rng, (x, top), height = canvas.rng, start, mask.shape[0]
    path = x + rng.normal(0, 0.04) * (np.arange(height) - height / 2)
    ends = np.minimum(np.arange(height) - top, top + length_px - np.arange(height))
    taper = np.sqrt(np.clip(ends / (0.12 * length_px), 0, 1))
    _apply_ribbon(canvas, mask, path, half_px * taper, _scratch_profile(rng, half_px))


def scabs(canvas: Canvas) -> Mask:
    """Class 4: one or two rough patches with a torn, partly bright rim."""
    rng, mask = canvas.rng, np.zeros(canvas.shape, np.bool_)
    height = mask.shape[0]
    for _ in range(1 if rng.random() < 0.7 else 2):
        reach_x, reach_y = rng.uniform(40, 190), rng.uniform(40, 130)
        centre = (canvas.column(int(min(reach_x, 40))), int(rng.uniform(0.1, 0.9) * height))
        scab(canvas, mask, centre, (reach_x, reach_y))
    return mask


def scab(canvas: Canvas, mask: Mask, centre: tuple[int, int], reach: tuple[float, float]) -> None:
    """One rough patch of about `reach` (x, y) px to either side of `centre` (x, y), added to `mask`."""
    rng = canvas.rng
    patch = _torn_outline(canvas, centre, *reach)
    rows, columns = box_of(patch)
    shape = (rows.stop - rows.start, columns.stop - columns.start)
    inside = patch[rows, columns].astype(np.uint8)
    rim = cv2.distanceTransform(inside, cv2.DIST_L2, 3) < rng.uniform(3, 8)
    coarse, fine = rng.uniform(14, 26), rng.uniform(4, 9)
    folds = _relief(_lumps(rng, shape, coarse)) * rng.uniform(10, 24)
    folds += _relief(_lumps(rng, shape, fine)) * rng.uniform(5, 12)
    rough = window(tiles().grain, rng, *shape) * rng.uniform(5, 11)
    lit = np.clip(_lumps(rng, shape, 12.0), 0, 2) * rng.uniform(25, 80) - 16
    tone = rng.uniform(-30, 6) + folds + rough + np.where(rim, lit, 0)
    add_tone(canvas, mask, patch, tone)


DRAWERS: dict[int, Callable[[Canvas], Mask]] = {1: pits, 2: cracks, 3: scratches, 4: scabs}
"""class_id -> what draws it (in place on the canvas) and returns its mask."""


def _ellipse(canvas: Canvas, centre: tuple[int, int], radii: tuple[int, int], angle: float) -> Mask:
    shape = np.zeros(canvas.shape, np.uint8)
    cv2.ellipse(shape, centre, radii, angle, 0, 360, 1, -1)
    return shape.view(np.bool_)


def _torn_outline(canvas: Canvas, centre: tuple[int, int], reach_x: float, reach_y: float) -> Mask:
    """A closed curve whose radius wanders: five random harmonics and some raggedness."""
    rng = canvas.rng
    turn = np.linspace(0, 2 * np.pi, 90, endpoint=False)
    waves = [rng.normal(0, 0.22 / k) * np.cos(k * turn + rng.uniform(0, 2 * np.pi)) for k in range(1, 6)]
    radius = np.clip(0.75 + np.sum(waves, axis=0) + rng.normal(0, 0.025, turn.size), 0.2, 1.2)
    points = np.stack([np.cos(turn) * reach_x * radius, np.sin(turn) * reach_y * radius], axis=1) + centre
    shape = np.zeros(canvas.shape, np.uint8)
    cv2.fillPoly(shape, [points.round().astype(np.int32)], 1)
    return shape.view(np.bool_)


def _lumps(rng: np.random.Generator, shape: tuple[int, int], size_px: float) -> Grey:
    """Smooth isotropic noise of about unit deviation; a lump is about `size_px` across."""
    coarse = [max(2, round(side / size_px)) for side in shape]
    noise = rng.standard_normal(coarse, dtype=np.float32)
    lumps = cv2.resize(noise, (max(1, shape[1]), max(1, shape[0])), interpolation=cv2.INTER_CUBIC)
    return np.asarray(lumps[: shape[0], : shape[1]], dtype=np.float32)


def _relief(height: Grey) -> Grey:
    """Light a height field from above: its slope along y, of about unit deviation."""
    if height.size == 0:
        return height
    slope = cv2.Sobel(height, cv2.CV_32F, 0, 1) + 0.4 * cv2.Sobel(height, cv2.CV_32F, 1, 0)
    return np.asarray(slope / max(float(slope.std()), 1e-3), dtype=np.float32)


def _crack_profile(rng: np.random.Generator) -> Callable[[Grey], Grey]:
    depth, flank = rng.uniform(35, 60), rng.uniform(12, 30)

    def profile(across: Grey) -> Grey:
        line = np.exp(-((across / np.float32(0.22)) ** 2))
        beside = np.exp(-(((across - np.float32(0.55)) / np.float32(0.25)) ** 2))
        return np.asarray(flank * beside - depth * line, dtype=np.float32)

    return profile


def _scratch_profile(rng: np.random.Generator, half_px: float) -> Callable[[Grey], Grey]:
    """Several parallel lines, dark or bright; `across` runs -1..1 over the band."""
    lines = int(rng.integers(2, 3 + int(half_px / 5)))
    at = np.linspace(-0.8, 0.8, lines) + rng.normal(0, 0.1, lines)
    sharpness = np.clip(rng.uniform(0.8, 3.0, lines) / half_px, 0.04, 0.5)
    bright = rng.random() < 0.45
    tone = rng.uniform(30, 95, lines) if bright else -rng.uniform(18, 48, lines)
    floor = rng.uniform(-14, -3)

    def profile(across: Grey) -> Grey:
        grey = np.asarray(floor * (1 - across**4), dtype=np.float32)
        for centre, width, amount in zip(at, sharpness, tone, strict=True):
            grey += np.float32(amount) * np.exp(-(((across - np.float32(centre)) / np.float32(width)) ** 2))
        return grey

    return profile


def _apply_ribbon(
    canvas: Canvas,
    mask: Mask,
    path: NDArray[np.floating],
    half_px: NDArray[np.floating],
    profile: Callable[[Grey], Grey],
) -> None:
    """Draw a band along the strip around column `path` (H,), `half_px` (H,) wide to either side."""
    reach = float(half_px.max())
    left = max(0, int(path.min() - reach) - 1)
    right = min(mask.shape[1], int(path.max() + reach) + 2)
    if right <= left or reach <= 0:
        return
    columns = np.arange(left, right, dtype=np.float32)
    offset = columns[None, :] - path[:, None].astype(np.float32)
    across = np.asarray(offset / np.maximum(half_px, 0.5)[:, None], dtype=np.float32)
    ribbon = np.zeros(mask.shape, np.bool_)
    ribbon[:, left:right] = (np.abs(across) <= 1) & (half_px > 0.5)[:, None]
    rows, box_columns = box_of(ribbon)
    if rows.stop == rows.start:
        return
    across = across[rows, box_columns.start - left : box_columns.stop - left]
    shape = (across.shape[0], across.shape[1])
    wear = window(tiles().streaks, canvas.rng, *shape) * 0.25
    wear += window(tiles().grain, canvas.rng, *shape) * 0.15
    add_tone(canvas, mask, ribbon, profile(across) * (1 + wear))


def box_of(shape: Mask) -> tuple[slice, slice]:
    """Rows and columns of the smallest box around a shape."""
    x, y, width, height = cv2.boundingRect(shape.view(np.uint8))
    return slice(y, y + height), slice(x, x + width)


def add_tone(canvas: Canvas, mask: Mask, shape: Mask, tone: NDArray[np.floating]) -> None:
    """Add `tone` (of the shape's box) where the shape lies on free steel; note those pixels in both masks."""
    rows, columns = box_of(shape)
    free = shape[rows, columns] & ~(canvas.taken[rows, columns] & ~mask[rows, columns])
    at = np.arange(columns.start, columns.stop)
    free &= (at >= canvas.left_px) & (at < canvas.right_px)
    # A defect reflects the same lamp as the steel around it: in the dark it is darker.
    local = canvas.grey[rows, columns]
    lamp = np.clip(float(local.mean()) / 90, 0.45, 1.5) if local.size else 1.0
    local += np.where(free, tone * lamp, 0).astype(np.float32)
    mask[rows, columns] |= free
    canvas.taken[rows, columns] |= free
