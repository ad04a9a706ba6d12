"""Networks as ONNX files, for servers that are not ours (Triton, onnxruntime, TensorRT). Needs torch.

A file takes `frames` (N, 1, h, w) uint8 grey levels, as `model.images.decode_grey` gives them: normalisation
is part of the graph, thresholds and regions are not. Weights are fp32; a server quantises as it likes.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
import onnx
import onnxruntime
import torch
from numpy.typing import NDArray
from torch import nn

from model.bundle import BundleRefused
from model.card import Card, InputSpec
from model.load import torch_nets

log = logging.getLogger(__name__)

OPSET: Final = 18
"""The exporter's own: read by onnxruntime from 1.14 and by TensorRT from 8.6 on (both of 2023)."""

TOLERANCE: Final = 1e-3
"""Of probabilities, against torch in fp32: other kernels, nothing else (below 2e-5 on 64x96 frames)."""

CHECKED_BATCHES: Final = (1, 3)
"""The batch is dynamic: a graph that was frozen at the size it was traced with would fail one of these."""

_TRACED_BATCH: Final = 2  # torch.export takes a batch of 1 for a constant
_TALKATIVE: Final = ("onnx_ir", "onnxscript", "torch.onnx")  # 50 lines a network on what they simplified


class OnnxRefused(BundleRefused):
    """A file that does not say what torch says; it has been removed."""


def bundle_to_onnx(folder: Path, card: Card, out: Path) -> list[Path]:
    """Write a bundle's networks as `gate.onnx`, where it has one, and `segmenter.onnx`; returns their paths.

    The segmenter gives `probabilities` and, by its own gate's head, `scores`. Raises BundleRefused.
    """
    gate, segmenter = torch_nets(folder, card)
    written = [] if gate is None else [to_onnx(gate, card.input, out / "gate.onnx", "scores")]
    written.append(to_onnx(segmenter, card.input, out / "segmenter.onnx", "probabilities", "scores"))
    return written


def to_onnx(net: nn.Module, input_spec: InputSpec, path: Path, *output_names: str) -> Path:
    """Write a network as ONNX and hold it against torch; returns `path`.

    The file takes `frames` uint8 (N, 1, h, w) and gives `output_names` in the order of the network's outputs,
    float32, for any N. It is written whole or not at all. Raises OnnxRefused when it disagrees with torch.
    """
    shape = (1, input_spec.height_px // input_spec.reduce, input_spec.width_px // input_spec.reduce)
    net = net.eval()
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.draft")
    try:
        _export(net, shape, draft, output_names)
        onnx.checker.check_model(str(draft), full_check=True)
        worst = max(_disagreement(net, draft, shape, batch) for batch in CHECKED_BATCHES)
        if not worst <= TOLERANCE:  # also for NaN
            raise OnnxRefused(f"{path.name} differs from torch by {worst:.2g}, more than {TOLERANCE:g}")
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    log.info("%s: %.1f MB, within %.1e of torch", path.name, path.stat().st_size / 1e6, worst)
    return path


def run_onnx(path: Path, frames: NDArray[np.uint8], threads: int = 1) -> list[NDArray[np.float32]]:
    """The outputs of a file for (N, 1, h, w) frames, by onnxruntime on the CPU, in the file's order."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    return [np.asarray(output) for output in session.run(None, {"frames": frames})]


def _export(net: nn.Module, shape: tuple[int, ...], path: Path, output_names: Sequence[str]) -> None:
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)
    batch = torch.export.Dim("batch", min=1)
    with torch.no_grad():
        torch.onnx.export(
            net,
            (torch.zeros((_TRACED_BATCH, *shape), dtype=torch.uint8),),
            path,
            input_names=["frames"],
            output_names=list(output_names),
            dynamic_shapes=({0: batch},),
            opset_version=OPSET,
            external_data=False,  # one file: the largest of ours has 6 million weights, the limit is 2 GB
            verbose=False,
        )


def _disagreement(net: nn.Module, path: Path, shape: tuple[int, ...], batch: int) -> float:
    """The largest difference from torch in any output, over a batch of random frames."""
    frames = np.random.default_rng(batch).integers(0, 256, (batch, *shape), np.uint8)
    with torch.inference_mode():
        said = net(torch.from_numpy(frames))
    expected = said if isinstance(said, tuple) else (said,)
    found = run_onnx(path, frames)
    return max(
        float(np.abs(ours - theirs.float().numpy()).max())
        for ours, theirs in zip(found, expected, strict=True)
    )
