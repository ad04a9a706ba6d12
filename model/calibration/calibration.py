"""Operating points from held-out frames, chosen on the outputs of the graphs that will run.

`plant` keeps a bound on missed frames at a stated confidence; its masks are tuned for the Dice of true
defects. `kaggle` has the best mean Dice of the competition (1 where mask and truth are empty) over gate and
masks together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from model.calibration.mask_counts import MaskCounts, count_masks
from model.calibration.mask_rules import FALSE_MASK_COST, choose_kaggle, choose_masks
from model.calibration.miss_bound import GateChoice, MissBound, choose_threshold
from model.card import KAGGLE, PLANT, Card, InputSpec, OperatingPoint
from model.frames.frames import JudgedFrame
from model.inspector import FrameResult
from model.regions import RegionFinder

CROSS_FITS: Final = 5
"""Parts for cross-fitting: each is judged with thresholds chosen on the other four."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RawOutputs:
    """What one preset's graphs say of n frames, before any threshold.

    scores: (n,) float32. probabilities: (n, classes, h/4, w/4) float32.
    """

    scores: NDArray[np.float32]
    probabilities: NDArray[np.float32]

    def take(self, chosen: NDArray[np.intp]) -> RawOutputs:
        """The outputs of some frames."""
        return RawOutputs(scores=self.scores[chosen], probabilities=self.probabilities[chosen])


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sample:
    """Held-out frames, counted. counts: of those whose masks are known (`masked`), in their order."""

    scores: NDArray[np.float32]
    truths: NDArray[np.str_]
    counts: MaskCounts

    @property
    def defective(self) -> NDArray[np.bool_]:
        return np.asarray(self.truths != "clean")

    @property
    def masked(self) -> NDArray[np.bool_]:
        """A clean frame has no masks, and that is known."""
        return np.asarray(self.truths != "boxes")

    def take(self, chosen: NDArray[np.intp]) -> _Sample:
        place = np.cumsum(self.masked) - 1
        return _Sample(
            scores=self.scores[chosen],
            truths=self.truths[chosen],
            counts=self.counts.take(place[chosen[self.masked[chosen]]]),
        )


def choose_points(
    outputs: RawOutputs,
    frames: Sequence[JudgedFrame],
    spec: InputSpec,
    bound: MissBound,
    *,
    where: str = "",
    strict: bool = True,
) -> dict[str, OperatingPoint]:
    """Both operating points of a preset, by name, chosen on all of these frames; `where` says which they are.

    Raises TooFewFrames when they cannot show the bound; unless `strict`, none may then be missed instead.
    """
    return _points(_sample(outputs, frames, spec), bound, where, strict)


def cross_fitted(
    outputs: RawOutputs,
    frames: Sequence[JudgedFrame],
    card: Card,
    bound: MissBound,
    part: NDArray[np.integer] | None = None,
) -> dict[str, list[FrameResult]]:
    """Results by operating point; no frame is judged by thresholds that were chosen on it.

    part: (n,) the part of each frame, which are judged together; without it five, stratified by truth. The
    other parts' frames may allow fewer misses than all of them.
    """
    sample = _sample(outputs, frames, card.input)
    part = _parts(sample.truths) if part is None else part
    results: dict[str, dict[int, FrameResult]] = {PLANT: {}, KAGGLE: {}}
    for number in np.unique(part):
        fitted, judged = np.flatnonzero(part != number), np.flatnonzero(part == number)
        points = _points(sample.take(fitted), bound, "", strict=False)
        for name, of_point in results.items():
            found = results_from(card, points[name], outputs.scores[judged], outputs.probabilities[judged])
            of_point |= dict(zip(judged.tolist(), found, strict=True))
    return {name: [found[i] for i in range(len(frames))] for name, found in results.items()}


def results_from(
    card: Card, point: OperatingPoint, scores: NDArray[np.float32], probabilities: NDArray[np.floating]
) -> list[FrameResult]:
    """What an inspector at this operating point would answer, from outputs that are already there.

    scores: (n,); probabilities: (n, classes, h, w).
    """
    finder = RegionFinder(card.input, [kind.class_id for kind in card.classes], point.masks)
    results = []
    for score, planes in zip(scores, probabilities, strict=True):
        passed = float(score) >= point.gate_threshold
        regions = finder.find(planes.astype(np.float32, copy=False)) if passed else ()
        results.append(FrameResult(gate_score=float(score), defective=passed, regions=regions))
    return results


def _sample(outputs: RawOutputs, frames: Sequence[JudgedFrame], spec: InputSpec) -> _Sample:
    known = [i for i, frame in enumerate(frames) if frame.truth != "boxes"]
    return _Sample(
        scores=outputs.scores,
        truths=np.array([frame.truth for frame in frames], np.str_),
        counts=count_masks(outputs.probabilities[known], [frames[i] for i in known], spec),
    )


def _points(sample: _Sample, bound: MissBound, where: str, strict: bool) -> dict[str, OperatingPoint]:
    defective = sample.scores[sample.defective]
    gate = choose_threshold(defective, bound, strict=strict)
    scores = sample.scores[sample.masked]
    masks = choose_masks(sample.counts.take(np.flatnonzero(scores >= gate.threshold)))
    kaggle = choose_kaggle(sample.counts, scores, ~sample.defective[sample.masked])
    truths = sample.truths.tolist()
    frames = {"frames": where, "by_truth": {t: truths.count(t) for t in ("mask", "boxes", "clean")}}
    for_kaggle = {
        "for": "the competition's mean Dice over frames and classes, empty = 1",
        "clean_weight": round(kaggle.clean_weight, 3),
        "mean_dice": round(kaggle.mean_dice, 4),
    }
    return {
        PLANT: OperatingPoint(
            gate_threshold=gate.threshold, masks=masks, chosen=frames | _chosen(sample, gate, bound)
        ),
        KAGGLE: OperatingPoint(
            gate_threshold=kaggle.gate_threshold, masks=kaggle.masks, chosen=frames | for_kaggle
        ),
    }


def _chosen(sample: _Sample, gate: GateChoice, bound: MissBound) -> dict[str, Any]:
    clean = sample.scores[~sample.defective]
    return {
        "for": f"at most {bound.share:.3g} of defective frames missed, at {bound.confidence:.0%} confidence",
        "miss_bound": bound.share,
        "confidence": bound.confidence,
        "defective_frames": gate.frames,
        "allowed_misses": gate.allowed,
        "missed": gate.missed,
        "miss_share_bounded_by": round(gate.bounded_share, 5),
        "clean_frames": int(clean.size),
        "clean_passed_on": int((clean >= gate.threshold).sum()),
        "masks_for": f"Dice of true defects on frames that pass; a false mask costs {FALSE_MASK_COST:g}",
    }


def _parts(truths: NDArray[np.str_]) -> NDArray[np.intp]:
    """(n,) which part a frame belongs to: each part has its share of every truth."""
    part = np.zeros(len(truths), np.intp)
    random = np.random.default_rng(0)
    for truth in np.unique(truths):
        members = random.permutation(np.flatnonzero(truths == truth))
        part[members] = np.arange(members.size) % CROSS_FITS
    return part
