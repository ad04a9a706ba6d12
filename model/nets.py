"""The two networks of the `separate` design, in torch; grey levels go in, normalisation is part of the graph.

Only training, export and the torch engine import this module: the CPU worker runs exported graphs.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import segmentation_models_pytorch as smp
import torch
from safetensors.torch import load_file, save_file
from segmentation_models_pytorch.encoders import get_encoder
from torch import Tensor, nn

from model.card import GateSpec, InputSpec, SegmenterSpec

CELL_PX = 32
"""The gate's cell: its encoder's last stride, in pixels of the decoded (reduced) frame."""

GATE_ARCHITECTURE = "dense"
SEGMENTER_ARCHITECTURE = "fpn"


class GreyNormalise(nn.Module):
    """`(grey - mean) / std` in float, for any numeric input dtype."""

    def __init__(self, mean: float, std: float) -> None:
        super().__init__()
        self.mean, self.std = mean, std

    def forward(self, frames: Tensor) -> Tensor:
        """(N, 1, H, W) grey levels -> the same shape, float32, normalised."""
        return (frames.float() - self.mean) / self.std


class GateNet(nn.Module):
    """A dense classifier: logits for each class and for `any` in every 32x32 cell.

    A frame scores as its worst cell. Cells let it learn from masks, and from frames of any width.
    """

    def __init__(self, encoder: str, normalise: GreyNormalise, class_count: int) -> None:
        super().__init__()
        self.normalise = normalise
        self.encoder = get_encoder(encoder, in_channels=1, depth=5, weights=None)
        self.head = nn.Conv2d(self.encoder.out_channels[-1], class_count + 1, kernel_size=1)

    def cells(self, frames: Tensor) -> Tensor:
        """(N, 1, H, W) grey levels -> (N, classes + 1, H/32, W/32) logits, the last channel is `any`."""
        cells: Tensor = self.head(self.encoder(self.normalise(frames))[-1])
        return cells

    def forward(self, frames: Tensor) -> Tensor:
        """(N, 1, H, W) uint8 -> (N,) float32 in 0..1: the probability that a frame shows any defect."""
        return frame_scores(self.cells(frames))


class Seen(NamedTuple):
    """What a segmenter says of (N, 1, H, W) frames.

    masks: (N, classes, H/4, W/4); cells: (N, classes + 1, H/32, W/32), the last is `any`. Both are logits.
    """

    masks: Tensor
    cells: Tensor


class SegmenterNet(nn.Module):
    """smp's FPN without its final upsampling: whoever uses the probabilities upsamples once, to full size.

    A gate's head sits on the same encoder: it learns from the same masks, teaches smaller gates, and scores
    frames itself where accuracy is worth its time.
    """

    def __init__(self, spec: SegmenterSpec, normalise: GreyNormalise, class_count: int) -> None:
        super().__init__()
        fpn = smp.FPN(
            encoder_name=spec.encoder,
            encoder_weights=None,
            in_channels=1,
            classes=class_count,
            decoder_pyramid_channels=spec.pyramid_channels,
            decoder_segmentation_channels=spec.segmentation_channels,
        )
        self.normalise = normalise
        self.encoder = fpn.encoder
        self.decoder = fpn.decoder
        self.segmentation_head = nn.Sequential(fpn.segmentation_head[0])
        self.gate_head = nn.Conv2d(self.encoder.out_channels[-1], class_count + 1, kernel_size=1)

    def see(self, frames: Tensor) -> Seen:
        """(N, 1, H, W) grey levels -> logits of both heads; H and W are multiples of 32."""
        features = self.encoder(self.normalise(frames))
        return Seen(masks=self.segmentation_head(self.decoder(features)), cells=self.gate_head(features[-1]))

    def cells(self, frames: Tensor) -> Tensor:
        """(N, 1, H, W) grey levels -> (N, classes + 1, H/32, W/32) logits, without the decoder's work."""
        cells: Tensor = self.gate_head(self.encoder(self.normalise(frames))[-1])
        return cells

    def forward(self, frames: Tensor) -> tuple[Tensor, Tensor]:
        """(N, 1, H, W) uint8 -> (N, classes, H/4, W/4) and (N,) float32: probabilities, frames' scores."""
        seen = self.see(frames)
        return torch.sigmoid(seen.masks), frame_scores(seen.cells)


def frame_scores(cells: Tensor) -> Tensor:
    """(N, classes + 1, h, w) logits -> (N,): the probability of the worst cell.

    The sigmoid comes before the maximum: OpenVINO's maximum drops NaN, and a failed network would score 0.
    """
    return torch.sigmoid(cells[:, -1]).amax(dim=(1, 2))


def build_gate(spec: GateSpec, input_spec: InputSpec, class_count: int = 4) -> GateNet:
    """The gate that a card describes, with random weights. Raises ValueError for an unknown architecture."""
    if spec.architecture != GATE_ARCHITECTURE:
        raise ValueError(f"unknown gate architecture {spec.architecture!r}, known: {GATE_ARCHITECTURE!r}")
    return GateNet(spec.encoder, GreyNormalise(input_spec.mean, input_spec.std), class_count)


def build_segmenter(spec: SegmenterSpec, input_spec: InputSpec, class_count: int = 4) -> SegmenterNet:
    """The segmenter that a card describes, random weights. Raises ValueError for an unknown architecture."""
    if spec.architecture != SEGMENTER_ARCHITECTURE:
        known = SEGMENTER_ARCHITECTURE
        raise ValueError(f"unknown segmenter architecture {spec.architecture!r}, known: {known!r}")
    return SegmenterNet(spec, GreyNormalise(input_spec.mean, input_spec.std), class_count)


def save_weights(net: nn.Module, path: Path, trained: str = "") -> None:
    """Write parameters and running statistics as safetensors (fp16); `trained` says how they came."""
    state = {
        name: (value.half() if value.is_floating_point() else value).contiguous()
        for name, value in net.state_dict().items()
    }
    save_file(state, path, metadata={"trained": trained})


def load_weights(net: nn.Module, path: Path) -> None:
    """Read what `save_weights` wrote. Raises RuntimeError that lists the names that do not match."""
    net.load_state_dict(load_file(path), strict=True)
