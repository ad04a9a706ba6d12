"""How far a figure can be trusted: intervals of shares, of an AUC, and of any figure by bootstrap.

Sources: Wilson, JASA 22, 1927; Clopper and Pearson, Biometrika 26, 1934; Efron, JASA 82, 1987 (BCa); DeLong,
DeLong and Clarke-Pearson, Biometrics 44, 1988.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

CONFIDENCE = 0.95
REPEATS = 2000

Interval = tuple[float, float]
Floats = NDArray[np.float64]
Statistic = Callable[[Floats], Floats]
"""(resamples, n) weights of n items -> (resamples,) values of a figure; NaN where a resample has none."""

_NORMAL = NormalDist()


def wilson(hits: int, n: int, confidence: float = CONFIDENCE) -> Interval:
    """Wilson's score interval of a share: near the stated coverage even for small n. Needs n > 0."""
    _check_share(hits, n)
    z = _NORMAL.inv_cdf((1 + confidence) / 2)
    share = hits / n
    middle = share + z * z / (2 * n)
    half = z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    low, high = (middle - half) / (1 + z * z / n), (middle + half) / (1 + z * z / n)
    return (0.0 if hits == 0 else low), (1.0 if hits == n else high)


def exact_interval(hits: int, n: int, confidence: float = CONFIDENCE) -> Interval:
    """The two-sided Clopper-Pearson interval of a share: never below the stated coverage."""
    _check_share(hits, n)
    tail = (1 - confidence) / 2
    low = 0.0 if hits == 0 else _solve(lambda p: 1 - binomial_cdf(hits - 1, n, p), tail)
    return low, _upper(hits, n, tail)


def upper_bound(hits: int, n: int, confidence: float = CONFIDENCE) -> float:
    """The one-sided Clopper-Pearson bound: with this confidence the share is not above it."""
    _check_share(hits, n)
    return _upper(hits, n, 1 - confidence)


def binomial_cdf(hits: int, n: int, share: float) -> float:
    """P(X <= hits) of a Binomial(n, share); in logarithms, as the coefficients of 1,030 trials overflow."""
    if share <= 0 or hits >= n:
        return 1.0
    if share >= 1:
        return 0.0
    log_p, log_q, whole = math.log(share), math.log1p(-share), math.lgamma(n + 1)
    terms = (
        math.exp(whole - math.lgamma(k + 1) - math.lgamma(n - k + 1) + k * log_p + (n - k) * log_q)
        for k in range(hits + 1)
    )
    return min(1.0, math.fsum(terms))


def roc_auc(defective: Sequence[float] | Floats, clean: Sequence[float] | Floats) -> float:
    """Probability that a defective frame scores above a clean one, ties counted half (Mann-Whitney)."""
    return float(order(defective, clean).mean())


def order(defective: Sequence[float] | Floats, clean: Sequence[float] | Floats) -> Floats:
    """(defective, clean) matrix: 1 where the defective frame scores higher, one half where they tie."""
    high, low = np.asarray(defective, np.float64)[:, None], np.asarray(clean, np.float64)[None, :]
    return np.asarray((high > low) + 0.5 * (high == low), np.float64)


def delong(
    defective: Sequence[float] | Floats, clean: Sequence[float] | Floats, confidence: float = CONFIDENCE
) -> Interval:
    """DeLong's interval of the AUC, cut at 0 and 1; it takes frames as independent. Needs two of each."""
    pairs = order(defective, clean)
    if min(pairs.shape) < 2:
        raise ValueError("DeLong's interval needs two defective and two clean frames")
    variance = sum(pairs.mean(axis=1 - a).var(ddof=1) / pairs.shape[a] for a in (0, 1))
    half = _NORMAL.inv_cdf((1 + confidence) / 2) * math.sqrt(variance)
    auc = float(pairs.mean())
    return max(0.0, auc - half), min(1.0, auc + half)


