"""What int8 costs: the same held-out frames through fp32 and int8 graphs, under the same thresholds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import numpy as np

from model.calibration.calibration import RawOutputs
from model.calibration.mask_counts import MaskCounts, count_masks
from model.card import InputSpec, MaskRule
from model.evaluation.intervals import roc_auc
from model.frames.frames import JudgedFrame

TOLERATED: Final = 0.005
"""Of AUC and of Dice; above it int8 is worth a second look."""


def measure_drop(
    fp32: Mapping[str, RawOutputs],
    int8: Mapping[str, RawOutputs],
    frames: Sequence[JudgedFrame],
    spec: InputSpec,
    rules: Sequence[MaskRule],
) -> dict[str, Any]:
    """AUC; Dice of true defects by class under `rules`, whatever the gate says. None without any."""
    known = [i for i, frame in enumerate(frames) if frame.truth != "boxes"]
    counted = {
        name: count_masks(of["segmenter"].probabilities[known], [frames[i] for i in known], spec)
        for name, of in (("fp32", fp32), ("int8", int8))
    }
    true = counted["int8"].true_px > 0
    return {
        "frames": len(frames),
        "auc": {n: {"fp32": _auc(fp32[n], frames), "int8": _auc(int8[n], frames)} for n in fp32},
        "positive_dice_by_class": {
            str(c + 1): {
                "pairs": int(true[:, c].sum()),
                **{name: _dice(counts, c, rule) for name, counts in counted.items()},
            }
            for c, rule in enumerate(rules)
        },
    }


def spelled(drop: Mapping[str, Any]) -> Iterator[str]:
    """One line for each figure, marked where int8 is worse by more than is tolerated."""
    figures = {f"AUC by the {network}": pair for network, pair in drop["auc"].items()}
    figures |= {
        f"Dice of class {c}, {pair['pairs']} pairs": pair
        for c, pair in drop["positive_dice_by_class"].items()
    }
    for name, pair in figures.items():
        if pair["fp32"] is None:
            continue
        change = pair["int8"] - pair["fp32"]
        mark = f"   more than {TOLERATED:g} lost" if change < -TOLERATED else ""
        yield f"{name}: fp32 {pair['fp32']:.4f}, int8 {pair['int8']:.4f} ({change:+.4f}){mark}"


def _auc(outputs: RawOutputs, frames: Sequence[JudgedFrame]) -> float | None:
    clean = np.array([frame.truth == "clean" for frame in frames])
    if clean.all() or not clean.any():
        return None
    return round(roc_auc(outputs.scores[~clean].tolist(), outputs.scores[clean].tolist()), 4)


def _dice(counts: MaskCounts, class_index: int, rule: MaskRule) -> float | None:
    true = counts.true_px[:, class_index] > 0
    return round(float(counts.dice(class_index, rule)[true].mean()), 4) if true.any() else None
