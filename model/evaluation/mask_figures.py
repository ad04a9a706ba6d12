"""How masks lie on truth at full size: Dice where there is a defect, the competition's mean, false masks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from model.evaluation.gate_figures import rounded, rounded_pair
from model.evaluation.intervals import Floats, GroupedSample, Statistic, bootstrap, exact_interval, ratio
from model.evaluation.judgement import FrameLabel, Judgement, sample_of


def judge_masks(
    judgements: Sequence[Judgement],
    labels: Sequence[FrameLabel],
    class_ids: Sequence[int],
    clean_share: float | None = None,
) -> dict[str, Any]:
    """All mask figures of one setting, over frames whose masks are known or that are clean.

    `clean_share` adds the competition's mean as it would be were clean frames that share of all.
    """
    known = [i for i, judgement in enumerate(judgements) if judgement.overlaps is not None]
    judgements, labels = [judgements[i] for i in known], [labels[i] for i in known]
    sample = sample_of(labels)
    dice, there = _table(judgements, class_ids)
    figures: dict[str, Any] = {
        "frames": len(labels),
        "positive_dice": _positive(dice, there, sample)
        | {
            "by_class": {
                str(c): _positive(dice[:, [k]], there[:, [k]], sample) for k, c in enumerate(class_ids)
            }
        },
        "competition": _competition(dice, there, np.ones(len(labels)), sample),
        "competition_reweighted": None,
        "false_on_clean": _false_on_clean(judgements, labels, class_ids),
    }
    if clean_share is not None:
        clean = np.array([label.truth == "clean" for label in labels])
        weights = np.where(
            clean, clean_share / max(1, clean.sum()), (1 - clean_share) / max(1, (~clean).sum())
        )
        figures["competition_reweighted"] = {
            "clean_share": rounded(clean_share),
            **_competition(dice, there, weights * len(labels), sample),
        }
    return figures


def _table(judgements: Sequence[Judgement], class_ids: Sequence[int]) -> tuple[Floats, Floats]:
    """Two (frames, classes): Dice with empty = 1, and 1 where the class is truly there."""
    dice, there = np.ones((len(judgements), len(class_ids))), np.zeros((len(judgements), len(class_ids)))
    for i, judgement in enumerate(judgements):
        overlaps = judgement.overlaps or {}
        dice[i] = [overlaps[c].dice for c in class_ids]
        there[i] = [overlaps[c].true_px > 0 for c in class_ids]
    return dice, there


def _positive(dice: Floats, there: Floats, sample: GroupedSample) -> dict[str, Any]:
    """Mean Dice over (frame, class) pairs that are truly there; a frame that the gate stops counts 0."""
    n = int(there.sum())
    if not n:
        return {"n": 0, "mean": None, "interval_95": None}
    mean = ratio((dice * there).sum(axis=1), there.sum(axis=1))
    return {
        "n": n,
        "mean": rounded(float((dice * there).sum() / n)),
        "interval_95": rounded_pair(bootstrap(mean, sample)),
    }


def _competition(dice: Floats, there: Floats, weights: Floats, sample: GroupedSample) -> dict[str, Any]:
    """Mean Dice over all pairs with empty = 1, what all-empty masks would get, and the skill above that."""
    classes = dice.shape[1]
    mean = float(np.average(dice.mean(axis=1), weights=weights))
    floor = float(np.average(1 - there.mean(axis=1), weights=weights))
    skill = _skill(weights * dice.mean(axis=1), weights * (1 - there.mean(axis=1)), weights)
    return {
        "pairs": len(dice) * classes,
        "mean_dice": rounded(mean),
        "interval_95": rounded_pair(bootstrap(ratio(weights * dice.mean(axis=1), weights), sample)),
        "all_empty": rounded(floor),
        "skill": rounded((mean - floor) / (1 - floor)) if floor < 1 else None,
        "skill_95": rounded_pair(bootstrap(skill, sample)),
    }


def _skill(score: Floats, floor: Floats, total: Floats) -> Statistic:
    """(S - floor) / (1 - floor), the floor drawn again with the frames."""
    return ratio(score - floor, total - floor)


def _false_on_clean(
    judgements: Sequence[Judgement], labels: Sequence[FrameLabel], class_ids: Sequence[int]
) -> dict[str, Any]:
    clean = [j for j, label in zip(judgements, labels, strict=True) if label.truth == "clean"]
    any_class = sum(bool(j.found_classes) for j in clean)
    return {
        "clean": len(clean),
        "with_masks": any_class,
        "with_masks_share_95": rounded_pair(exact_interval(any_class, len(clean))) if clean else None,
        "by_class": {str(c): sum(c in j.found_classes for j in clean) for c in class_ids},
    }
