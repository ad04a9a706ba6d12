"""How the gate separates: AUC, what operating points miss and reject, whether scores are probabilities."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.evaluation.intervals import (
    Floats,
    Interval,
    Statistic,
    bootstrap,
    delong,
    exact_interval,
    order,
    upper_bound,
    wilson,
)
from model.evaluation.judgement import FrameLabel, sample_of

BINS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Scores:
    """The gate's scores of n held-out frames, one network a fold. Arrays are (n,)."""

    labels: tuple[FrameLabel, ...]
    values: Floats

    @property
    def defective(self) -> NDArray[np.bool_]:
        """Which frames are."""
        return np.array([label.truth != "clean" for label in self.labels], np.bool_)

    @property
    def folds(self) -> NDArray[np.int64]:
        """Whose network scored a frame."""
        return np.array([label.fold for label in self.labels], np.int64)

    def without(self, image_ids: Collection[str]) -> Scores:
        """The same but for some frames."""
        kept = [i for i, label in enumerate(self.labels) if label.image_id not in image_ids]
        return Scores(labels=tuple(self.labels[i] for i in kept), values=self.values[kept])

    @property
    def pairs(self) -> Floats:
        """(defective, clean): 1 where the defective frame scores higher, .5 for ties; NaN across folds."""
        high, low = self.defective, ~self.defective
        same = self.folds[high][:, None] == self.folds[low][None, :]
        return np.where(same, order(self.values[high], self.values[low]), np.nan)


def judge_auc(scores: Scores) -> dict[str, Any]:
    """AUC over the pairs that one network has scored, with a bootstrap interval; also pooled and by fold.

    A threshold belongs to one network, so a frame is compared only with frames that the same network scored.
    """
    pairs = scores.pairs
    high, low = scores.values[scores.defective], scores.values[~scores.defective]
    by_fold = {
        str(fold): rounded(float(np.nanmean(pairs[scores.folds[scores.defective] == fold])))
        for fold in np.unique(scores.folds)
    }
    return {
        "value": rounded(float(np.nanmean(pairs))),
        "interval_95": rounded_pair(bootstrap(_auc_of(scores), sample_of(scores.labels))),
        "pooled": rounded(float(order(high, low).mean())),
        "pooled_delong_95": rounded_pair(delong(high, low) if min(len(high), len(low)) > 1 else None),
        "by_fold": by_fold,
        "defective": int(scores.defective.sum()),
        "clean": int((~scores.defective).sum()),
    }


def judge_point(passed: NDArray[np.bool_], defective: NDArray[np.bool_]) -> dict[str, Any]:
    """What one operating point misses of the defective frames and rejects of the clean ones."""
    missed, n = int((~passed & defective).sum()), int(defective.sum())
    rejected, clean = int((~passed & ~defective).sum()), int((~defective).sum())
    return {
        "defective": n,
        "missed": missed,
        "miss_share": rounded(missed / n),
        "miss_share_95": rounded_pair(exact_interval(missed, n)),
        "miss_share_below_95": rounded(upper_bound(missed, n)),
        "clean": clean,
        "clean_rejected": rejected,
        "clean_rejected_share": rounded(rejected / clean),
        "clean_rejected_share_95": rounded_pair(wilson(rejected, clean)),
    }


def judge_reliability(scores: Scores, clean_share: float | None = None) -> dict[str, Any]:
    """How often frames of a score are defective, in tenths of the score, and the expected calibration error.

    `clean_share` weighs clean frames as if they were that share of all frames: here they are few.
    """
    weights = np.ones(len(scores.values))
    if clean_share is not None:
        shares = np.where(scores.defective, 1 - clean_share, clean_share)
        counts = np.where(scores.defective, scores.defective.sum(), (~scores.defective).sum())
        weights = shares / counts * len(weights)
    tenth = np.minimum((scores.values * BINS).astype(int), BINS - 1)
    bins = [_bin(b, tenth == b, scores, weights) for b in range(BINS) if (tenth == b).any()]
    total = sum(b["weight"] for b in bins)
    error = sum(b["weight"] * abs(b["mean_score"] - b["defective_share"]) for b in bins) / total
    return {"ece": rounded(error), "clean_share": rounded(clean_share), "bins": bins}


def _bin(b: int, inside: NDArray[np.bool_], scores: Scores, weights: Floats) -> dict[str, Any]:
    n, hits, weight = int(inside.sum()), int(scores.defective[inside].sum()), float(weights[inside].sum())
    return {
        "from": b / BINS,
        "to": (b + 1) / BINS,
        "n": n,
        "defective": hits,
        "weight": rounded(weight),
        "mean_score": rounded(float(np.average(scores.values[inside], weights=weights[inside]))),
        "defective_share": rounded(float(weights[inside & scores.defective].sum()) / weight),
        "defective_share_95": rounded_pair(wilson(hits, n)),
    }


def curve(scores: Scores) -> tuple[Floats, Floats]:
    """(thresholds + 1,) shares of clean frames passed on and of defective ones passed on, rising together."""
    thresholds = np.concatenate([[np.inf], np.unique(scores.values)[::-1]])
    clean, defective = np.sort(scores.values[~scores.defective]), np.sort(scores.values[scores.defective])
    return _at_least(clean, thresholds), _at_least(defective, thresholds)


def _at_least(ordered: Floats, thresholds: Floats) -> Floats:
    return 1 - np.searchsorted(ordered, thresholds, side="left") / len(ordered)


def _auc_of(scores: Scores) -> Statistic:
    pairs = scores.pairs
    known = np.isfinite(pairs).astype(np.float64)
    ordered = np.nan_to_num(pairs)

    def statistic(weights: Floats) -> Floats:
        high, low = weights[:, scores.defective], weights[:, ~scores.defective]
        counted = ((high @ known) * low).sum(axis=1)
        above = ((high @ ordered) * low).sum(axis=1)
        areas: Floats = np.divide(above, counted, out=np.full(len(weights), np.nan), where=counted > 0)
        return areas

    return statistic


def rounded(value: float | None) -> float | None:
    """To four places, which is more than any sample here can tell."""
    return None if value is None else round(float(value), 4)


def rounded_pair(interval: Interval | Sequence[float] | None) -> list[float] | None:
    """An interval for JSON."""
    return None if interval is None else [round(float(bound), 4) for bound in interval]
