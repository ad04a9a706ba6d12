"""Several bundles, each on the fold that it held out, put together: every figure of an evaluation."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import Any, Final

import numpy as np

from model.card import DefectClass
from model.evaluation.anchors import Anchors, described
from model.evaluation.crops import PARTS as CROP_PARTS
from model.evaluation.crops import judge_crops
from model.evaluation.gate_figures import Scores, judge_auc, judge_point, judge_reliability
from model.evaluation.held_out import NO_GATE, PARTS, HeldOut, Setting
from model.evaluation.intervals import REPEATS
from model.evaluation.judgement import FrameLabel, Judgement
from model.evaluation.mask_figures import judge_masks
from model.evaluation.region_figures import judge_regions

FORMAT_VERSION: Final = 1

CROSS_FITTED = (
    f"Each fold is cut in {PARTS} parts, near-duplicates in one part; every frame is judged under thresholds "
    f"chosen on the other {PARTS - 1} parts of its fold, so none has a say in its own."
)
AS_SHIPPED = (
    "The thresholds in the bundle, which were chosen on all frames of the held-out fold: these figures are "
    "what the bundle does on them, not what it will do on others."
)
INTERVALS = (
    f"95 % intervals. Shares of frames: Clopper-Pearson for what is missed, Wilson for the rest; everything "
    f"else: BCa bootstrap, {REPEATS} resamples of whole groups of near-duplicates within fold and truth."
)
CROPS = (
    f"A frame is cut into crops 320 px wide; a crop is defective when it holds any mask pixel, and its score "
    f"is the gate's highest within it, seen alone. Thresholds are chosen "
    f"on {CROP_PARTS - 1} of {CROP_PARTS} parts."
)


def evaluate(
    folds: Sequence[HeldOut], classes: Sequence[DefectClass], anchors: Anchors | None
) -> dict[str, Any]:
    """All figures of one preset, ready for JSON. `folds` are of different folds and of the same classes."""
    labels = pooled_labels(folds)
    scores = pooled_scores(folds)
    class_ids = [kind.class_id for kind in classes]
    clean_share = None if anchors is None else anchors.clean_share
    points = sorted({s.point for s in folds[0].judged if s != NO_GATE}, reverse=True)
    truths = [label.truth for label in labels]
    masks = {
        point: {
            how: judge_masks(pooled(folds, Setting(point, how)), labels, class_ids, clean_share)
            for how in ("cross_fitted", "as_shipped")
        }
        for point in points
    }
    crops = [fold.crops for fold in folds if fold.crops is not None]
    return {
        "format_version": FORMAT_VERSION,
        "classes": [{"class_id": kind.class_id, "name": kind.name} for kind in classes],
        "bundles": [fold.described for fold in folds],
        "frames": {
            "total": len(labels),
            "by_truth": {truth: truths.count(truth) for truth in ("mask", "boxes", "clean")},
            "groups": len({label.group for label in labels}),
            "folds": sorted({label.fold for label in labels}),
        },
        "says": {
            "cross_fitted": CROSS_FITTED,
            "as_shipped": AS_SHIPPED,
            "intervals": INTERVALS,
            "crops": CROPS,
        },
        "gate": _gate(folds, scores, points, anchors),
        "masks": masks | {NO_GATE.point: judge_masks(pooled(folds, NO_GATE), labels, class_ids, clean_share)},
        "regions": {
            point: judge_regions(pooled(folds, Setting(point, "cross_fitted")), labels, class_ids)
            for point in points
        },
        "crops": judge_crops(crops) if len(crops) == len(folds) else None,
        "anchors": None if anchors is None else described(anchors),
    }


def pooled_labels(folds: Sequence[HeldOut]) -> tuple[FrameLabel, ...]:
    """The frames of all folds."""
    return tuple(chain.from_iterable(fold.labels for fold in folds))


def pooled_scores(folds: Sequence[HeldOut]) -> Scores:
    """The gate's scores of all folds."""
    return Scores(labels=pooled_labels(folds), values=np.concatenate([fold.scores for fold in folds]))


def pooled(folds: Sequence[HeldOut], setting: Setting) -> tuple[Judgement, ...]:
    """The judgements of all folds under one setting."""
    return tuple(chain.from_iterable(fold.judged[setting] for fold in folds))


def _gate(
    folds: Sequence[HeldOut], scores: Scores, points: Sequence[str], anchors: Anchors | None
) -> dict[str, Any]:
    passed = {
        point: {
            how: np.array([j.passed for j in pooled(folds, Setting(point, how))])
            for how in ("cross_fitted", "as_shipped")
        }
        for point in points
    }
    doubtful = () if anchors is None else anchors.doubtful_clean
    kept = [label.image_id not in doubtful for label in scores.labels]
    judged: dict[str, Any] = {
        "auc": judge_auc(scores),
        "points": {
            point: {how: judge_point(one, scores.defective) for how, one in sides.items()}
            for point, sides in passed.items()
        },
        "reliability": judge_reliability(scores),
        "reliability_reweighted": None if anchors is None else judge_reliability(scores, anchors.clean_share),
        "without_doubtful": None,
    }
    if not all(kept):
        others = scores.without(doubtful)
        judged["without_doubtful"] = {
            "image_ids": [label.image_id for label in scores.labels if label.image_id in doubtful],
            "auc": judge_auc(others),
            "points": {
                point: judge_point(sides["cross_fitted"][kept], others.defective)
                for point, sides in passed.items()
            },
        }
    return judged
