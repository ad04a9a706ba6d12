"""What training starts from: published ImageNet weights made fit for one grey channel, scouted weights."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from model.frames.frames import LabelledFrame
from model.frames.refused import TrainingRefused
from model.nets import GateNet, SegmenterNet

log = logging.getLogger(__name__)

Net = GateNet | SegmenterNet

RARE_LOGIT = -3.0
"""A gate head's bias at first: most cells are clean, so its first steps need not teach it that."""

MOBILENET_MEAN, MOBILENET_STD = 127.5, 127.5
"""The published MobileNetV2 takes RGB in [-1, 1]."""

IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
"""The published EfficientNetV2 takes RGB/255, normalised by these."""

CALIBRATION_STRIDE = 30
"""Every 30th frame refits the norms: 36 of the folds' thousand."""


@dataclass(frozen=True, slots=True)
class Published:
    """An encoder's published weights. file: its name in --weights; said: what a card says of it."""

    file: str
    load: Callable[[Net, Path], None]
    refit: bool
    said: str


def load_mobilenet(net: Net, path: Path) -> None:
    """Fill a `tu-mobilenetv2_100` encoder from torchvision's file, its first convolution made grey.

    Both list the same layers in the same order under different names; timm's encoder ends before the last 1x1
    convolution. The three input channels are summed, scale and offset of this net's normalisation are folded
    into the first convolution and its norm: features are those of a grey RGB image but for the padded border
    (the same to 1e-5 when the normalisations agree). Raises ValueError when a layer does not fit.
    """
    stored = _read(path)
    state = dict(zip(net.encoder.state_dict(), stored.values(), strict=False))
    names = list(state)
    first = state[names[0]].sum(dim=1, keepdim=True)
    offset = first.sum(dim=(1, 2, 3)) * (net.normalise.mean - MOBILENET_MEAN) / MOBILENET_STD
    state[names[0]] = first * net.normalise.std / MOBILENET_STD
    state[names[3]] = state[names[3]] - offset
    _fill(net.encoder, state, path)


def load_efficientnet(net: Net, path: Path) -> None:
    """Fill a `tu-tf_efficientnetv2_b0` encoder from timm's file, its first convolution made grey.

    With g = std * x + mean, each channel saw (g / 255 - m) / s: its kernel is scaled by std / 255 / s, the
    three are summed, and what is left is a constant that the first norm's running mean takes up. Features are
    those of the same frame as RGB but for the padded border. Raises ValueError when a layer does not fit.
    """
    stored = _read(path)
    prefix = next(iter(net.encoder.state_dict())).split("conv_stem")[0]
    own = {
        prefix + name: value for name, value in stored.items() if prefix + name in net.encoder.state_dict()
    }
    stem, norm = f"{prefix}conv_stem.weight", f"{prefix}bn1.running_mean"
    if stem not in own or norm not in own:
        raise ValueError(f"{path.name} is not an EfficientNetV2 of timm's")
    mean, std = torch.tensor(IMAGENET_MEAN).view(1, 3, 1, 1), torch.tensor(IMAGENET_STD).view(1, 3, 1, 1)
    grey, kernel = net.normalise, own[stem]
    own[stem] = (kernel * (grey.std / 255) / std).sum(dim=1, keepdim=True)
    own[norm] = own[norm] - (kernel * ((grey.mean / 255 - mean) / std)).sum(dim=(1, 2, 3))
    _fill(net.encoder, own, path)


PUBLISHED = {
    "tu-mobilenetv2_100": Published(
        "mobilenet_v2.imagenet-int8.pth", load_mobilenet, True, "MobileNetV2, ImageNet, Apache-2.0"
    ),
    "tu-tf_efficientnetv2_b0": Published(
        "tf_efficientnetv2_b0.imagenet.pth",
        load_efficientnet,
        False,
        "EfficientNetV2-B0, ImageNet, Apache-2.0",
    ),
}
"""smp's name of an encoder -> its ImageNet start. `refit`: its norms are folded, see `recalibrate_norms`."""


