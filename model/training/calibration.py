"""Thresholds from held-out frames: the gate's for recall first, the masks' against false masks."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from model.card import Card
from model.inspector import FrameResult
from model.regions import RegionFinder
from model.training.evaluation import JudgedFrame

MISS_SHARE = 0.02
"""Of held-out defective frames, how many the gate may stop."""

THRESHOLDS = tuple(round(0.3 + 0.05 * step, 2) for step in range(10))
"""Up to .75: with .9 allowed, rarer classes buy silence with defects (cross-fitted Dice .633 -> .620)."""

LEAST_AREAS_PX = (0, 100, 200, 400, 600, 800, 1000, 1500, 2000)

LARGEST_LEAST_AREAS_PX = (600, 600, 1000, 2000)
"""By class, near the 2 % quantiles of true areas (548/715/1146/2959 px). Without it, mean Dice with empty
= 1 buys silence with true defects: class 1's rose to 1500 px and its positive Dice fell from .53 to .42."""

CLEAN_WEIGHT = 3.0
"""A clean frame that passes the gate counts as several defective ones: on a line it stands for far more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RawOutputs:
    """What the exported graphs say. scores: (n,) float32. probabilities: (n, classes, h/4, w/4) float32."""

    scores: NDArray[np.float32]
    probabilities: NDArray[np.float32]

    def take(self, chosen: NDArray[np.intp]) -> RawOutputs:
        """The outputs of some frames."""
        return RawOutputs(scores=self.scores[chosen], probabilities=self.probabilities[chosen])


def gate_threshold(defective_scores: Sequence[float], miss_share: float = MISS_SHARE) -> float:
    """The highest threshold that misses at most that share: halfway from the last score it stops to the next.

    Raises ValueError when there are no frames.
    """
    scores = np.sort(np.asarray(defective_scores, dtype=np.float64))
    if not scores.size:
        raise ValueError("a gate cannot be calibrated without defective frames")
    allowed = math.floor(miss_share * scores.size)
    below = scores[allowed - 1] if allowed else 0.0
    return float((below + scores[allowed]) / 2)


def calibrate(card: Card, outputs: RawOutputs, frames: Sequence[JudgedFrame]) -> Card:
    """The card with thresholds and least areas chosen on these frames."""
    defective = [s for s, f in zip(outputs.scores, frames, strict=True) if f.truth != "clean"]
    threshold = gate_threshold(defective)
    kept = [
        i
        for i, f in enumerate(frames)
        if f.truth == "mask" or (f.truth == "clean" and outputs.scores[i] >= threshold)
    ]
    weights = np.array([CLEAN_WEIGHT if frames[i].truth == "clean" else 1.0 for i in kept])
    planes = outputs.probabilities[kept]
    chosen = [
        _choose(planes[:, c - 1], [frames[i].masks.get(c) for i in kept], weights, largest, card)
        for c, largest in enumerate(LARGEST_LEAST_AREAS_PX, start=1)
    ]
    segmenter = card.segmenter.model_copy(
        update={"thresholds": tuple(t for t, _ in chosen), "min_area_px": tuple(a for _, a in chosen)}
    )
    gate = card.gate.model_copy(update={"threshold": threshold})
    return card.model_copy(update={"gate": gate, "segmenter": segmenter})


def _choose(
    planes: NDArray[np.float32],
    truths: list[NDArray[np.bool_] | None],
    weights: NDArray[np.float64],
    largest_least_px: int,
    card: Card,
) -> tuple[float, int]:
    """Threshold and least area of one class with the best weighted mean Dice (empty = 1)."""
    size = (card.input.width_px, card.input.height_px)
    found_px = np.zeros((len(truths), len(THRESHOLDS)))
    shared_px = np.zeros_like(found_px)
    true_px = np.array([0 if t is None else int(t.sum()) for t in truths])[:, None]
    for i, (plane, truth) in enumerate(zip(planes, truths, strict=True)):
        full = cv2.resize(np.ascontiguousarray(plane), size, interpolation=cv2.INTER_LINEAR)
        for t, threshold in enumerate(THRESHOLDS):
            mask = full >= threshold
            found_px[i, t] = np.count_nonzero(mask)
            shared_px[i, t] = 0 if truth is None else np.count_nonzero(mask & truth)
    best = (-1.0, 0.5, 0)
    for least in (area for area in LEAST_AREAS_PX if area <= largest_least_px):
        kept = found_px >= least
        total = found_px * kept + true_px
        dice = np.where(total == 0, 1.0, 2 * shared_px * kept / np.maximum(total, 1))
        by_threshold = np.average(dice, axis=0, weights=weights)
        t = int(by_threshold.argmax())
        if by_threshold[t] > best[0] + 1e-4:
            best = (float(by_threshold[t]), THRESHOLDS[t], least)
    return best[1], best[2]


def results_from(card: Card, outputs: RawOutputs) -> list[FrameResult]:
    """What an inspector with this card would answer, from outputs that are already there."""
    finder = RegionFinder(card)
    results = []
    for score, probabilities in zip(outputs.scores, outputs.probabilities, strict=True):
        passed = float(score) >= card.gate.threshold
        regions = finder.find(probabilities) if passed else ()
        results.append(FrameResult(gate_score=float(score), defective=passed, regions=regions))
    return results


def cross_fitted(card: Card, outputs: RawOutputs, frames: Sequence[JudgedFrame]) -> list[FrameResult]:
    """Results of every frame under thresholds chosen on the other half: none is judged by its own choice."""
    half = np.zeros(len(frames), dtype=int)
    for truth in ("mask", "boxes", "clean"):
        of_truth = [i for i, f in enumerate(frames) if f.truth == truth]
        half[of_truth] = np.arange(len(of_truth)) % 2
    results: dict[int, FrameResult] = {}
    for side in (0, 1):
        judged, fitted = np.flatnonzero(half == side), np.flatnonzero(half != side)
        chosen = calibrate(card, outputs.take(fitted), [frames[i] for i in fitted.tolist()])
        results |= dict(zip(judged.tolist(), results_from(chosen, outputs.take(judged)), strict=True))
    return [results[i] for i in range(len(frames))]
