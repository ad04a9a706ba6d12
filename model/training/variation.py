"""How a frame is varied before it is learnt from: mixing, crops, flips, zoom, light, grain; labels follow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from model.frames.frames import LabelledFrame
from model.nets import CELL_PX

DEFECT_CROP_SHARE = 0.75
"""Of the crops of a frame with a defect, how many are placed on it; the others lie anywhere."""


@dataclass(frozen=True, slots=True)
class Sample:
    """pixels: (h, w) float32 grey levels. classes: (h, w) uint8, as in LabelledFrame."""

    pixels: NDArray[np.float32]
    classes: NDArray[np.uint8]

    @classmethod
    def of(cls, frame: LabelledFrame) -> Sample:
        """A frame as it is."""
        return cls(frame.pixels.astype(np.float32), frame.class_map)


def mix(rng: Generator, left: Sample, right: Sample) -> Sample:
    """Put a column interval of `right` into `left`, on cell borders: a cell is never half of each."""
    cells = left.pixels.shape[1] // CELL_PX
    first, last = sorted(int(v) * CELL_PX for v in rng.choice(cells + 1, size=2, replace=False))
    return Sample(
        _paste(left.pixels, right.pixels, first, last), _paste(left.classes, right.classes, first, last)
    )


def crop(rng: Generator, sample: Sample, width_px: int) -> Sample:
    """A window of `width_px` columns on cell borders; three times of four it holds part of a defect."""
    positions = (sample.pixels.shape[1] - width_px) // CELL_PX
    first = int(rng.integers(positions + 1))
    columns = np.flatnonzero((sample.classes != 0).any(axis=0))
    if columns.size and rng.random() < DEFECT_CROP_SHARE:
        centre = int(columns[int(rng.integers(columns.size))])
        first = int(np.clip((centre - rng.integers(width_px)) // CELL_PX, 0, positions))
    window = slice(first * CELL_PX, first * CELL_PX + width_px)
    return Sample(sample.pixels[:, window], sample.classes[:, window])


def vary(rng: Generator, sample: Sample, stretch_probability: float, noise_probability: float) -> Sample:
    """Flips, zoom, light and grain, in this order."""
    sample = _flip(rng, sample)
    if rng.random() < stretch_probability:
        sample = _stretch(rng, sample)
    pixels = _relight(rng, sample.pixels)
    draw = rng.random() / max(noise_probability, 1e-9)
    if draw < 1:
        pixels = _grain(rng, pixels) if draw < 0.5 else _soften(rng, pixels)
    return Sample(pixels, sample.classes)


def _flip(rng: Generator, sample: Sample) -> Sample:
    axes = tuple(axis for axis in (-2, -1) if rng.random() < 0.5)
    return Sample(
        np.ascontiguousarray(np.flip(sample.pixels, axes)),
        np.ascontiguousarray(np.flip(sample.classes, axes)),
    )


def _stretch(rng: Generator, sample: Sample) -> Sample:
    """Zoom into a part of the window: up to 1.25 along the strip, up to 1.35 across."""
    height, width = sample.pixels.shape
    rows = int(height / rng.uniform(1.0, 1.25))
    columns = int(width / rng.uniform(1.0, 1.35))
    top = int(rng.integers(height - rows + 1))
    left = int(rng.integers(width - columns + 1))
    part = (slice(top, top + rows), slice(left, left + columns))
    return Sample(
        np.asarray(
            cv2.resize(sample.pixels[part], (width, height), interpolation=cv2.INTER_LINEAR), np.float32
        ),
        np.asarray(
            cv2.resize(sample.classes[part], (width, height), interpolation=cv2.INTER_NEAREST), np.uint8
        ),
    )


def _relight(rng: Generator, pixels: NDArray[Any]) -> NDArray[np.float32]:
    """Mild contrast, brightness, gamma, and a slope of light across the strip."""
    pixels = pixels * rng.uniform(0.85, 1.18) + rng.uniform(-10, 10)
    if rng.random() < 0.3:
        pixels = 255 * (np.clip(pixels, 0, 255) / 255) ** rng.uniform(0.85, 1.2)
    if rng.random() < 0.3:
        left, right = rng.uniform(0.9, 1.1, 2)
        pixels = pixels * np.linspace(float(left), float(right), pixels.shape[1])
    return np.clip(pixels, 0, 255).astype(np.float32)


def _grain(rng: Generator, pixels: NDArray[np.float32]) -> NDArray[np.float32]:
    grain = rng.normal(0, rng.uniform(1, 5), pixels.shape)
    return np.clip(pixels + grain, 0, 255).astype(np.float32)


def _soften(rng: Generator, pixels: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(cv2.GaussianBlur(pixels, (0, 0), float(rng.uniform(0.4, 1.0))), np.float32)


def _paste(into: NDArray[Any], source: NDArray[Any], start: int, stop: int) -> NDArray[Any]:
    pasted = into.copy()
    pasted[..., start:stop] = source[..., start:stop]
    return pasted