def start_published(net: Net, encoder: str, weights: Path, frames: Sequence[LabelledFrame]) -> str:
    """Fill a net's encoder from the folder `weights`; returns what a card says. Raises TrainingRefused."""
    path = published_file(encoder, weights)
    published = PUBLISHED[encoder]
    try:
        published.load(net, path)
    except (ValueError, KeyError) as unfit:
        raise TrainingRefused(f"{path} does not hold {published.said}: {unfit}") from None
    if published.refit:
        pixels = torch.stack([torch.from_numpy(f.pixels)[None] for f in frames[::CALIBRATION_STRIDE]])
        recalibrate_norms(net, pixels, net.cells)
    return f"from {published.file} ({published.said})"


def published_file(encoder: str, weights: Path) -> Path:
    """Where an encoder's published start lies. Raises TrainingRefused when none is known or there."""
    if encoder not in PUBLISHED:
        known = ", ".join(PUBLISHED)
        raise TrainingRefused(
            f"no ImageNet start is known for the encoder {encoder}, only for {known}: use one of them, or "
            "`start: random` in the recipe"
        )
    path = weights / PUBLISHED[encoder].file
    if not path.is_file():
        raise TrainingRefused(f"--weights {weights} lacks {path.name}, the start of {encoder}")
    return path


def load_scouted(net: SegmenterNet, path: Path) -> None:
    """Fill both heads and the encoder from scouted weights. Raises TrainingRefused when they do not fit."""
    stored = load_file(path)
    state = {k.removeprefix("segmenter."): v for k, v in stored.items() if k.startswith("segmenter.")}
    state |= {
        k.replace("gate.head.", "gate_head."): v for k, v in stored.items() if k.startswith("gate.head.")
    }
    try:
        net.load_state_dict(state, strict=True)
    except RuntimeError as unfit:
        raise TrainingRefused(f"{path} does not fit the recipe's segmenter: {unfit}") from None


def expect_rare_defects(net: Net) -> None:
    """Set a dense gate head's bias to what a clean cell should say; a defective picture is not as rare."""
    head = net.head if isinstance(net, GateNet) else net.gate_head
    if isinstance(head, nn.Conv2d):
        assert head.bias is not None
        nn.init.constant_(head.bias, RARE_LOGIT)


def sha256(path: Path) -> str:
    """Of a file's bytes, for a run's identity."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


@torch.no_grad()
def recalibrate_norms(net: nn.Module, frames: Tensor, forward: Callable[[Tensor], Any]) -> None:
    """Give folded batch norms the true statistics of their inputs, without changing what the net computes.

    A folded norm has mean 0 and variance 1, so training would shift every layer at its first step.
    `frames` is one batch that `forward` takes.
    """
    hooks = [m.register_forward_hook(_refit) for m in net.modules() if isinstance(m, nn.BatchNorm2d)]
    net.eval()
    forward(frames)
    for hook in hooks:
        hook.remove()


def _refit(norm: nn.BatchNorm2d, inputs: tuple[Tensor, ...], output: Tensor) -> None:
    mean, variance = inputs[0].mean(dim=(0, 2, 3)), inputs[0].var(dim=(0, 2, 3))
    running_mean, running_var = norm.running_mean, norm.running_var
    assert running_mean is not None
    assert running_var is not None
    scale = norm.weight / torch.sqrt(running_var + norm.eps)
    shift = norm.bias - scale * running_mean
    running_mean.copy_(mean)
    running_var.copy_(variance)
    norm.weight.copy_(scale * torch.sqrt(variance + norm.eps))
    norm.bias.copy_(shift + scale * mean)


def _read(path: Path) -> dict[str, Tensor]:
    try:
        return dict(torch.load(path, map_location="cpu", weights_only=True))
    except Exception as unreadable:  # of a torn file torch raises whatever it stumbles over
        raise ValueError(f"it cannot be read ({unreadable})") from None


def _fill(encoder: nn.Module, state: dict[str, Tensor], path: Path) -> None:
    for name, own in encoder.state_dict().items():
        if name not in state or own.shape != state[name].shape:
            found = f"shape {tuple(state[name].shape)}" if name in state else "nothing"
            raise ValueError(f"{path.name}: {name} has {found}, not shape {tuple(own.shape)}")
    encoder.load_state_dict(state, strict=True)
