"""The miss bound: what it allows, what it refuses, and that it holds on lines that were never seen."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.calibration.miss_bound import MissBound, TooFewFrames, allowed_misses, choose_threshold
from model.evaluation.intervals import binomial_cdf
from model.frames.refused import TrainingRefused

PLANT = MissBound(share=0.02, confidence=0.95)


@pytest.mark.parametrize(
    ("frames", "allowed"), [(149, 0), (235, 0), (236, 1), (312, 1), (313, 2), (1000, 12)]
)
def test_as_many_misses_as_the_binomial_allows(frames: int, allowed: int) -> None:
    """Found with exact fractions."""
    assert allowed_misses(frames, PLANT) == allowed


def test_too_few_frames_are_refused_with_how_many_would_do_and_what_these_show() -> None:
    with pytest.raises(
        TooFewFrames, match=r"^148 defective frames cannot show a miss bound of 0\.02 at 95%: "
    ) as few:
        choose_threshold(np.linspace(0, 1, 148), PLANT)

    assert str(few.value).endswith("give at least 149, or ask for --miss 0.0201, which 148 do show")
    assert allowed_misses(148, MissBound(share=0.0201)) == 0


def test_no_defective_frames_at_all_are_refused() -> None:
    with pytest.raises(TooFewFrames, match=r"0 defective frames .* give at least 149$"):
        choose_threshold([], PLANT)
    with pytest.raises(TooFewFrames):
        choose_threshold([], PLANT, strict=False)


@pytest.mark.parametrize("share", [0, 1, -0.1, float("nan")])
def test_a_bound_that_is_no_share_is_refused(share: float) -> None:
    with pytest.raises(TrainingRefused, match="between 0 and 1"):
        MissBound(share=share)


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 2000), st.floats(0.003, 0.3), st.floats(0.5, 0.995))
def test_the_allowed_misses_are_the_most_that_keep_the_bound(
    frames: int, share: float, confidence: float
) -> None:
    bound = MissBound(share=share, confidence=confidence)
    if frames < bound.needed_frames:
        assert binomial_cdf(0, frames, share) > 1 - confidence
        return
    allowed = allowed_misses(frames, bound)
    assert binomial_cdf(allowed, frames, share) <= 1 - confidence + 1e-12
    assert binomial_cdf(allowed + 1, frames, share) > 1 - confidence


@settings(max_examples=40, deadline=None)
@given(st.lists(st.floats(0, 1, width=32), min_size=149, max_size=400))
def test_the_threshold_stops_no_more_than_allowed(scores: list[float]) -> None:
    choice = choose_threshold(scores, PLANT)

    assert choice.missed == sum(score < choice.threshold for score in scores) <= choice.allowed
    assert 0 <= choice.threshold <= 1
    assert choice.bounded_share <= PLANT.share + 1e-9
    ranked = sorted(scores)
    assert ranked[choice.allowed] - 0.01 - 1e-9 <= choice.threshold <= ranked[choice.allowed]


@pytest.mark.parametrize(
    ("frames", "share", "confidence"), [(149, 0.02, 0.95), (240, 0.02, 0.95), (60, 0.1, 0.8)]
)
def test_the_bound_holds_as_often_as_it_says(frames: int, share: float, confidence: float) -> None:
    """4,000 calibrations on uniform scores: there the true share missed IS the threshold."""
    random = np.random.default_rng(frames)
    bound = MissBound(share=share, confidence=confidence)
    repeats = 4000
    broken = sum(choose_threshold(random.random(frames), bound).threshold > share for _ in range(repeats))

    error = np.sqrt((1 - confidence) * confidence / repeats)
    assert broken / repeats <= 1 - confidence + 3 * error


def test_without_strictness_few_frames_may_not_miss_any() -> None:
    choice = choose_threshold([0.3, 0.4, 0.9], PLANT, strict=False)

    assert (choice.allowed, choice.missed) == (0, 0)
    assert choice.threshold == pytest.approx(0.29)
    assert choice.bounded_share == pytest.approx(1 - 0.05 ** (1 / 3))
