"""Starts: norms refitted without changing the net, and torchvision's MobileNetV2 read under timm's names."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor, nn
from torchvision.models import mobilenet_v2

from model.card import GateSpec, InputSpec
from model.nets import GateNet, build_gate
from model.training.starts import load_mobilenet, recalibrate_norms, teacher_cells

INPUT = InputSpec(width_px=192, height_px=128, reduce=2, mean=127.5, std=127.5)


def gate(encoder: str = "tu-mobilenetv2_100") -> GateNet:
    return build_gate(GateSpec(architecture="dense", encoder=encoder, threshold=0.5), INPUT).eval()


@pytest.fixture
def stored(tmp_path: Path) -> tuple[nn.Module, Path]:
    torch.manual_seed(0)
    published = mobilenet_v2(weights=None).eval()
    torch.save(published.state_dict(), tmp_path / "published.pth")
    return published, tmp_path / "published.pth"


@torch.no_grad()
def test_grey_features_are_those_of_the_same_picture_in_three_channels(
    stored: tuple[nn.Module, Path],
) -> None:
    published, path = stored
    net = gate()
    load_mobilenet(net, path)
    grey = torch.rand(1, 1, 64, 64) * 255
    expected = published.features[:18](((grey - 127.5) / 127.5).repeat(1, 3, 1, 1))
    assert torch.allclose(net.encoder(net.normalise(grey))[-1], expected, atol=1e-4)


def test_an_encoder_of_another_shape_is_refused(stored: tuple[nn.Module, Path]) -> None:
    with pytest.raises((ValueError, KeyError)):
        load_mobilenet(gate("tu-mobilenetv4_conv_small_050"), stored[1])


@torch.no_grad()
def test_refitted_norms_change_nothing_and_hold_the_true_statistics() -> None:
    torch.manual_seed(0)
    net = nn.Sequential(
        nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Conv2d(4, 2, 1), nn.BatchNorm2d(2)
    )
    frames: Tensor = torch.rand(8, 1, 16, 16) * 50 + 100
    before = net.eval()(frames)
    recalibrate_norms(net, frames, net)
    assert torch.allclose(net.eval()(frames), before, atol=1e-4)
    assert torch.allclose(net.train()(frames), before, rtol=1e-2, atol=0.05)
    assert not net[1]._forward_hooks


def test_the_teacher_answers_a_mirrored_frame_with_mirrored_cells() -> None:
    pixels = (torch.rand(64, 96) * 255).to(torch.uint8).numpy()
    teacher = gate("tu-mobilenetv4_conv_small_050")
    cells = teacher_cells(teacher, {"straight": pixels, "mirrored": pixels[:, ::-1].copy()})
    assert cells["straight"].shape == (5, 2, 3)
    assert cells["mirrored"][..., ::-1] == pytest.approx(cells["straight"], abs=0.02)
