"""Engines by the names that a bench uses, what each lacks here, and inspectors of networks on them."""

from __future__ import annotations

import importlib.util
import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from model.card import SEPARATE, TWO_HEAD, Card, Design, OperatingPoint
from model.inspector import Inspector, Pixels
from model.load import Nets

if TYPE_CHECKING:
    import openvino as ov

OPENVINO, OPENVINO_FP32, TORCH_CPU, TORCH_CUDA = "openvino", "openvino-fp32", "torch-cpu", "torch-cuda"
BENCH_ENGINES: Final = (OPENVINO, OPENVINO_FP32, TORCH_CPU, TORCH_CUDA)

_NEEDS: Final = {
    OPENVINO: ("openvino",),
    OPENVINO_FP32: ("openvino", "torch", "segmentation_models_pytorch"),
    TORCH_CPU: ("torch", "segmentation_models_pytorch"),
    TORCH_CUDA: ("torch", "segmentation_models_pytorch"),
}


def why_not(engine: str) -> str | None:
    """Why an engine cannot run here, in words; None where it can."""
    for module in _NEEDS[engine]:
        if importlib.util.find_spec(module) is None:
            return f"{module} is not installed"
    if engine != TORCH_CUDA:
        return None
    import torch

    return None if torch.cuda.is_available() else "no CUDA device"


def device_name(engine: str) -> str:
    """The GPU's name for `torch-cuda` where there is one, else nothing."""
    if engine != TORCH_CUDA or why_not(engine):
        return ""
    import torch

    return torch.cuda.get_device_name()


def on_torch(
    nets: Nets, card: Card, point: OperatingPoint, design: Design, engine: str, threads: int
) -> Inspector:
    """An inspector of networks that nobody else uses: a GPU's are converted in place."""
    import torch

    from model.engines.shared_torch import SharedTorchInspector
    from model.engines.torch import TorchInspector

    torch.set_num_threads(threads)
    device = torch.device("cuda" if engine == TORCH_CUDA else "cpu")
    if design == SEPARATE:
        return TorchInspector(
            card=card, point=point, gate=nets.own_gate(), segmenter=nets.segmenter, device=device
        )
    return SharedTorchInspector(
        card=card, point=point, segmenter=nets.segmenter, design=design, device=device
    )


def on_openvino(
    graphs: dict[str, ov.Model], card: Card, point: OperatingPoint, design: Design, threads: int
) -> Inspector:
    """An inspector of the graphs `segmenter` and, for `separate`, `gate`."""
    from model.engines.openvino import OpenVinoInspector
    from model.engines.shared_openvino import SharedBackboneOpenVino, TwoHeadOpenVino

    segmenter = graphs["segmenter"]
    if design == SEPARATE:
        return OpenVinoInspector(
            card=card, point=point, gate=graphs["gate"], segmenter=segmenter, threads=threads
        )
    shared = TwoHeadOpenVino if design == TWO_HEAD else SharedBackboneOpenVino
    return shared(card=card, point=point, segmenter=segmenter, threads=threads)


def graphs_of(nets: Nets, card: Card) -> dict[str, ov.Model]:
    """The fp32 graphs of networks, by the network's name."""
    from model.engines.conversion import to_openvino

    graphs = {"segmenter": to_openvino(nets.segmenter, card.input, "probabilities", "scores")}
    if nets.gate is not None:
        graphs["gate"] = to_openvino(nets.gate, card.input, "scores")
    return graphs


def in_int8(graphs: dict[str, ov.Model], frames: Sequence[Pixels]) -> dict[str, ov.Model]:
    """The same graphs quantised, as a bundle's are. Raises ModuleNotFoundError without NNCF."""
    from model.export.export import FLOAT_CONVOLUTIONS, quantise

    logging.getLogger("nncf").setLevel(logging.WARNING)  # it names every layer that it leaves as it is
    return {name: quantise(graph, frames, FLOAT_CONVOLUTIONS[name]) for name, graph in graphs.items()}
