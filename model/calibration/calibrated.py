"""A card with operating points chosen on held-out frames, what they then do there, and how scores lie."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from model.calibration.calibration import RawOutputs, choose_points, cross_fitted, results_from
from model.calibration.miss_bound import MissBound, choose_threshold
from model.card import ACCURATE, LINE, Card, Preset
from model.evaluation.gate_figures import Scores, judge_auc, judge_point
from model.evaluation.intervals import roc_auc
from model.evaluation.judgement import FrameLabel, judge_frame
from model.evaluation.mask_figures import judge_masks
from model.frames.frames import JudgedFrame
from model.inspector import FrameResult

GATE_OF_PRESET: Final = {LINE: "gate", ACCURATE: "segmenter"}
"""Where the design has a gate network; where it has none, the segmenter's head scores every frame."""

HISTOGRAM_BINS: Final = 20


def presets_that_pay(
    outputs: Mapping[str, RawOutputs], frames: Sequence[JudgedFrame], bound: MissBound
) -> tuple[str, ...]:
    """`line`, and `accurate` where the segmenter's own head stops more clean frames than the gate network.

    AUC decides where both stop as many. It is not asked first: what counts is the end of the curve where
    hardly any defect is missed. (The scouted head, fold 0: AUC .953 and 12 of 13 clean frames stopped; the
    first small gate: .958 and 7 of 13.)
    """
    clean = np.array([frame.truth == "clean" for frame in frames], np.bool_)
    if "gate" not in outputs or clean.all() or not clean.any():
        return (LINE,)
    worth = {}
    for network, of in outputs.items():
        threshold = choose_threshold(of.scores[~clean], bound).threshold
        auc = roc_auc(of.scores[~clean].tolist(), of.scores[clean].tolist())
        worth[network] = (int((of.scores[clean] < threshold).sum()), auc)
    return (LINE, ACCURATE) if worth["segmenter"] > worth["gate"] else (LINE,)


def calibrated(
    card: Card,
    outputs: Mapping[str, RawOutputs],
    frames: Sequence[JudgedFrame],
    bound: MissBound,
    *,
    presets: Sequence[str],
    where: str,
) -> Card:
    """The card with these presets, no others. outputs: by network; where: which frames these are.

    Raises TooFewFrames when they cannot show the bound.
    """
    scoring = {name: GATE_OF_PRESET[name] if "gate" in outputs else "segmenter" for name in presets}
    made = {
        name: _preset(card, network, outputs[network], frames, bound, where)
        for name, network in scoring.items()
    }
    clean = np.array([frame.truth == "clean" for frame in frames], np.bool_)
    scores = {name: outputs[network].scores for name, network in scoring.items()}
    distribution = {
        name: {"clean": distributed(of[clean]), "defective": distributed(of[~clean])}
        for name, of in scores.items()
    }
    return card.model_copy(update={"presets": made, "score_distribution": {"frames": where, **distribution}})


def distributed(scores: NDArray[np.float32]) -> dict[str, Any]:
    """How scores lie: their number, deciles (11, with both ends) and a histogram over 0..1; for drift."""
    counts, _ = np.histogram(np.clip(scores, 0, 1), bins=HISTOGRAM_BINS, range=(0, 1))
    deciles: list[float] = np.quantile(scores, np.linspace(0, 1, 11)).tolist() if scores.size else []
    return {
        "n": int(scores.size),
        "deciles": [round(value, 4) for value in deciles],
        "histogram": counts.tolist(),
    }


def _preset(
    card: Card,
    network: str,
    outputs: RawOutputs,
    frames: Sequence[JudgedFrame],
    bound: MissBound,
    where: str,
) -> Preset:
    points = choose_points(outputs, frames, card.input, bound, where=where)
    fitted = cross_fitted(outputs, frames, card, bound)
    metrics: dict[str, Any] = {"engine": "openvino, int8", "frames": where}
    labels = [FrameLabel(image_id=f.image_id, group=f.image_id, fold=0, truth=f.truth) for f in frames]
    if len({label.truth == "clean" for label in labels}) == 2:
        auc = judge_auc(Scores(labels=tuple(labels), values=outputs.scores.astype(np.float64)))
        metrics["auc"] = {name: auc[name] for name in ("value", "interval_95", "defective", "clean")}
    for name, point in points.items():
        shipped = results_from(card, point, outputs.scores, outputs.probabilities)
        metrics[name] = {
            "cross_fitted": _judged(card, fitted[name], frames, labels),
            "as_shipped": _judged(card, shipped, frames, labels),
        }
    gate: Any = network
    return Preset(gate=gate, operating_points=points, metrics=metrics)


def _judged(
    card: Card, results: Sequence[FrameResult], frames: Sequence[JudgedFrame], labels: Sequence[FrameLabel]
) -> dict[str, Any]:
    """Figures of one operating point; a frame's interval takes it as a group of its own."""
    class_ids = [kind.class_id for kind in card.classes]
    size_px = card.input.height_px, card.input.width_px
    judgements = [
        judge_frame(result, frame, class_ids, size_px, with_regions=False)
        for result, frame in zip(results, frames, strict=True)
    ]
    defective = np.array([label.truth != "clean" for label in labels], np.bool_)
    figures = {"masks": judge_masks(judgements, labels, class_ids)}
    if defective.any() and not defective.all():
        figures["gate"] = judge_point(np.array([j.passed for j in judgements], np.bool_), defective)
    return figures
