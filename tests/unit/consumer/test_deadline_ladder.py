"""When the ladder steps, and when it must not."""

from __future__ import annotations

import pytest

from consumer.deadline_ladder import DeadlineLadder, Direction, LadderPolicy
from consumer.forecast import CoilInSight, Prediction
from consumer.ladder import Rung
from monitoring import catalogue
from tests.support.line import Clock

DOWN, UP = Direction.DOWN, Direction.UP


def prediction(
    outstanding: int | None,
    *,
    rate: float | None = 100.0,
    full_rate: float | None = 100.0,
    left_s: float | None = 200.0,
    budget_s: float = 300.0,
) -> Prediction:
    coil = CoilInSight(line_id="line-1", coil_id="coil-1", deadline_at_ns=0, budget_s=budget_s)
    return Prediction(
        outstanding=outstanding,
        rate=rate,
        full_rate=full_rate,
        coil=None if left_s is None else coil,
        left_s=left_s,
    )


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        (prediction(13_999), None),
        (prediction(14_001), DOWN),
        (prediction(50_000), DOWN),
        (prediction(500, left_s=50.0), None),
        (prediction(601, left_s=50.0), DOWN),
        (prediction(601, left_s=59.0, budget_s=3000.0), DOWN),
        (prediction(401, left_s=23.0, budget_s=100.0), DOWN),
        (prediction(401, left_s=25.0, budget_s=100.0), None),
        (prediction(150, left_s=0.1, budget_s=-1.0), DOWN),
        (prediction(100, left_s=0.1, budget_s=-1.0), None),
        (prediction(None), None),
        (prediction(50_000, rate=None), None),
        (prediction(50_000, left_s=None), None),
    ],
    ids=[
        "60 s left",
        "less than 60 s left",
        "hopeless",
        "little left, but hardly a backlog",
        "little left, and a backlog",
        "the reserve never exceeds the setting",
        "a fifth of a short budget: 19 s",
        "a fifth of a short budget: 21 s",
        "a camera's clock ahead of the deadline",
        "the same, but no backlog",
        "backlog not known",
        "no rate yet",
        "no deadline that can be kept",
    ],
)
def test_steps_down_only_when_a_coil_would_be_late(seen: Prediction, expected: Direction | None) -> None:
    ladder = DeadlineLadder(LadderPolicy(), Clock().monotonic_s)
    assert ladder.look(seen) == expected
    assert ladder.rung is (Rung.GATE_ONLY if expected is DOWN else Rung.FULL)


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        (prediction(8_001, rate=400.0), None),
        (prediction(7_999, rate=400.0), UP),
        (prediction(199, rate=400.0, left_s=1.0), UP),
        (prediction(201, rate=400.0, left_s=1.0), None),
        (prediction(201, rate=400.0, left_s=None), None),
        (prediction(199, rate=400.0, left_s=None), UP),
        (prediction(0, rate=400.0, left_s=None), UP),
        (prediction(None), None),
    ],
    ids=[
        "less than twice the reserve",
        "twice the reserve, at the full rate",
        "nearly empty",
        "not nearly empty",
        "only missed deadlines in sight: behind them are some to keep",
        "only missed ones, nearly empty",
        "empty",
        "backlog not known",
    ],
)
def test_steps_up_only_with_room_to_spare(seen: Prediction, expected: Direction | None) -> None:
    clock = Clock()
    ladder = DeadlineLadder(LadderPolicy(), clock.monotonic_s)
    ladder.look(prediction(50_000))
    clock.pass_s(10)
    assert ladder.look(seen) == expected


def test_stays_on_a_rung_for_a_while() -> None:
    clock = Clock()
    ladder = DeadlineLadder(LadderPolicy(reserve_s=30), clock.monotonic_s)
    late, fine = prediction(50_000), prediction(0)
    assert ladder.look(late) is DOWN
    clock.pass_s(4.9)
    assert ladder.look(fine) is None
    clock.pass_s(0.1)
    assert ladder.look(fine) is UP
    clock.pass_s(4.9)
    assert ladder.look(late) is None
    clock.pass_s(0.1)
    assert ladder.look(late) is DOWN


def test_between_down_and_up_lies_no_step() -> None:
    """A prediction that made it step down, or one a little better, never makes it step up."""
    clock = Clock()
    for outstanding in range(100, 20_000, 100):
        for left_s in (5.0, 70.0, 150.0, 290.0):
            ladder = DeadlineLadder(LadderPolicy(), clock.monotonic_s)
            if ladder.look(prediction(outstanding, left_s=left_s)) is None:
                continue
            clock.pass_s(60)
            better = prediction(round(0.7 * outstanding), left_s=left_s)
            assert ladder.look(better) is None, (outstanding, left_s)


def test_switched_off_it_tells_the_risk_and_stays_full() -> None:
    clock = Clock()
    ladder = DeadlineLadder(LadderPolicy(steps=False), clock.monotonic_s)
    assert ladder.look(prediction(50_000)) is DOWN
    assert (ladder.at_risk, ladder.rung) == (True, Rung.FULL)


def test_the_metric_knows_both_directions() -> None:
    assert catalogue.DIRECTION.values == tuple(Direction)
