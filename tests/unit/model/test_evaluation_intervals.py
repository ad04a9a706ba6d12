"""Intervals against published worked examples, and against scipy where it is installed."""

from __future__ import annotations

import math

import numpy as np
import pytest

from model.evaluation import intervals
from model.evaluation.intervals import GroupedSample, bootstrap, weighted_mean

# Newcombe, Statistics in Medicine 17 (1998), table I: hits, n, method 3 (Wilson), method 5 (Clopper-Pearson).
NEWCOMBE = [
    (81, 263, (0.2553, 0.3662), (0.2527, 0.3676)),
    (15, 148, (0.0624, 0.1605), (0.0578, 0.1617)),
    (0, 20, (0.0, 0.1611), (0.0, 0.1684)),
    (1, 29, (0.0061, 0.1718), (0.0009, 0.1776)),
]


@pytest.mark.parametrize(("hits", "n", "wilson", "exact"), NEWCOMBE)
def test_shares_match_the_published_examples(
    hits: int, n: int, wilson: tuple[float, float], exact: tuple[float, float]
) -> None:
    assert intervals.wilson(hits, n) == pytest.approx(wilson, abs=5e-5)
    assert intervals.exact_interval(hits, n) == pytest.approx(exact, abs=5e-5)
    turned = tuple(1 - bound for bound in reversed(wilson))
    assert intervals.wilson(n - hits, n) == pytest.approx(turned, abs=5e-5)


def test_a_bound_without_misses_is_the_rule_of_three() -> None:
    assert intervals.upper_bound(0, 149) == pytest.approx(1 - 0.05 ** (1 / 149))
    assert intervals.upper_bound(0, 148) > 0.02 > intervals.upper_bound(0, 149)
    assert intervals.upper_bound(3, 3) == 1.0


@pytest.mark.parametrize(("hits", "n"), [(1, 0), (-1, 5), (6, 5)])
def test_what_is_no_share_is_refused(hits: int, n: int) -> None:
    for interval in (intervals.wilson, intervals.exact_interval, intervals.upper_bound):
        with pytest.raises(ValueError, match="no share"):
            interval(hits, n)


def test_binomial_of_thousands_does_not_overflow() -> None:
    assert intervals.binomial_cdf(1, 2, 0.5) == pytest.approx(0.75)
    assert intervals.binomial_cdf(2500, 5001, 0.5) == pytest.approx(0.5)
    assert intervals.binomial_cdf(0, 3, 1.0) == 0.0


def test_delong_by_hand() -> None:
    # Placements 1, 1, 1/2 and 2/3, 1: variance (1/12) / 3 + (1/18) / 2 = 1/18.
    low, high = intervals.delong([0.9, 0.8, 0.3], [0.4, 0.2], confidence=0.5)
    assert high == 1.0 or high == pytest.approx(5 / 6 + 0.67449 * math.sqrt(1 / 18), abs=1e-4)
    assert low == pytest.approx(5 / 6 - 0.67449 * math.sqrt(1 / 18), abs=1e-4)


def test_auc_counts_ordered_pairs_and_halves_ties() -> None:
    assert intervals.roc_auc([0.9, 0.8], [0.1, 0.2]) == 1.0
    assert intervals.roc_auc([0.9, 0.1], [0.5]) == 0.5
    assert intervals.roc_auc([0.5], [0.5]) == 0.5


def test_groups_are_drawn_whole_and_strata_keep_their_number() -> None:
    sample = GroupedSample(["a", "a", "b", "c", "d"], ["x", "x", "x", "y", "y"])
    weights = sample.resampled(200, seed=3)
    assert (weights[:, 0] == weights[:, 1]).all()
    assert (weights[:, 0] + weights[:, 2] == 2).all()  # two groups in x
    assert (weights[:, 3] + weights[:, 4] == 2).all()
    assert len(np.unique(weights[:, 0])) == 3
    assert (weights == sample.resampled(200, seed=3)).all()
    assert sample.left_out().tolist()[0] == [0, 0, 1, 1, 1]


def test_duplicates_widen_an_interval_that_takes_them_as_independent_would_not() -> None:
    values = np.repeat(np.random.default_rng(0).normal(size=40), 10)
    apart = bootstrap(weighted_mean(values), GroupedSample([str(i) for i in range(400)]))
    together = bootstrap(weighted_mean(values), GroupedSample([str(i // 10) for i in range(400)]))
    assert apart is not None
    assert together is not None
    assert together[1] - together[0] > 2.5 * (apart[1] - apart[0])  # the square root of 10 is 3.2


def test_bootstrap_without_spread_or_without_values() -> None:
    sample = GroupedSample(["a", "b", "c"])
    assert bootstrap(weighted_mean([0.5, 0.5, 0.5]), sample) == (0.5, 0.5)
    assert bootstrap(weighted_mean([0.5, 0.5, 0.5], [False] * 3), sample) is None


def test_bca_agrees_with_scipy() -> None:
    stats = pytest.importorskip("scipy.stats")
    values = np.random.default_rng(1).exponential(size=60)
    ours = bootstrap(weighted_mean(values), GroupedSample([str(i) for i in range(60)]), repeats=6000)
    theirs = stats.bootstrap((values,), np.mean, n_resamples=6000, method="BCa", rng=0).confidence_interval
    assert ours == pytest.approx((theirs.low, theirs.high), abs=0.02)


def test_exact_intervals_agree_with_scipy_over_a_grid() -> None:
    stats = pytest.importorskip("scipy.stats")
    for n in (5, 50, 1241):
        for hits in range(0, n + 1, max(1, n // 7)):
            theirs = stats.binomtest(hits, n).proportion_ci(method="exact")
            assert intervals.exact_interval(hits, n) == pytest.approx((theirs.low, theirs.high), abs=1e-9)
