"""Which frames a training batch holds: shares by kind, and which class is drawn how often."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from model.frames.frames import LabelledFrame
from model.training.recipe import SamplingPlan
from model.training.variation import Sample, crop, mix, vary


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """frames: (N, 1, h, w) float32 grey levels. class_maps: (N, h, w) uint8, as in LabelledFrame."""

    frames: Tensor
    class_maps: Tensor

    def __len__(self) -> int:
        return len(self.frames)

    def to(self, device: torch.device) -> Batch:
        """The same batch on a device."""
        return Batch(
            frames=self.frames.to(device, non_blocking=True),
            class_maps=self.class_maps.to(device, non_blocking=True),
        )

    def first(self, count: int) -> Batch:
        """The batch's first `count` frames."""
        return Batch(frames=self.frames[:count], class_maps=self.class_maps[:count])


class FrameSampler:
    """Draws varied batches for ever, each from its own random numbers: threads may draw side by side."""

    def __init__(self, frames: Sequence[LabelledFrame], plan: SamplingPlan, *, seed: int) -> None:
        if not frames:
            raise ValueError("no frames to train on")
        self._plan, self._seed = plan, seed
        self._clean = [f for f in frames if f.truth == "clean"]
        self._boxes = [f for f in frames if f.truth == "boxes"]
        masked = [f for f in frames if f.truth == "mask"]
        self._by_class = [
            [f for f in masked if class_id in f.classes] for class_id in range(1, len(plan.class_weights) + 1)
        ]
        weights = np.array([w if self._by_class[c] else 0.0 for c, w in enumerate(plan.class_weights)])
        self._class_weights = weights / max(float(weights.sum()), 1e-9)

    def batch(self, step: int) -> Batch:
        """The batch of a step, whatever was drawn before it: so a run can be resumed."""
        rng = np.random.default_rng((self._seed, step))
        samples = [self._sample(rng) for _ in range(self._plan.batch_size)]
        return Batch(
            frames=torch.from_numpy(np.stack([s.pixels for s in samples]))[:, None],
            class_maps=torch.from_numpy(np.stack([s.classes for s in samples])),
        )

    def _sample(self, rng: np.random.Generator) -> Sample:
        plan = self._plan
        sample = Sample.of(self._pick(rng))
        if rng.random() < plan.mix_probability:
            sample = mix(rng, sample, Sample.of(self._pick(rng)))
        if plan.crop_width_px is not None:
            sample = crop(rng, sample, plan.crop_width_px)
        return vary(rng, sample, plan.stretch_probability, plan.noise_probability)

    def _pick(self, rng: np.random.Generator) -> LabelledFrame:
        plan, draw = self._plan, rng.random()
        if draw < plan.clean_share and self._clean:
            return _one(rng, self._clean)
        if draw < plan.clean_share + plan.boxes_share and self._boxes:
            return _one(rng, self._boxes)
        if self._class_weights.sum() == 0:
            return _one(rng, self._clean or self._boxes)
        return _one(rng, self._by_class[int(rng.choice(len(self._by_class), p=self._class_weights))])


def _one(rng: np.random.Generator, frames: list[LabelledFrame]) -> LabelledFrame:
    return frames[int(rng.integers(len(frames)))]
