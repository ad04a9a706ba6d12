"""Networks in torch: gates and segmenters; grey levels go in, view and normalisation are part of the graph.

Only training, export and the torch engine import this module: the CPU worker runs exported graphs.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, NamedTuple

import segmentation_models_pytorch as smp
import torch
from safetensors.torch import load_file, save_file
from segmentation_models_pytorch.encoders import get_encoder
from torch import Tensor, nn

from model.card import GateSpec, InputSpec, SegmenterSpec
from model.views import FrameView, GreyNormalise

CELL_PX = 32
"""The dense gate's cell: its encoder's last stride, in pixels of what it sees."""

DENSE, CLASSIFIER = "dense", "classifier"
FPN, UNET, LINKNET = "fpn", "unet", "linknet"

CLASSIFIER_DROPOUT: Final = 0.2
"""As in EfficientNet's own classifier, B0 to B1."""


def dense_head(channels: int, class_count: int) -> nn.Module:
    """(N, channels, h, w) -> (N, classes + 1, h, w) logits, one for each cell."""
    return nn.Conv2d(channels, class_count + 1, kernel_size=1)


def classifier_head(channels: int, class_count: int) -> nn.Module:
    """(N, channels, h, w) -> (N, classes + 1, 1, 1) logits: the whole picture is one cell.

    On 1x1 features a convolution is a linear layer.
    """
    pooled = nn.AdaptiveAvgPool2d(1), nn.Dropout(CLASSIFIER_DROPOUT)
    return nn.Sequential(*pooled, nn.Conv2d(channels, class_count + 1, kernel_size=1))


_GATE_HEADS: Final[dict[str, Callable[[int, int], nn.Module]]] = {
    DENSE: dense_head,
    CLASSIFIER: classifier_head,
}


class GateNet(nn.Module):
    """An encoder and a head on its deepest features: logits for each class and for `any` in every cell.

    A frame scores as its worst cell. Cells of 32x32 let a dense gate learn from masks, and from frames of any
    width; a classifier has one cell a picture.
    """

    def __init__(self, spec: GateSpec, input_spec: InputSpec, class_count: int) -> None:
        super().__init__()
        self.view = FrameView(input_spec)
        self.normalise = GreyNormalise(input_spec.mean, input_spec.std)
        self.encoder = get_encoder(spec.encoder, in_channels=1, depth=5, weights=None)
        self.head = _GATE_HEADS[spec.architecture](self.encoder.out_channels[-1], class_count)

    def cells(self, pictures: Tensor) -> Tensor:
        """(N, 1, h, w) grey levels as the network sees them -> (N, classes + 1, rows, columns) logits.

        The last channel is `any`; a dense gate has h/32 rows and w/32 columns, a classifier one of each.
        """
        cells: Tensor = self.head(self.encoder(self.normalise(pictures))[-1])
        return cells

    def forward(self, frames: Tensor) -> Tensor:
        """(N, 1, H, W) uint8 -> (N,) float32 in 0..1: the probability that a frame shows any defect."""
        return frame_scores(self.view.joined(self.cells(self.view(frames))))


class Seen(NamedTuple):
    """What a segmenter says of (N, 1, h, w) pictures, as it sees them. Both are logits.

    masks: (N, classes, h/4, w/4) of an FPN, (N, classes, h, w) of the others; cells: as a GateNet's.
    """

    masks: Tensor
    cells: Tensor


