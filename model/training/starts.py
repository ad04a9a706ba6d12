"""What training starts from: published ImageNet weights made fit for grey, and the scouted teacher."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file
from torch import Tensor, nn

from model.card import GateSpec, InputSpec
from model.nets import GateNet, GreyNormalise, SegmenterNet, build_gate

SCOUT_FILE = "severstal-scout.effv2b0-fpn.folds1-4.safetensors"
MOBILENET_FILE = "mobilenet_v2.imagenet-int8.pth"
SCOUT_ENCODER = "tu-tf_efficientnetv2_b0"

IMAGENET_MEAN, IMAGENET_STD = 127.5, 127.5
"""The published MobileNetV2 takes RGB in [-1, 1]."""


def load_scout_segmenter(net: SegmenterNet, path: Path) -> None:
    """Fill a segmenter from the scouted file. Raises RuntimeError when names do not match."""
    state = {
        k.removeprefix("segmenter."): v for k, v in load_file(path).items() if k.startswith("segmenter.")
    }
    net.load_state_dict(state, strict=True)


def load_scout_gate(path: Path, input_spec: InputSpec) -> GateNet:
    """The scouted file's own gate (a head on the segmenter's encoder): the teacher."""
    spec = GateSpec(architecture="dense", encoder=SCOUT_ENCODER, threshold=0.5)
    teacher = build_gate(spec, input_spec)
    stored = load_file(path)
    state = {k.removeprefix("segmenter."): v for k, v in stored.items() if k.startswith("segmenter.encoder.")}
    state |= {k.removeprefix("gate."): v for k, v in stored.items() if k.startswith("gate.")}
    teacher.load_state_dict(state, strict=True)
    return teacher.eval()


def load_mobilenet(net: GateNet, path: Path) -> None:
    """Fill a `tu-mobilenetv2_100` encoder from torchvision's file, its first convolution made grey.

    Both list the same layers in the same order under different names; timm's encoder ends before the last 1x1
    convolution. The three input channels are summed, scale and offset of this net's normalisation are folded
    into the first convolution and its norm: features are those of a grey RGB image but for the padded border
    (the same to 1e-5 when the normalisations agree). Raises ValueError when a layer does not fit.
    """
    stored = torch.load(path, map_location="cpu", weights_only=True)
    state = dict(zip(net.encoder.state_dict(), stored.values(), strict=False))
    names = list(state)
    first = state[names[0]].sum(dim=1, keepdim=True)
    normalise: GreyNormalise = net.normalise
    offset = first.sum(dim=(1, 2, 3)) * (normalise.mean - IMAGENET_MEAN) / IMAGENET_STD
    state[names[0]] = first * normalise.std / IMAGENET_STD
    state[names[3]] = state[names[3]] - offset
    for name, own in net.encoder.state_dict().items():
        if own.shape != state[name].shape:
            raise ValueError(
                f"{path.name}: {name} has shape {tuple(state[name].shape)}, not {tuple(own.shape)}"
            )
    net.encoder.load_state_dict(state, strict=True)


@torch.no_grad()
def recalibrate_norms(net: nn.Module, frames: Tensor, forward: Callable[[Tensor], Tensor]) -> None:
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


@torch.no_grad()
def teacher_cells(teacher: GateNet, frames: dict[str, NDArray[np.uint8]]) -> dict[str, NDArray[np.float32]]:
    """(classes + 1, h/32, w/32) probabilities of every (h, w) uint8 frame, the mean with its mirror image."""
    teacher = teacher.eval().to(memory_format=torch.channels_last)
    cells = {}
    for image_id, pixels in frames.items():
        both = torch.from_numpy(np.stack([pixels, pixels[:, ::-1]]))[:, None]
        with torch.autocast("cpu", dtype=torch.bfloat16):
            found = teacher.cells(both)
        straight, mirrored = torch.sigmoid(found.float())
        cells[image_id] = ((straight + mirrored.flip(-1)) / 2).numpy()
    return cells
