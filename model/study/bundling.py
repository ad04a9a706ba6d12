"""Trained rows to a bundle: a classifier and a segmenter, or one network with both heads."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from model.bundle import GATE_GRAPH, GATE_WEIGHTS, SEGMENTER_GRAPH, SEGMENTER_WEIGHTS, write_bundle
from model.card import (
    FORMAT_VERSION,
    LINE,
    PLANT,
    SEPARATE,
    Card,
    Design,
    GateSpec,
    MaskRule,
    OperatingPoint,
    Preset,
    SegmenterSpec,
)
from model.engines.conversion import to_openvino
from model.evaluation.machine import now
from model.export.export import quantise, save_graph
from model.frames.refused import TrainingRefused
from model.nets import SegmenterNet, save_weights
from model.study.protocols import THRESHOLD
from model.study.training import TrainedRun

log = logging.getLogger(__name__)

ENGINES: Final = ("openvino", "openvino-fp32", "torch")

FLOAT_CONVOLUTIONS: Final = 3
"""As in the shipped bundle's gate: the first ones stay in float."""


def parts_of(runs: Sequence[TrainedRun]) -> tuple[TrainedRun | None, TrainedRun]:
    """The gate's run, None where the segmenter's network scores frames too, and the segmenter's.

    Raises TrainingRefused where the runs do not make a bundle.
    """
    segmenters = [run for run in runs if isinstance(run.net, SegmenterNet)]
    gates = [run for run in runs if not isinstance(run.net, SegmenterNet)]
    if len(segmenters) != 1 or len(gates) > 1:
        named = ", ".join(run.recipe.name for run in runs)
        raise TrainingRefused(
            f"{named} make no bundle: give a classifier's folder and a segmenter's, or that of one network "
            "with both heads"
        )
    (segmenter,) = segmenters
    design = segmenter.recipe.design
    if design != SEPARATE:
        if gates:
            raise TrainingRefused(
                f"{segmenter.recipe.name} has design {design} and scores frames itself: give its folder alone"
            )
        return None, segmenter
    if not gates:
        raise TrainingRefused(
            f"{segmenter.recipe.name} scores no frames: give a classifier's folder beside it"
        )
    (gate,) = gates
    for what in ("input", "classes"):
        if getattr(gate.recipe, what) != getattr(segmenter.recipe, what):
            raise TrainingRefused(
                f"{gate.recipe.name} and {segmenter.recipe.name} differ in their {what}, a bundle has one: "
                "train them by recipes with the same"
            )
    if gate.recipe.held_out_fold != segmenter.recipe.held_out_fold:
        raise TrainingRefused("the two runs held out different folds: nothing could judge their bundle")
    return gate, segmenter


def bundle(runs: Sequence[TrainedRun], seen: Sequence[np.ndarray], out: Path, work: Path, name: str) -> Card:
    """Write the bundle `out`; returns its card. seen: (h, w) uint8 training frames, for the ranges of int8.

    The thresholds are the reference's: any picture above .5 passes its frame, masks are cut at .5.
    """
    gate, segmenter = parts_of(runs)
    files = _export(segmenter, SEGMENTER_WEIGHTS, SEGMENTER_GRAPH, seen, work)
    if gate is not None:
        files |= _export(gate, GATE_WEIGHTS, GATE_GRAPH, seen, work)
    card = _card(gate, segmenter, name)
    write_bundle(out, card, files)
    return card


def _export(
    run: TrainedRun, weights: str, graph: str, seen: Sequence[np.ndarray], work: Path
) -> dict[str, Path]:
    work.mkdir(parents=True, exist_ok=True)
    save_weights(run.net, work / weights, run.stated["trained"])
    names = ("probabilities", "scores") if isinstance(run.net, SegmenterNet) else ("scores",)
    log.info("%s: exporting, int8 ranges from %d frames", run.recipe.name, len(seen))
    whole = to_openvino(run.net, run.recipe.input, *names)
    save_graph(quantise(whole, seen, FLOAT_CONVOLUTIONS), work / graph)
    found = [work / weights, work / graph, (work / graph).with_suffix(".bin")]
    return {path.name: path for path in found}


def _card(gate: TrainedRun | None, segmenter: TrainedRun, name: str) -> Card:
    recipe = segmenter.recipe
    trained = {"segmenter": segmenter.stated["trained"]}
    gate_spec: GateSpec | None = None
    if gate is not None:
        trained["gate"], gate_spec = gate.stated["trained"], gate.recipe.gate
    masks = MaskRule(top_threshold=THRESHOLD, bottom_threshold=THRESHOLD, min_area_px=0)
    point = OperatingPoint(
        gate_threshold=THRESHOLD,
        masks=(masks,) * len(recipe.classes),
        chosen={"how": "the reference's rule: any picture above .5, masks at .5; not calibrated"},
    )
    preset = Preset(gate="segmenter" if gate is None else "gate", operating_points={PLANT: point}, metrics={})
    spec: SegmenterSpec | None = recipe.segmenter
    assert spec is not None
    design: Design = recipe.design
    described: dict[str, Any] = {**segmenter.stated.get("frames", {}), "trained": trained}
    return Card(
        format_version=FORMAT_VERSION,
        name=name,
        design=design,
        created_at=now(),
        classes=recipe.classes,
        input=recipe.input,
        gate=gate_spec,
        segmenter=spec,
        engines=ENGINES,
        data=described,
        presets={LINE: preset},
        score_distribution={},
        files={},
    )