class SegmenterNet(nn.Module):
    """One of smp's without its final upsampling: whoever uses the probabilities upsamples once, to full size.

    A gate's head sits on the same encoder: it learns from the same masks, teaches smaller gates, and scores
    frames itself where accuracy is worth its time.
    """

    def __init__(self, spec: SegmenterSpec, input_spec: InputSpec, class_count: int) -> None:
        super().__init__()
        architecture = _SEGMENTERS[spec.architecture]
        whole = architecture.build(spec, class_count)
        self.takes = architecture.takes
        self.view = FrameView(input_spec)
        self.normalise = GreyNormalise(input_spec.mean, input_spec.std)
        self.encoder = whole.encoder
        self.decoder = whole.decoder
        self.segmentation_head = nn.Sequential(whole.segmentation_head[0])
        self.gate_head = _GATE_HEADS[spec.gate_head](self.encoder.out_channels[-1], class_count)

    def see(self, pictures: Tensor) -> Seen:
        """(N, 1, h, w) grey levels as the network sees them -> logits of both heads; multiples of 32."""
        features = self.encoder(self.normalise(pictures))
        return Seen(masks=self.segmentation_head(self.decoder(features)), cells=self.gate_head(features[-1]))

    def cells(self, pictures: Tensor) -> Tensor:
        """(N, 1, h, w) grey levels as the network sees them -> a GateNet's cells; no decoder runs."""
        cells: Tensor = self.gate_head(self.encoder(self.normalise(pictures))[-1])
        return cells

    def begin(self, frames: Tensor) -> tuple[Tensor, ...]:
        """(N, 1, H, W) uint8 -> (N,) float32 scores, then what `end` takes of the encoder's features.

        With crops, a frame's features are as many rows, one after the other.
        """
        features = self.encoder(self.normalise(self.view(frames)))
        scores = frame_scores(self.view.joined(self.gate_head(features[-1])))
        return (scores, *features[-self.takes :])

    def end(self, *features: Tensor) -> Tensor:
        """What `begin` gave beside the scores -> (N, classes, h, w) probabilities of the frames."""
        height, width = features[0].shape[-2:]
        # A Unet asks for the picture's size, which is twice that of its first features, and for nothing else.
        picture = features[0].new_zeros((1, 1, 2 * height, 2 * width))
        unused = [picture] * (len(self.encoder.out_channels) - self.takes)
        masks: Tensor = self.segmentation_head(self.decoder([*unused, *features]))
        return torch.sigmoid(self.view.joined(masks))

    def forward(self, frames: Tensor) -> tuple[Tensor, Tensor]:
        """(N, 1, H, W) uint8 -> (N, classes, h, w) probabilities and (N,) scores of the frames, float32."""
        scores, *features = self.begin(frames)
        return self.end(*features), scores


class _Architecture(NamedTuple):
    """One of smp's: how it is built, and how many of the encoder's deepest features its decoder takes."""

    build: Callable[[SegmenterSpec, int], Any]
    takes: int


def _fpn(spec: SegmenterSpec, class_count: int) -> Any:
    return smp.FPN(
        encoder_name=spec.encoder,
        encoder_weights=None,
        in_channels=1,
        classes=class_count,
        decoder_pyramid_channels=spec.pyramid_channels,
        decoder_segmentation_channels=spec.segmentation_channels,
    )


def _unet(spec: SegmenterSpec, class_count: int) -> Any:
    channels = {} if spec.decoder_channels is None else {"decoder_channels": spec.decoder_channels}
    return smp.Unet(
        encoder_name=spec.encoder, encoder_weights=None, in_channels=1, classes=class_count, **channels
    )


def _linknet(spec: SegmenterSpec, class_count: int) -> Any:
    return smp.Linknet(encoder_name=spec.encoder, encoder_weights=None, in_channels=1, classes=class_count)


_SEGMENTERS: Final = {
    FPN: _Architecture(_fpn, takes=4),
    UNET: _Architecture(_unet, takes=5),
    LINKNET: _Architecture(_linknet, takes=5),
}

GATE_ARCHITECTURES: Final = tuple(_GATE_HEADS)
SEGMENTER_ARCHITECTURES: Final = tuple(_SEGMENTERS)


def frame_scores(cells: Tensor) -> Tensor:
    """(N, classes + 1, h, w) logits -> (N,): the probability of the worst cell.

    The sigmoid comes before the maximum: OpenVINO's maximum drops NaN, and a failed network would score 0.
    """
    return torch.sigmoid(cells[:, -1]).amax(dim=(1, 2))


def build_gate(spec: GateSpec, input_spec: InputSpec, class_count: int = 4) -> GateNet:
    """The gate that a card describes, with random weights. Raises ValueError for an unknown architecture."""
    _check_known("gate", spec.architecture, GATE_ARCHITECTURES)
    return GateNet(spec, input_spec, class_count)


def build_segmenter(spec: SegmenterSpec, input_spec: InputSpec, class_count: int = 4) -> SegmenterNet:
    """The segmenter that a card describes, random weights. Raises ValueError for an unknown architecture."""
    _check_known("segmenter", spec.architecture, SEGMENTER_ARCHITECTURES)
    return SegmenterNet(spec, input_spec, class_count)


def _check_known(part: str, architecture: str, known: tuple[str, ...]) -> None:
    if architecture not in known:
        raise ValueError(f"unknown {part} architecture {architecture!r}, known: {', '.join(known)}")


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
