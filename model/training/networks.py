"""One call a network: from a net, frames and a plan to its trained average and a sentence for the card."""

from __future__ import annotations

from functools import partial

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

from model.nets import GateNet, SegmenterNet
from model.training.frames import LabelledFrame
from model.training.loop import LoopPlan, Trained, train
from model.training.losses import gate_loss, mask_loss
from model.training.sampling import Batch, FrameSampler, SamplingPlan

Teacher = dict[str, NDArray[np.float32]]


def _gate_step(net: nn.Module, batch: Batch, teacher_everywhere: float) -> Tensor:
    assert isinstance(net, GateNet)
    return gate_loss(net.cells(batch.frames), batch.class_maps, batch.teacher, teacher_everywhere)


def _segmenter_step(net: nn.Module, batch: Batch) -> Tensor:
    assert isinstance(net, SegmenterNet)
    return mask_loss(net.see(batch.frames).masks, batch.class_maps)


def train_gate(
    net: GateNet,
    frames: list[LabelledFrame],
    sampling: SamplingPlan,
    loop: LoopPlan,
    *,
    seed: int,
    teacher: Teacher | None = None,
    teacher_everywhere: float = 0.0,
) -> Trained:
    """Train a dense gate on masks and frame labels, with `teacher`'s cells beside them where given."""
    step = partial(_gate_step, teacher_everywhere=teacher_everywhere)
    return train(net, FrameSampler(frames, sampling, seed=seed, teacher=teacher), step, loop)


def train_segmenter(
    net: SegmenterNet, frames: list[LabelledFrame], sampling: SamplingPlan, loop: LoopPlan, *, seed: int
) -> Trained:
    """Train a segmenter on masks; what lies inside boxes without masks is left out."""
    return train(net, FrameSampler(frames, sampling, seed=seed), _segmenter_step, loop)
