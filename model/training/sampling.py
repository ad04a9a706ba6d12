"""Which frames a training batch holds and how they are varied: shares by kind, mixing, flips, light."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from model.nets import CELL_PX
from model.training.frames import CLASS_COUNT, LabelledFrame

Pixels = NDArray[np.float32]
Classes = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, kw_only=True)
class SamplingPlan:
    """What a batch is made of.

    Whole clean frames are few and precious (without them a gate's AUC on real clean frames is .65-.68, with
    them .93-.98), so their share is set, not left to their number.
    """

    batch_size: int = 8
    clean_share: float = 0.375
    boxes_share: float = 0.125
    class_weights: tuple[float, ...] = (1.0, 0.8, 1.6, 1.0)
    mix_probability: float = 0.3
    crop_width_px: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """frames: (N, 1, h, w) float32 grey. class_maps: (N, h, w) uint8. teacher: (N, C, h/32, w/32) or None."""

    frames: Tensor
    class_maps: Tensor
    teacher: Tensor | None


@dataclass(frozen=True, slots=True)
class _Sample:
    pixels: Pixels
    classes: Classes
    teacher: NDArray[np.float32] | None


class FrameSampler:
    """Draws varied batches for ever. `teacher` holds cell probabilities by image id, for distillation."""

    def __init__(
        self,
        frames: Sequence[LabelledFrame],
        plan: SamplingPlan,
        *,
        seed: int,
        teacher: dict[str, NDArray[np.float32]] | None = None,
    ) -> None:
        if not frames:
            raise ValueError("no frames to train on")
        self._plan, self._teacher = plan, teacher
        self._rng = np.random.default_rng(seed)
        self._clean = [f for f in frames if f.truth == "clean"]
        self._boxes = [f for f in frames if f.truth == "boxes"]
        masked = [f for f in frames if f.truth == "mask"]
        self._by_class = {c: [f for f in masked if c in f.classes] for c in range(1, CLASS_COUNT + 1)}
        weights = np.array([w if self._by_class[c + 1] else 0.0 for c, w in enumerate(plan.class_weights)])
        self._class_weights = weights / max(float(weights.sum()), 1e-9)

    def batch(self) -> Batch:
        """The next batch."""
        samples = [self._sample() for _ in range(self._plan.batch_size)]
        teacher = None
        if self._teacher is not None:
            teacher = torch.from_numpy(np.stack([s.teacher for s in samples if s.teacher is not None]))
        return Batch(
            frames=torch.from_numpy(np.stack([s.pixels for s in samples]))[:, None],
            class_maps=torch.from_numpy(np.stack([s.classes for s in samples])),
            teacher=teacher,
        )

    def _sample(self) -> _Sample:
        sample = self._read(self._pick())
        if self._rng.random() < self._plan.mix_probability:
            sample = self._mix(sample, self._read(self._pick()))
        if self._plan.crop_width_px is not None:
            sample = self._crop(sample, self._plan.crop_width_px)
        return self._relight(self._flip(sample))

    def _pick(self) -> LabelledFrame:
        plan, draw = self._plan, self._rng.random()
        if draw < plan.clean_share and self._clean:
            return self._one(self._clean)
        if draw < plan.clean_share + plan.boxes_share and self._boxes:
            return self._one(self._boxes)
        if self._class_weights.sum() == 0:
            return self._one(self._clean or self._boxes)
        return self._one(self._by_class[1 + int(self._rng.choice(CLASS_COUNT, p=self._class_weights))])

    def _one(self, frames: list[LabelledFrame]) -> LabelledFrame:
        return frames[int(self._rng.integers(len(frames)))]

    def _read(self, frame: LabelledFrame) -> _Sample:
        teacher = self._teacher[frame.image_id].astype(np.float32) if self._teacher is not None else None
        return _Sample(frame.pixels.astype(np.float32), frame.class_map, teacher)

    def _mix(self, left: _Sample, right: _Sample) -> _Sample:
        """Put a column interval of `right` into `left`; cells stay whole, so the teacher's move with it."""
        cells = left.pixels.shape[1] // CELL_PX
        first, last = sorted(int(v) for v in self._rng.choice(cells + 1, size=2, replace=False))
        return _Sample(
            _paste(left.pixels, right.pixels, first * CELL_PX, last * CELL_PX),
            _paste(left.classes, right.classes, first * CELL_PX, last * CELL_PX),
            None if left.teacher is None else _paste(left.teacher, right.teacher, first, last),
        )

    def _crop(self, sample: _Sample, width_px: int) -> _Sample:
        """A window of `width_px` columns on cell borders; three times of four it holds part of a defect."""
        positions = (sample.pixels.shape[1] - width_px) // CELL_PX
        first = int(self._rng.integers(positions + 1))
        columns = np.flatnonzero((sample.classes != 0).any(axis=0))
        if columns.size and self._rng.random() < 0.75:
            centre = int(columns[int(self._rng.integers(columns.size))])
            first = int(np.clip((centre - self._rng.integers(width_px)) // CELL_PX, 0, positions))
        start, stop = first * CELL_PX, first * CELL_PX + width_px
        teacher = sample.teacher
        return _Sample(
            sample.pixels[:, start:stop],
            sample.classes[:, start:stop],
            None if teacher is None else teacher[..., first : first + width_px // CELL_PX],
        )

    def _flip(self, sample: _Sample) -> _Sample:
        axes = tuple(axis for axis in (-2, -1) if self._rng.random() < 0.5)
        return _Sample(
            np.ascontiguousarray(np.flip(sample.pixels, axes)),
            np.ascontiguousarray(np.flip(sample.classes, axes)),
            None if sample.teacher is None else np.ascontiguousarray(np.flip(sample.teacher, axes)),
        )

    def _relight(self, sample: _Sample) -> _Sample:
        """Mild contrast, brightness, gamma, and a slope of light across the strip."""
        rng = self._rng
        pixels = sample.pixels * rng.uniform(0.85, 1.18) + rng.uniform(-10, 10)
        if rng.random() < 0.3:
            pixels = 255 * (np.clip(pixels, 0, 255) / 255) ** rng.uniform(0.85, 1.2)
        if rng.random() < 0.3:
            left, right = rng.uniform(0.9, 1.1, 2)
            pixels = pixels * np.linspace(float(left), float(right), pixels.shape[1])
        return _Sample(np.clip(pixels, 0, 255).astype(np.float32), sample.classes, sample.teacher)


def _paste(into: NDArray[Any], source: NDArray[Any] | None, start: int, stop: int) -> NDArray[Any]:
    assert source is not None
    pasted = into.copy()
    pasted[..., start:stop] = source[..., start:stop]
    return pasted
