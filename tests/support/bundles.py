"""Bundles for tests, made in seconds, so that no test depends on what was trained.

`level_bundle` knows defects by their grey level, so a test can paint what it wants found. It needs no torch.
`random_bundle` has real networks with random weights, for comparing engines. It needs torch.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np
import openvino as ov
import simplejpeg
from openvino import opset8 as ops

from model.bundle import GATE_GRAPH, GATE_WEIGHTS, SEGMENTER_GRAPH, SEGMENTER_WEIGHTS, write_bundle
from model.card import (
    FORMAT_VERSION,
    Card,
    DefectClass,
    GateSpec,
    InputSpec,
    MaskRule,
    OperatingPoint,
    Preset,
    SegmenterSpec,
)

WIDTH_PX: Final = 1600
HEIGHT_PX: Final = 256

STRIP_LEVEL: Final = 100
LEVEL_BY_CLASS: Final = {1: 180, 2: 200, 3: 220, 4: 240}
"""The grey level that `level_bundle` takes for a defect of each class, give or take 8."""

_TOLERANCE: Final = 8.0
_STEEPNESS: Final = 1.0
_CELL_PX: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Painted:
    """A rectangle of one class, in full-size pixels, upper bounds exclusive.

    When they are multiples of 8 the box is found exactly; interpolation rounds the corners of the mask.
    """

    class_id: int
    rows: tuple[int, int]
    cols: tuple[int, int]


def painted_frame(
    defects: Sequence[Painted] = (), *, width_px: int = WIDTH_PX, height_px: int = HEIGHT_PX
) -> bytes:
    """A frame for `level_bundle`, coded as the real ones are: a grey picture in a colour JPEG."""
    pixels = np.full((height_px, width_px, 3), STRIP_LEVEL, np.uint8)
    for defect in defects:
        pixels[slice(*defect.rows), slice(*defect.cols)] = LEVEL_BY_CLASS[defect.class_id]
    return bytes(simplejpeg.encode_jpeg(pixels, quality=95, colorspace="RGB", colorsubsampling="420"))


def rule(top: float = 0.5, bottom: float | None = None, area_px: int = 1) -> MaskRule:
    """Post-processing of one class; without `bottom` the two thresholds are one."""
    return MaskRule(
        top_threshold=top, bottom_threshold=top if bottom is None else bottom, min_area_px=area_px
    )


def whole_point(
    *, gate_threshold: float = 0.5, masks: Sequence[MaskRule] = (rule(),) * len(LEVEL_BY_CLASS)
) -> OperatingPoint:
    """An operating point for `whole_card`."""
    return OperatingPoint(gate_threshold=gate_threshold, masks=tuple(masks), chosen={})


def with_point(card: Card, point: OperatingPoint) -> Card:
    """The card with another `plant` point of its `line` preset."""
    line = card.presets["line"].model_copy(update={"operating_points": {"plant": point}})
    return card.model_copy(update={"presets": card.presets | {"line": line}})


def whole_card(
    *, name: str, width_px: int = WIDTH_PX, height_px: int = HEIGHT_PX, encoder: str = "none"
) -> Card:
    """A whole card; change what matters with `model_copy`."""
    return Card(
        format_version=FORMAT_VERSION,
        name=name,
        design="separate",
        created_at="2025-01-01T00:00:00Z",
        classes=tuple(DefectClass(class_id=i, name=f"kind {i}") for i in LEVEL_BY_CLASS),
        input=InputSpec(width_px=width_px, height_px=height_px, reduce=2, mean=100.0, std=50.0),
        gate=GateSpec(architecture="dense", encoder=encoder),
        segmenter=SegmenterSpec(
            architecture="fpn",
            encoder=encoder,
            pyramid_channels=16,
            segmentation_channels=32,
        ),
        engines=("openvino",),
        data={},
        presets={
            "line": Preset(gate="gate", operating_points={"plant": whole_point()}, metrics={}),
            "accurate": Preset(
                gate="segmenter",
                operating_points={"plant": whole_point(), "kaggle": whole_point(gate_threshold=0.75)},
                metrics={},
            ),
        },
        score_distribution={},
        files={},
    )


def level_bundle(
    folder: Path, *, card: Card | None = None, width_px: int = WIDTH_PX, height_px: int = HEIGHT_PX
) -> Path:
    """Write the bundle that knows defects by grey level; `card` replaces its thresholds and least areas."""
    card = card or whole_card(name=folder.name, width_px=width_px, height_px=height_px)
    graphs = level_graphs(card)
    with tempfile.TemporaryDirectory() as made:
        files = _save(graphs["gate"], Path(made, GATE_GRAPH)) | _save(
            graphs["segmenter"], Path(made, SEGMENTER_GRAPH)
        )
        return write_bundle(folder, card, files)


def level_graphs(card: Card) -> dict[str, ov.Model]:
    """The two graphs of `level_bundle`, `gate` and `segmenter`."""
    frames, logits = _level_logits(card.input)
    segmenter = ov.Model([ops.sigmoid(logits), _highest(logits)], [frames], "segmenter")
    frames, logits = _level_logits(card.input)
    return {
        "gate": named(ov.Model([_highest(logits)], [frames], "gate"), "scores"),
        "segmenter": named(segmenter, "probabilities", "scores"),
    }


def _highest(logits: ov.Node) -> ov.Node:
    return ops.sigmoid(ops.reduce_max(logits, np.array([1, 2, 3], np.int64), keep_dims=False))


def named(graph: ov.Model, *output_names: str) -> ov.Model:
    """The same graph, its outputs named in their order."""
    for output, name in zip(graph.outputs, output_names, strict=True):
        output.set_names({name})
    return graph


def failing_graph(card: Card, output_name: str) -> ov.Model:
    """A graph of the right shapes whose every output is NaN: a model run that fails."""
    spec = card.input
    height_px, width_px = spec.height_px // spec.reduce, spec.width_px // spec.reduce
    frames = ops.parameter([1, 1, height_px, width_px], np.uint8, name="frames")
    zero = ops.multiply(ops.convert(frames, "f32"), np.float32(0))
    nan = ops.divide(zero, zero)
    output = (
        ops.reduce_max(nan, np.array([1, 2, 3], np.int64), keep_dims=False)
        if output_name == "scores"
        else ops.broadcast(
            ops.avg_pool(nan, [4, 4], [0, 0], [0, 0], [4, 4], True),
            np.array([1, len(card.classes), height_px // 4, width_px // 4], np.int64),
        )
    )
    return named(ov.Model([output], [frames], output_name), output_name)


def random_bundle(folder: Path, *, width_px: int = 320, height_px: int = 64, seed: int = 0) -> Path:
    """Write a bundle of real, tiny networks with random weights, scaled so that outputs spread."""
    import torch

    from model.engines.conversion import to_openvino
    from model.nets import build_gate, build_segmenter, load_weights, save_weights

    card = whole_card(
        name=folder.name, width_px=width_px, height_px=height_px, encoder="tu-test_efficientnet"
    ).model_copy(update={"engines": ("openvino", "openvino-fp32", "torch")})
    torch.manual_seed(seed)
    gate, segmenter = (
        build_gate(card.gate, card.input).eval(),
        build_segmenter(card.segmenter, card.input).eval(),
    )
    samples = torch.from_numpy(np.stack([noisy_pixels(card, i) for i in range(8)])[:, None])
    with torch.no_grad():
        _spread(gate.head, gate.cells(samples)[:, -1].amax(dim=(1, 2)))
        seen = segmenter.see(samples)
        _spread(segmenter.segmentation_head[0], seen.masks)
        _spread(segmenter.gate_head, seen.cells[:, -1].amax(dim=(1, 2)))
    with tempfile.TemporaryDirectory() as made:
        weights = {GATE_WEIGHTS: gate, SEGMENTER_WEIGHTS: segmenter}
        for name, net in weights.items():
            save_weights(net, Path(made, name))
            load_weights(net, Path(made, name))  # the graphs get the weights as rounded for the file
        files = {name: Path(made, name) for name in weights}
        graphs = {
            GATE_GRAPH: to_openvino(gate, card.input, "scores"),
            SEGMENTER_GRAPH: to_openvino(segmenter, card.input, "probabilities", "scores"),
        }
        for name, graph in graphs.items():
            files |= _save(graph, Path(made, name))
        return write_bundle(folder, card, files)


def noisy_pixels(card: Card, seed: int) -> np.ndarray:
    """A decoded frame of soft blobs, the same for the same seed: (h, w) uint8 at the card's working size."""
    height_px, width_px = (
        card.input.height_px // card.input.reduce,
        card.input.width_px // card.input.reduce,
    )
    coarse = np.random.default_rng(seed).integers(0, 256, (height_px // 8, width_px // 8), np.uint8)
    return cv2.resize(coarse, (width_px, height_px), interpolation=cv2.INTER_CUBIC)


def _level_logits(spec: InputSpec) -> tuple[ov.Node, ov.Node]:
    """The input, and steepness * (tolerance - |grey - level|) of each 4x4 cell, for each class."""
    shape = [1, 1, spec.height_px // spec.reduce, spec.width_px // spec.reduce]
    frames = ops.parameter(shape, np.uint8, name="frames")
    cell = [_CELL_PX, _CELL_PX]
    mean = ops.avg_pool(ops.convert(frames, "f32"), cell, [0, 0], [0, 0], cell, True)
    levels = np.array(list(LEVEL_BY_CLASS.values()), np.float32).reshape(1, -1, 1, 1)
    within = ops.subtract(np.float32(_TOLERANCE), ops.abs(ops.subtract(mean, levels)))
    return frames, ops.multiply(within, np.float32(_STEEPNESS))


def _save(graph: ov.Model, path: Path) -> dict[str, Path]:
    ov.save_model(graph, path, compress_to_fp16=False)
    return {path.name: path, path.with_suffix(".bin").name: path.with_suffix(".bin")}


def _spread(head, logits) -> None:
    """Scale a final convolution so that its logits have mean 0 and deviation 2."""
    import torch

    with torch.no_grad():
        mean, deviation = logits.mean(), logits.std()
        head.weight *= 2 / deviation
        head.bias.copy_((head.bias - mean) * 2 / deviation)
