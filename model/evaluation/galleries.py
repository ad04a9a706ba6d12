"""Which frames a person should look at: the best, the worst, the missed, the false."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from model.evaluation.evaluation import pooled, pooled_labels
from model.evaluation.gate_figures import rounded
from model.evaluation.held_out import HeldOut, Setting
from model.evaluation.judgement import FrameLabel, Judgement
from model.inspector import FrameResult

SHOWN: Final = 8
"""Of each gallery: enough to see a pattern, few enough to look at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One frame of a gallery."""

    label: FrameLabel
    judgement: Judgement
    result: FrameResult

    def described(self) -> dict[str, Any]:
        """For JSON: what a caption says."""
        overlaps = self.judgement.overlaps or {}
        return {
            "image_id": self.label.image_id,
            "fold": self.label.fold,
            "truth": self.label.truth,
            "gate_score": rounded(self.judgement.gate_score),
            "passed": self.judgement.passed,
            "dice_by_class": {str(c): rounded(o.dice) for c, o in overlaps.items() if o.true_px},
            "false_classes": [c for c, o in overlaps.items() if o.found_px and not o.true_px],
        }


def choose_galleries(folds: Sequence[HeldOut], point: str) -> dict[str, list[Shown]]:
    """Up to SHOWN frames each, cross-fitted: best (some of each class), worst, missed, false."""
    setting = Setting(point, "cross_fitted")
    results = [result for fold in folds for result in fold.results[setting]]
    every = [
        Shown(label=label, judgement=judgement, result=result)
        for label, judgement, result in zip(
            pooled_labels(folds), pooled(folds, setting), results, strict=True
        )
    ]
    found = [s for s in every if s.label.truth == "mask" and s.judgement.passed]
    return {
        "best": _best_by_class(found),
        "worst": sorted(found, key=_dice)[:SHOWN],
        "missed": sorted(
            (s for s in every if s.label.truth != "clean" and not s.judgement.passed), key=_gate_score
        )[:SHOWN],
        "false": sorted(
            (s for s in every if s.label.truth == "clean" and s.judgement.passed),
            key=lambda s: (not s.judgement.found_classes, -_gate_score(s)),
        )[:SHOWN],
    }


def _best_by_class(found: Sequence[Shown]) -> list[Shown]:
    """The best of each class in turn: the largest class would fill the gallery."""
    classes = sorted({c for s in found for c in _true_classes(s)})
    each = max(1, SHOWN // max(1, len(classes)))
    chosen: list[Shown] = []
    for class_id in classes:
        ranked = sorted((s for s in found if class_id in _true_classes(s)), key=_dice, reverse=True)
        chosen += [s for s in ranked if s not in chosen][:each]
    return chosen[:SHOWN]


def _true_classes(shown: Shown) -> set[int]:
    return {c for c, overlap in (shown.judgement.overlaps or {}).items() if overlap.true_px}


def _dice(shown: Shown) -> float:
    return shown.judgement.positive_dice or 0.0


def _gate_score(shown: Shown) -> float:
    return shown.judgement.gate_score
