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
from model.card import LINE, PLANT, Card, OperatingPoint, Preset
from model.inspector import Inspector

if TYPE_CHECKING:
    from model.nets import GateNet, SegmenterNet

ENGINES = ("openvino", "openvino-fp32", "torch")


class Choice(NamedTuple):
    """What of a bundle is to run."""

    card: Card
    preset: Preset
    point: OperatingPoint


def load_inspector(
    bundle: str | Path,
    *,
    engine: str = "openvino",
    threads: int | None = None,
    preset: str = LINE,
    operating_point: str = PLANT,
) -> Inspector:
    """Check a bundle and build its inspector; call `warm_up` before the first frame.

    `openvino` runs the bundle's int8 graphs, without torch; `openvino-fp32` converts its weights, `torch`
    runs them on the first GPU, or on the CPU without one. `threads` are CPU threads, None for all cores.
    Raises BundleRefused with one sentence that says what to do.
    """
    if threads is not None and threads < 1:
        raise ValueError(f"an engine needs at least one thread, not {threads}")
    folder = find(bundle)
    card = verify(folder)
    choice = Choice(card, *choose(card, preset, operating_point))
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
    import openvino as ov

    from model.engines.openvino import OpenVinoInspector

    if absent := [name for name in (GATE_GRAPH, SEGMENTER_GRAPH) if name not in choice.card.files]:
        raise BundleRefused(f"{folder} has no {absent[0]} for engine openvino: export it again")
    core = ov.Core()
    gate_graph = GATE_GRAPH if choice.preset.gate == "gate" else SEGMENTER_GRAPH
    gate, segmenter = (core.read_model(folder / name) for name in (gate_graph, SEGMENTER_GRAPH))
    return OpenVinoInspector(
        card=choice.card, point=choice.point, gate=gate, segmenter=segmenter, threads=threads
    )


def _openvino_fp32(folder: Path, choice: Choice, threads: int) -> Inspector:
    from model.engines.conversion import to_openvino
    from model.engines.openvino import OpenVinoInspector

    spec = choice.card.input
    gate, segmenter = torch_nets(folder, choice.card)
    graph = to_openvino(segmenter, spec, "probabilities", "scores")
    return OpenVinoInspector(
        card=choice.card,
        point=choice.point,
        gate=to_openvino(gate, spec, "scores") if choice.preset.gate == "gate" else graph,
        segmenter=graph,
        threads=threads,
    )


def _torch(folder: Path, choice: Choice, threads: int) -> Inspector:
    import torch

    from model.engines.torch import OwnScores, TorchInspector

    gate, segmenter = torch_nets(folder, choice.card)
    torch.set_num_threads(threads)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    return TorchInspector(
        card=choice.card,
        point=choice.point,
        gate=gate if choice.preset.gate == "gate" else OwnScores(segmenter),
        segmenter=segmenter,
        device=device,
    )


def torch_nets(folder: Path, card: Card) -> tuple[GateNet, SegmenterNet]:
    """A bundle's two networks with their weights. Raises BundleRefused, and what torch raises."""
    from model.nets import build_gate, build_segmenter, load_weights

    if absent := [name for name in (GATE_WEIGHTS, SEGMENTER_WEIGHTS) if name not in card.files]:
        raise BundleRefused(f"{folder} has no {absent[0]}: export it again")
    gate = build_gate(card.gate, card.input, len(card.classes))
    segmenter = build_segmenter(card.segmenter, card.input, len(card.classes))
    load_weights(gate, folder / GATE_WEIGHTS)
    load_weights(segmenter, folder / SEGMENTER_WEIGHTS)
    return gate, segmenter


_BUILDERS: dict[str, Callable[[Path, Choice, int], Inspector]] = {
    "openvino": _openvino_int8,
    "openvino-fp32": _openvino_fp32,
    "torch": _torch,
}
