"""Figures for a card, each with its sample: how the gate separates, how masks lie on truth at full size."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.inspector import FrameResult
from model.regions import class_masks
from model.training.frames import CLASS_COUNT, JudgedFrame

CONFIDENCE = 0.95


def roc_auc(defective: Sequence[float], clean: Sequence[float]) -> float:
    """Probability that a defective frame scores above a clean one, ties counted half (Mann-Whitney)."""
    high, low = np.asarray(defective)[:, None], np.asarray(clean)[None, :]
    return float((high > low).mean() + 0.5 * (high == low).mean())


def exact_interval(hits: int, n: int, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """The two-sided Clopper-Pearson interval of a share (Clopper and Pearson, Biometrika 1934)."""
    tail = (1 - confidence) / 2
    low = 0.0 if hits == 0 else _solve(lambda p: 1 - binomial_cdf(hits - 1, n, p), tail)
    high = 1.0 if hits == n else _solve(lambda p: 1 - binomial_cdf(hits, n, p), 1 - tail)
    return low, high


def binomial_cdf(hits: int, n: int, share: float) -> float:
    """P(X <= hits) of a Binomial(n, share)."""
    return float(sum(math.comb(n, k) * share**k * (1 - share) ** (n - k) for k in range(hits + 1)))


def dice(found: NDArray[np.bool_] | None, truth: NDArray[np.bool_]) -> float:
    """2|A∩B| / (|A|+|B|) of two (H, W) masks; `found` None is empty. `truth` must not be empty."""
    if found is None:
        return 0.0
    return 2 * int((found & truth).sum()) / (int(found.sum()) + int(truth.sum()))


def judge(results: Sequence[FrameResult], frames: Sequence[JudgedFrame]) -> dict[str, Any]:
    """All figures of one run over held-out frames, through gate and segmenter as the line runs them."""
    pairs = list(zip(results, frames, strict=True))
    return {"gate": _judge_gate(pairs), "masks": _judge_masks(pairs)}


def _judge_gate(pairs: Sequence[tuple[FrameResult, JudgedFrame]]) -> dict[str, Any]:
    defective = [r for r, f in pairs if f.truth != "clean"]
    clean = [r for r, f in pairs if f.truth == "clean"]
    missed = sum(not r.defective for r in defective)
    passed = sum(r.defective for r in clean)
    return {
        "auc": round(roc_auc([r.gate_score for r in defective], [r.gate_score for r in clean]), 4),
        "defective_frames": len(defective),
        "defective_missed": missed,
        "miss_share": round(missed / len(defective), 4),
        "miss_share_95": _rounded(exact_interval(missed, len(defective))),
        "clean_frames": len(clean),
        "clean_passed_on": passed,
        "clean_stopped_share": round(1 - passed / len(clean), 4),
        "clean_stopped_share_95": _rounded(exact_interval(len(clean) - passed, len(clean))),
    }


def _judge_masks(pairs: Sequence[tuple[FrameResult, JudgedFrame]]) -> dict[str, Any]:
    positive: dict[int, list[float]] = {c: [] for c in range(1, CLASS_COUNT + 1)}
    overall: list[float] = []
    false_on_clean: dict[int, int] = dict.fromkeys(positive, 0)
    for result, frame in pairs:
        if frame.truth == "boxes":
            continue
        shape = next(iter(frame.masks.values())).shape if frame.masks else (256, 1600)
        found = class_masks(result.regions, *shape)
        for class_id in positive:
            if class_id in frame.masks:
                positive[class_id].append(dice(found.get(class_id), frame.masks[class_id]))
                overall.append(positive[class_id][-1])
            else:
                overall.append(float(class_id not in found))
                false_on_clean[class_id] += frame.truth == "clean" and class_id in found
    floor = 1 - sum(len(v) for v in positive.values()) / len(overall)
    score = float(np.mean(overall))
    return {
        "size": "256x1600",
        "positive_dice_by_class": {str(c): _mean(v) for c, v in positive.items()},
        "positive_pairs_by_class": {str(c): len(v) for c, v in positive.items()},
        "positive_dice": _mean([d for v in positive.values() for d in v]),
        "dice_with_empty_as_1": round(score, 4),
        "dice_of_silence": round(floor, 4),
        "skill": round((score - floor) / (1 - floor), 4) if floor < 1 else None,
        "pairs": len(overall),
        "clean_frames_with_mask_by_class": {str(c): n for c, n in false_on_clean.items()},
    }


def _mean(values: Sequence[float]) -> float | None:
    return round(float(np.mean(values)), 4) if values else None


def _rounded(interval: tuple[float, float]) -> list[float]:
    return [round(bound, 4) for bound in interval]


def _solve(rising: Any, target: float) -> float:
    """The share at which a rising function of it reaches `target`, by bisection."""
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if rising(middle) < target else (low, middle)
    return (low + high) / 2