class GroupedSample:
    """Items that can be drawn again, whole groups at a time, so that near-duplicates stay together.

    Groups are drawn within strata, as many as there are: a resample keeps its folds and clean frames.
    """

    def __init__(self, groups: Sequence[str], strata: Sequence[object] | None = None) -> None:
        names, self._group_of = np.unique(np.asarray(groups, dtype=str), return_inverse=True)
        self.group_count = len(names)
        stated = [""] * len(groups) if strata is None else [repr(stratum) for stratum in strata]
        members: dict[str, list[int]] = {}
        for group, stratum in dict(zip(self._group_of.tolist(), stated, strict=True)).items():
            members.setdefault(stratum, []).append(group)
        self._strata = [np.array(group_list) for _, group_list in sorted(members.items())]
        self._drawn: dict[tuple[int, int], Floats] = {}

    def __len__(self) -> int:
        return len(self._group_of)

    def resampled(self, repeats: int = REPEATS, seed: int = 0) -> Floats:
        """(repeats, n): how often each item was drawn; the same for the same seed."""
        if (repeats, seed) not in self._drawn:  # a report asks for hundreds of intervals of one sample
            random = np.random.default_rng(seed)
            counts = np.zeros((repeats, self.group_count))
            for groups in self._strata:
                shares = np.full(len(groups), 1 / len(groups))
                counts[:, groups] = random.multinomial(len(groups), shares, size=repeats)
            self._drawn[repeats, seed] = counts[:, self._group_of]
        return self._drawn[repeats, seed]

    def left_out(self) -> Floats:
        """(groups, n): all items but one group's, for the jackknife."""
        return np.asarray(np.arange(self.group_count)[:, None] != self._group_of[None, :], np.float64)


def bootstrap(
    statistic: Statistic,
    sample: GroupedSample,
    *,
    confidence: float = CONFIDENCE,
    repeats: int = REPEATS,
    seed: int = 0,
) -> Interval | None:
    """The BCa interval of a figure, the percentile one where BCa is not defined; None without any value."""
    drawn = statistic(sample.resampled(repeats, seed))
    drawn = drawn[np.isfinite(drawn)]
    observed = float(statistic(np.ones((1, len(sample))))[0])
    if not drawn.size or not math.isfinite(observed):
        return None
    tails = _bca_tails(observed, drawn, statistic(sample.left_out()), confidence)
    low, high = np.quantile(drawn, tails or ((1 - confidence) / 2, (1 + confidence) / 2))
    return float(low), float(high)


def weighted_mean(values: Sequence[float] | Floats, within: Sequence[bool] | None = None) -> Statistic:
    """The mean of the items' values, of those `within` only when given, as a figure to bootstrap."""
    kept = np.ones(len(values)) if within is None else np.asarray(within, np.float64)
    amounts = np.where(kept > 0, np.asarray(values, np.float64), 0.0)
    return ratio(amounts * kept, kept)


def ratio(above: Sequence[float] | Floats, below: Sequence[float] | Floats) -> Statistic:
    """Sum of `above` over sum of `below`, as a figure to bootstrap."""
    over, under = np.asarray(above, np.float64), np.asarray(below, np.float64)

    def statistic(weights: Floats) -> Floats:
        total = weights @ under
        shares: Floats = np.divide(weights @ over, total, out=np.full(len(weights), np.nan), where=total > 0)
        return shares

    return statistic


def _bca_tails(observed: float, drawn: Floats, left_out: Floats, confidence: float) -> Interval | None:
    below = float(np.mean(drawn < observed) + np.mean(drawn == observed) / 2)
    jackknife = left_out[np.isfinite(left_out)]
    if not 0 < below < 1 or not jackknife.size or np.ptp(jackknife) == 0:
        return None
    pulls = jackknife.mean() - jackknife
    spread = float((pulls**2).sum()) ** 1.5
    bias, acceleration = _NORMAL.inv_cdf(below), float((pulls**3).sum()) / (6 * spread)

    def tail(z: float) -> float:
        return _NORMAL.cdf(bias + (bias + z) / (1 - acceleration * (bias + z)))

    z = _NORMAL.inv_cdf((1 + confidence) / 2)
    return tail(-z), tail(z)


def _upper(hits: int, n: int, tail: float) -> float:
    return 1.0 if hits == n else _solve(lambda p: 1 - binomial_cdf(hits, n, p), 1 - tail)


def _check_share(hits: int, n: int) -> None:
    if n < 1 or not 0 <= hits <= n:
        raise ValueError(f"no share: {hits} of {n}")


def _solve(rising: Callable[[float], float], target: float) -> float:
    """The share at which a rising function of it reaches `target`, by bisection."""
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if rising(middle) < target else (low, middle)
    return (low + high) / 2
