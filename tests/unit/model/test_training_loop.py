"""The loop learns, stops, averages, and refuses to go on with a broken loss."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from model.training.loop import LoopPlan, train
from model.training.sampling import Batch, FrameSampler, SamplingPlan
from tests.support.labelled import LABELLED


class Tiny(nn.Module):
    """One convolution as `encoder`, one as head."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.encoder = nn.Sequential(nn.Conv2d(1, 4, 1), nn.BatchNorm2d(4), nn.ReLU())
        self.head = nn.Conv2d(4, 1, 1)

    def forward(self, frames: Tensor) -> Tensor:
        return self.head(self.encoder(frames / 100))


def wrong_pixels(net: nn.Module, batch: Batch) -> Tensor:
    target = (batch.class_maps[:, None] > 0).float()
    return nn.functional.binary_cross_entropy_with_logits(net(batch.frames), target)


def sampler() -> FrameSampler:
    return FrameSampler(LABELLED, SamplingPlan(batch_size=4), seed=0)


def test_training_lowers_the_loss_and_returns_an_average_that_stands_still(tmp_path: Path) -> None:
    plan = LoopPlan(minutes=1, max_steps=80, learning_rate=3e-2, checkpoint=tmp_path / "c.pt", log_every_s=0)
    before = float(wrong_pixels(Tiny(), sampler().batch()).detach())
    net = Tiny()
    trained = train(net, sampler(), wrong_pixels, plan)
    assert trained.steps == 80
    assert trained.loss < 0.5 * before
    assert float(wrong_pixels(trained.net, sampler().batch()).detach()) < 0.5 * before
    assert not trained.net.training
    assert not torch.equal(trained.net.head.weight, net.head.weight)
    assert set(torch.load(tmp_path / "c.pt", weights_only=True)) == set(net.state_dict())


def test_no_time_means_no_steps() -> None:
    assert train(Tiny(), sampler(), wrong_pixels, LoopPlan(minutes=0)).steps == 0


def test_a_loss_that_is_no_number_stops_it_at_once() -> None:
    def broken(net: nn.Module, batch: Batch) -> Tensor:
        return net(batch.frames).sum() * float("nan")

    with pytest.raises(FloatingPointError, match="step 1"):
        train(Tiny(), sampler(), broken, LoopPlan(minutes=1))
