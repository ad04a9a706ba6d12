"""From trained networks to the files of a bundle: safetensors, and int8 graphs calibrated on frames."""

from __future__ import annotations

import logging
import sys
from collections.abc import Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import nncf
import numpy as np
import openvino as ov
from numpy.typing import NDArray
from openvino import opset13

from model.bundle import GATE_GRAPH, GATE_WEIGHTS, SEGMENTER_GRAPH, SEGMENTER_WEIGHTS
from model.card import InputSpec
from model.engines.conversion import to_openvino
from model.engines.core import runtime
from model.nets import GateNet, SegmenterNet, save_weights

log = logging.getLogger(__name__)

QUANTISATION_FRAMES = 200
"""Scouted with 202: int8 then costs nothing that can be measured."""

WIDE_CONSTANT = 4096
"""Float constants of at least this size are stored as int8: NNCF leaves squeeze-and-excite layers in fp32."""

FLOAT_CONVOLUTIONS = {"gate": 3, "segmenter": 2}
"""So many convolutions from the input stay in float: little work, and what they lose nothing later restores.

With the segmenter's first two in int8 as well, Dice of class 1, the smallest defects, fell from .640 to .581
on fold 0; in float it stays (.646) for 1 ms of CPU. With the gate's first three, scores move by .058 (rms) on
fold 0 and .062 on fold 1, whose AUC falls from .979 to .968; in float by .008 and .026, AUC .977, for a tenth
of its time.
"""

OUTPUTS = {"gate": ("scores",), "segmenter": ("probabilities", "scores")}
"""What each network's graph gives, in its order."""

FILES = {"gate": (GATE_WEIGHTS, GATE_GRAPH), "segmenter": (SEGMENTER_WEIGHTS, SEGMENTER_GRAPH)}
"""Each network's weights and graph."""

Pixels = NDArray[np.uint8]


def quantise(graph: ov.Model, frames: Sequence[Pixels], float_convolutions: int = 0) -> ov.Model:
    """The int8 graph, its ranges taken from (h, w) uint8 training frames."""
    convolutions = [
        operation.get_friendly_name()
        for operation in graph.get_ordered_ops()
        if operation.get_type_name() in ("Convolution", "GroupConvolution")
    ]
    samples = [np.ascontiguousarray(pixels[None, None]) for pixels in frames[:QUANTISATION_FRAMES]]
    with redirect_stdout(sys.stderr):  # its progress bars; what a command prints is for programs
        quantised = nncf.quantize(
            graph,
            nncf.Dataset(samples),
            preset=nncf.QuantizationPreset.MIXED,
            subset_size=len(samples),
            ignored_scope=nncf.IgnoredScope(names=convolutions[:float_convolutions]),
        )
    narrow(quantised)
    return quantised


def narrow(graph: ov.Model) -> None:
    """Store wide float constants as int8 with a scale for each output channel, in place."""
    for constant in graph.get_ops():
        if constant.get_type_name() != "Constant" or constant.get_element_type() != ov.Type.f32:
            continue
        values = np.array(constant.data)
        if values.size < WIDE_CONSTANT or values.ndim < 2:
            continue
        scale = np.abs(values).max(axis=tuple(range(1, values.ndim)), keepdims=True) / 127
        scale = np.maximum(scale, np.float32(1e-12))
        steps = opset13.constant(np.round(values / scale).astype(np.int8))
        unfolded = opset13.multiply(opset13.convert(steps, "f32"), opset13.constant(scale.astype(np.float32)))
        for consumer in constant.output(0).get_target_inputs():
            consumer.replace_source_output(unfolded.output(0))


def save_graph(graph: ov.Model, path: Path) -> None:
    """Write `path` (.xml, its indentation left out: a tenth of its size) and the .bin beside it."""
    ov.save_model(graph, path, compress_to_fp16=True)
    lines = path.read_text("utf-8").splitlines()
    path.write_text("\n".join(line.strip() for line in lines) + "\n", "utf-8")
    log.info("%s: %.1f MB", path.name, (path.stat().st_size + path.with_suffix(".bin").stat().st_size) / 1e6)


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """A bundle's files but its card, by name, and its graphs in memory: `segmenter`, maybe `gate`."""

    files: dict[str, Path]
    int8: dict[str, ov.Model]
    fp32: dict[str, ov.Model]


def export_files(
    gate: GateNet | None,
    segmenter: SegmenterNet,
    trained: dict[str, str],
    input_spec: InputSpec,
    frames: Sequence[Pixels],
    folder: Path,
) -> Exported:
    """Write weights and int8 graphs into `folder`; the graphs in memory are those of the files.

    `gate` is None in the designs with one encoder. `trained`: one sentence for each network, kept with its
    weights. `frames` are (h, w) uint8 training frames, for the ranges of int8.
    """
    folder.mkdir(parents=True, exist_ok=True)
    paths: list[Path] = []
    fp32: dict[str, ov.Model] = {}
    graphs: dict[str, Path] = {}
    for network, net in (("gate", gate), ("segmenter", segmenter)):
        if net is None:
            continue
        weights, graphs[network] = (folder / name for name in FILES[network])
        save_weights(net, weights, trained[network])
        fp32[network] = to_openvino(net, input_spec, *OUTPUTS[network])
        save_graph(quantise(fp32[network], frames, FLOAT_CONVOLUTIONS[network]), graphs[network])
        paths += [weights, *(graphs[network].with_suffix(suffix) for suffix in (".xml", ".bin"))]
    core = runtime()
    return Exported(
        files={path.name: path for path in paths},
        int8={network: core.read_model(path) for network, path in graphs.items()},
        fp32=fp32,
    )
