"""From a bundle's name to an inspector that is ready to warm up."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from model.bundle import (
    GATE_GRAPH,
    GATE_WEIGHTS,
    SEGMENTER_GRAPH,
    SEGMENTER_WEIGHTS,
    BundleRefused,
    choose,
    find,
    verify,
)
from model.card import LINE, PLANT, SEPARATE, TWO_HEAD, Card, Design, OperatingPoint, Preset
from model.designs import choose_design
from model.inspector import Inspector

if TYPE_CHECKING:
    import openvino as ov

    from model.nets import GateNet, SegmenterNet

ENGINES = ("openvino", "openvino-fp32", "torch")


class Choice(NamedTuple):
    """What of a bundle is to run, and how."""

    card: Card
    preset: Preset
    point: OperatingPoint
    design: Design


def load_inspector(
    bundle: str | Path,
    *,
    engine: str = "openvino",
    threads: int | None = None,
    preset: str = LINE,
    operating_point: str = PLANT,
    design: str | None = None,
) -> Inspector:
    """Check a bundle and build its inspector; call `warm_up` before the first frame.

    `openvino` runs the bundle's int8 graphs, without torch; `openvino-fp32` converts its weights, `torch`
    runs them on the first GPU, or on the CPU without one. `threads` are CPU threads, None for all cores.
    `design` is one that the preset can run by, None for its own: model.designs.
    Raises BundleRefused with one sentence that says what to do.
    """
    if threads is not None and threads < 1:
        raise ValueError(f"an engine needs at least one thread, not {threads}")
    folder = find(bundle)
    card = verify(folder)
    chosen = choose(card, preset, operating_point)
    choice = Choice(card, *chosen, choose_design(card, preset, design))
    build = _BUILDERS.get(engine)
    if build is None:
        raise BundleRefused(f"there is no engine {engine!r}: choose one of {', '.join(ENGINES)}")
    try:
        return build(folder, choice, threads or usable_cores())
    except ModuleNotFoundError as absent:
        if absent.name is None or absent.name.partition(".")[0] not in _TORCH_EXTRA:
            raise
        raise BundleRefused(
            f"engine {engine} needs {absent.name}, which is not installed: pip install 'coilwatch[torch]'"
        ) from None
    except (RuntimeError, ValueError) as unusable:
        reason = str(unusable).strip().splitlines()[0]
        raise BundleRefused(
            f"{folder} cannot run on engine {engine} ({reason}): choose another engine or export it again"
        ) from unusable


def usable_cores() -> int:
    """The cores this process may run on."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


_TORCH_EXTRA = frozenset({"torch", "safetensors", "segmentation_models_pytorch", "timm", "torchvision"})


def _openvino_int8(folder: Path, choice: Choice, threads: int) -> Inspector:
    from model.engines.core import runtime

    def read(name: str) -> ov.Model:
        if name not in choice.card.files:
            raise BundleRefused(f"{folder} has no {name} for engine openvino: export it again")
        return runtime().read_model(folder / name)

    gate = read(GATE_GRAPH) if choice.design == SEPARATE else None
    return _openvino(choice, gate, read(SEGMENTER_GRAPH), threads)


def _openvino_fp32(folder: Path, choice: Choice, threads: int) -> Inspector:
    from model.engines.conversion import to_openvino

    spec = choice.card.input
    nets = torch_nets(folder, choice.card)
    graph = to_openvino(nets.segmenter, spec, "probabilities", "scores")
    gate = None if choice.design != SEPARATE else to_openvino(nets.own_gate(), spec, "scores")
    return _openvino(choice, gate, graph, threads)


def _openvino(choice: Choice, gate: ov.Model | None, segmenter: ov.Model, threads: int) -> Inspector:
    from model.engines.openvino import OpenVinoInspector
    from model.engines.shared_openvino import SharedBackboneOpenVino, TwoHeadOpenVino

    card, point = choice.card, choice.point
    if gate is not None:
        return OpenVinoInspector(card=card, point=point, gate=gate, segmenter=segmenter, threads=threads)
    shared = TwoHeadOpenVino if choice.design == TWO_HEAD else SharedBackboneOpenVino
    return shared(card=card, point=point, segmenter=segmenter, threads=threads)


def _torch(folder: Path, choice: Choice, threads: int) -> Inspector:
    import torch

    from model.engines.shared_torch import SharedTorchInspector
    from model.engines.torch import TorchInspector

    nets = torch_nets(folder, choice.card)
    torch.set_num_threads(threads)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    card, point, segmenter = choice.card, choice.point, nets.segmenter
    if choice.design == SEPARATE:
        gate = nets.own_gate()
        return TorchInspector(card=card, point=point, gate=gate, segmenter=segmenter, device=device)
    return SharedTorchInspector(
        card=card, point=point, segmenter=segmenter, design=choice.design, device=device
    )


class Nets(NamedTuple):
    """A bundle's networks in torch; only one of design `separate` has a gate."""

    gate: GateNet | None
    segmenter: SegmenterNet

    def own_gate(self) -> GateNet:
        """The gate network. Raises ValueError where there is none."""
        if self.gate is None:
            raise ValueError("the bundle has no gate network")
        return self.gate


def torch_nets(folder: Path, card: Card) -> Nets:
    """A bundle's networks with their weights. Raises BundleRefused, and what torch raises."""
    from model.nets import build_gate, build_segmenter, load_weights

    needed = [SEGMENTER_WEIGHTS] if card.gate is None else [GATE_WEIGHTS, SEGMENTER_WEIGHTS]
    if absent := [name for name in needed if name not in card.files]:
        raise BundleRefused(f"{folder} has no {absent[0]}: export it again")
    gate = None if card.gate is None else build_gate(card.gate, card.input, len(card.classes))
    segmenter = build_segmenter(card.segmenter, card.input, len(card.classes))
    if gate is not None:
        load_weights(gate, folder / GATE_WEIGHTS)
    load_weights(segmenter, folder / SEGMENTER_WEIGHTS)
    return Nets(gate, segmenter)


_BUILDERS: dict[str, Callable[[Path, Choice, int], Inspector]] = {
    "openvino": _openvino_int8,
    "openvino-fp32": _openvino_fp32,
    "torch": _torch,
}
