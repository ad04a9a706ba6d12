from __future__ import annotations

import numpy as np
import pytest

from consumer.coils.marks.policy import MarkPolicy
from consumer.coils.marks.search import log_share
from consumer.coils.marks.trains import Trains, founded, meet

POLICY = MarkPolicy()


def trains(count: int, period_mm: float = 2000.0, apart: int = 1) -> Trains:
    second = np.full(count, 50_000.0)
    return founded(
        POLICY,
        lane=np.zeros(count, np.int64),
        apart=np.full(count, apart),
        first_mm=second - apart * period_mm,
        second_mm=second,
        log_weight=np.zeros(count),
    )


@pytest.mark.parametrize("gap_mm", [700.0, 3000.0, 20_000.0], ids=["dense", "as often as a mark", "sparse"])
def test_without_a_mark_no_train_wins_more_than_its_stake_on_average(gap_mm: float) -> None:
    """The bet's expectation is 1: it is what every false-alarm probability rests on."""
    rng = np.random.default_rng(1)
    several = trains(40_000)
    place = several.place_mm.copy()
    for _ in range(3):
        place = place + rng.exponential(gap_mm, len(place))
        meet(several, place, POLICY)
    ratio = np.exp(several.log_ratio)
    # Where events are dense the sum is judged at hits alone: in between it lies below the true bet.
    error = ratio.std() / np.sqrt(len(ratio))
    assert ratio.mean() <= 1 + 4 * error


def test_hits_raise_a_train_and_clutter_lowers_it() -> None:
    one = trains(1)
    meet(one, np.array([52_000.0]), POLICY)
    after_hit = float(one.log_ratio[0])
    meet(one, np.array([52_900.0]), POLICY)
    assert after_hit > 2
    assert float(one.log_ratio[0]) < after_hit


def test_a_second_event_at_a_hit_is_no_bet() -> None:
    one = trains(1)
    meet(one, np.array([52_000.0]), POLICY)
    before = float(one.log_ratio[0])
    meet(one, np.array([52_030.0]), POLICY)
    assert float(one.log_ratio[0]) == before


def test_the_period_is_refined_as_hits_come_in() -> None:
    one = trains(1, period_mm=2040.0)
    for slot in range(1, 12):
        meet(one, np.array([50_000.0 + 2000.0 * slot]), POLICY)
    assert float(one.period_mm[0]) == pytest.approx(2000, rel=0.002)
    assert float(one.hits[0]) >= 12


def test_three_events_of_clutter_end_a_train() -> None:
    one = trains(1)
    lives = [bool(meet(one, np.array([place]), POLICY)[0]) for place in (50_900.0, 53_000.0, 54_900.0)]
    assert lives == [True, True, False]


def test_all_shares_sum_to_less_than_one() -> None:
    shares = np.exp(log_share(np.arange(1, 2_000_001, dtype=np.float64)))
    assert 0.8 < shares.sum() < 1
    assert (np.diff(shares) < 0).all()
