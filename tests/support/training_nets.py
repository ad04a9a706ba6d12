"""A net, a loss and a sampler for tests of the training loop: nothing real, all of it fast."""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor, nn

from model.training.hardware import Hardware
from model.training.recipe import SamplingPlan
from model.training.sampling import Batch, FrameSampler
from tests.support.labelled import LABELLED

CPU: Final = Hardware(device=torch.device("cpu"), mixed=False)


class OneConvolution(nn.Module):
    """One convolution as `encoder`, one as head; dropout, so that a step draws random numbers."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.encoder = nn.Sequential(nn.Conv2d(1, 4, 1), nn.BatchNorm2d(4), nn.ReLU(), nn.Dropout(0.1))
        self.head = nn.Conv2d(4, 1, 1)

    def forward(self, frames: Tensor) -> Tensor:
        return self.head(self.encoder(frames / 100))


def wrong_pixels(net: nn.Module, batch: Batch) -> Tensor:
    """Cross-entropy of `any defect` on each pixel."""
    target = (batch.class_maps[:, None] > 0).float()
    return nn.functional.binary_cross_entropy_with_logits(net(batch.frames), target)


def small_sampler(batch_size: int = 4) -> FrameSampler:
    """Of tests.support.labelled's five frames."""
    return FrameSampler(LABELLED, SamplingPlan(batch_size=batch_size, class_weights=(1, 1, 1, 1)), seed=0)
