"""The reference project's figure: how often 256x320 crops are told defective or clean, one score a crop."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import openvino as ov
from numpy.typing import NDArray

from model.card import Card, InputSpec, WholeView
from model.engines.core import runtime
from model.engines.cuts import cut
from model.engines.requests import COMPILE_SETTINGS
from model.evaluation.gate_figures import rounded, rounded_pair
from model.evaluation.intervals import Floats, bootstrap, roc_auc, weighted_mean
from model.evaluation.judgement import FrameLabel, parts_of, sample_of
from model.frames.frames import JudgedFrame

CROP_WIDTH_PX: Final = 320
PARTS: Final = 5
"""Thresholds are chosen on four parts of a fold and judged on the fifth; near-duplicates stay in one part."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Crops:
    """All crops of one fold's frames, in the order of `frames`: (n, crops of a frame)."""

    frames: tuple[FrameLabel, ...]
    scores: Floats
    defective: NDArray[np.bool_]


def cropped(
    graph: ov.Model, card: Card, frames: Sequence[JudgedFrame], labels: Sequence[FrameLabel]
) -> Crops | None:
    """Score the crops of all frames whose masks are known, with a gate's graph made as narrow as a crop.

    A crop is defective when it holds any mask pixel. `graph` takes whole frames and is left as it is. None
    when frames are not a whole number of crops wide, and for networks that see them otherwise than whole.
    """
    if card.input.width_px % CROP_WIDTH_PX or not isinstance(card.input.view, WholeView):
        return None
    known = [(f, label) for f, label in zip(frames, labels, strict=True) if f.truth != "boxes"]
    narrow = compile_narrow(graph, card.input)
    return Crops(
        frames=tuple(label for _, label in known),
        scores=np.array([[float(narrow(part)) for part in _parts(f.pixels, card.input)] for f, _ in known]),
        defective=np.array([_holds_defect(f, card.input) for f, _ in known]),
    )


def compile_narrow(graph: ov.Model, spec: InputSpec) -> Scorer:
    """A gate's graph for crops: its networks are fully convolutional, so it only takes another shape."""
    clone = cut(graph.clone(), "scores")
    clone.reshape([1, 1, spec.height_px // spec.reduce, CROP_WIDTH_PX // spec.reduce])
    return Scorer(runtime().compile_model(clone, "CPU", COMPILE_SETTINGS))


class Scorer:
    """A gate for crops."""

    def __init__(self, compiled: ov.CompiledModel) -> None:
        self._compiled = compiled

    def __call__(self, pixels: NDArray[np.uint8]) -> float:
        """(h, w) uint8 -> the highest probability of `any` in its cells."""
        return float(np.asarray(self._compiled(pixels[None, None])[0]).reshape(-1)[0])


def judge_crops(folds: Sequence[Crops]) -> dict[str, Any]:
    """Accuracy with thresholds chosen out of part, fold by fold, and what always saying the same gets."""
    right = np.concatenate([_right(crops) for crops in folds])
    frames = [label for crops in folds for label in crops.frames]
    defective = np.concatenate([crops.defective for crops in folds])
    aucs = [roc_auc(c.scores[c.defective], c.scores[~c.defective]) for c in folds]
    by_frame = right.mean(axis=1)
    return {
        "width_px": CROP_WIDTH_PX,
        "frames": len(frames),
        "crops": int(right.size),
        "defective": int(defective.sum()),
        "accuracy": rounded(float(right.mean())),
        "interval_95": rounded_pair(bootstrap(weighted_mean(by_frame), sample_of(frames))),
        "always_the_same": rounded(float(max(defective.mean(), 1 - defective.mean()))),
        "auc": rounded(float(np.mean(aucs))),
    }


def _right(crops: Crops) -> NDArray[np.bool_]:
    part = parts_of([label.group for label in crops.frames], PARTS)
    right = np.zeros(crops.scores.shape, np.bool_)
    for judged in range(PARTS):
        inside, outside = part == judged, part != judged
        threshold = best_threshold(crops.scores[outside], crops.defective[outside])
        right[inside] = (crops.scores[inside] >= threshold) == crops.defective[inside]
    return right


def best_threshold(scores: Floats, defective: NDArray[np.bool_]) -> float:
    """The score, or the middle between two, that tells most crops rightly when scores at it are defective."""
    ordered = np.argsort(scores, axis=None)
    values, truth = scores.reshape(-1)[ordered], defective.reshape(-1)[ordered]
    # Cut before item i: items below are called clean, the others defective.
    right = np.concatenate([[0], np.cumsum(~truth)]) + np.concatenate([np.cumsum(truth[::-1])[::-1], [0]])
    padded = np.concatenate([[values[0] - 1], values, [values[-1] + 1]])
    possible = padded[1:] > padded[:-1]  # no threshold separates equal scores
    cut_at = int(np.where(possible, right, -1).argmax())
    return float((padded[cut_at] + padded[cut_at + 1]) / 2)


def _parts(pixels: NDArray[np.uint8], spec: InputSpec) -> list[NDArray[np.uint8]]:
    width = CROP_WIDTH_PX // spec.reduce
    return [
        np.ascontiguousarray(pixels[:, at : at + width])
        for at in range(0, pixels.shape[1] - width + 1, width)
    ]


def _holds_defect(frame: JudgedFrame, spec: InputSpec) -> list[bool]:
    starts = range(0, spec.width_px - CROP_WIDTH_PX + 1, CROP_WIDTH_PX)
    return [any(bool(m[:, at : at + CROP_WIDTH_PX].any()) for m in frame.masks.values()) for at in starts]
