"""Starts: published RGB encoders read as grey ones, norms refitted with no change, scouted weights."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import timm
import torch
from torch import Tensor, nn
from torchvision.models import mobilenet_v2

from model.card import GateSpec, InputSpec, SegmenterSpec
from model.frames.refused import TrainingRefused
from model.nets import GateNet, build_gate, build_segmenter
from model.training.starts import (
    IMAGENET_MEAN,
    IMAGENET_STD,
    PUBLISHED,
    expect_rare_defects,
    load_efficientnet,
    load_mobilenet,
    load_scouted,
    recalibrate_norms,
    start_published,
)
from tests.support.labelled import LABELLED
from tests.support.tiny_nets import ENCODER

SYMMETRIC = InputSpec(width_px=192, height_px=128, reduce=2, mean=127.5, std=127.5)
STEEL = SYMMETRIC.model_copy(update={"mean": 88.0, "std": 50.0})
MOBILENET, EFFICIENTNET = "tu-mobilenetv2_100", "tu-tf_efficientnetv2_b0"


def gate(encoder: str, spec: InputSpec = STEEL) -> GateNet:
    return build_gate(GateSpec(architecture="dense", encoder=encoder), spec).eval()


def with_norms_that_have_seen_something(net: nn.Module) -> nn.Module:
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.running_mean, -0.5, 0.5)
            nn.init.uniform_(module.running_var, 0.5, 2.0)
    return net.eval()


@pytest.fixture
def mobilenet(tmp_path: Path) -> tuple[nn.Module, Path]:
    torch.manual_seed(0)
    published = mobilenet_v2(weights=None).eval()
    torch.save(published.state_dict(), tmp_path / PUBLISHED[MOBILENET].file)
    return published, tmp_path / PUBLISHED[MOBILENET].file


@pytest.fixture
def efficientnet(tmp_path: Path) -> tuple[nn.Module, Path]:
    torch.manual_seed(0)
    published = with_norms_that_have_seen_something(
        timm.create_model("tf_efficientnetv2_b0", pretrained=False)
    )
    torch.save(published.state_dict(), tmp_path / PUBLISHED[EFFICIENTNET].file)
    return published, tmp_path / PUBLISHED[EFFICIENTNET].file


@torch.no_grad()
def test_mobilenets_grey_features_are_those_of_the_same_picture_in_three_channels(
    mobilenet: tuple[nn.Module, Path],
) -> None:
    published, path = mobilenet
    net = gate(MOBILENET, SYMMETRIC)
    load_mobilenet(net, path)
    grey = torch.rand(1, 1, 64, 64) * 255
    expected = published.features[:18](((grey - 127.5) / 127.5).repeat(1, 3, 1, 1))
    assert torch.allclose(net.encoder(net.normalise(grey))[-1], expected, atol=1e-4)


@torch.no_grad()
def test_efficientnets_grey_features_are_those_of_the_same_frame_as_rgb_but_for_the_border(
    efficientnet: tuple[nn.Module, Path],
) -> None:
    published, path = efficientnet
    net = gate(EFFICIENTNET)
    load_efficientnet(net, path)
    grey = torch.rand(1, 1, 64, 96) * 255
    rgb = (grey.repeat(1, 3, 1, 1) / 255 - channels(IMAGENET_MEAN)) / channels(IMAGENET_STD)
    expected = published.bn1(published.conv_stem(rgb))
    own = net.encoder.model
    found = own.bn1(own.conv_stem(net.normalise(grey)))
    assert expected.std() > 0.05
    assert torch.allclose(found[..., 1:-1, 1:-1], expected[..., 1:-1, 1:-1], atol=1e-5)
    deeper = own.blocks(found), published.blocks(expected)
    assert torch.nn.functional.cosine_similarity(*(d.flatten() for d in deeper), dim=0) > 0.9


def channels(values: tuple[float, ...]) -> Tensor:
    return torch.tensor(values).view(1, -1, 1, 1)


@pytest.mark.parametrize("load", [load_mobilenet, load_efficientnet])
def test_an_encoder_of_another_shape_is_refused(
    load: Callable[[GateNet, Path], None], mobilenet: tuple[nn.Module, Path]
) -> None:
    with pytest.raises((ValueError, KeyError)):
        load(gate(ENCODER), mobilenet[1])


@torch.no_grad()
def test_a_folded_start_has_its_norms_refitted_and_says_where_it_is_from(
    mobilenet: tuple[nn.Module, Path],
) -> None:
    net = gate(MOBILENET)
    said = start_published(net, MOBILENET, mobilenet[1].parent, LABELLED)
    assert said == "from mobilenet_v2.imagenet-int8.pth (MobileNetV2, ImageNet, Apache-2.0)"
    assert net.encoder.model.bn1.running_mean.std() > 0.01
    mobilenet[1].write_bytes(b"torn")
    with pytest.raises(TrainingRefused, match="does not hold MobileNetV2"):
        start_published(net, MOBILENET, mobilenet[1].parent, LABELLED)


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


def test_scouted_weights_of_another_network_are_refused(tmp_path: Path) -> None:
    from safetensors.torch import save_file

    save_file({"segmenter.encoder.x": torch.zeros(1)}, tmp_path / "scout.safetensors")
    spec = SegmenterSpec(architecture="fpn", encoder=ENCODER, pyramid_channels=16, segmentation_channels=32)
    with pytest.raises(TrainingRefused, match="does not fit the recipe's segmenter"):
        load_scouted(build_segmenter(spec, STEEL), tmp_path / "scout.safetensors")


@torch.no_grad()
def test_a_fresh_gate_expects_clean_cells() -> None:
    net = gate(ENCODER)
    expect_rare_defects(net)
    assert float(net.cells(torch.full((1, 1, 64, 64), 88.0)).sigmoid().max()) < 0.2
