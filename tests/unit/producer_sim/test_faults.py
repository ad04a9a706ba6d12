from __future__ import annotations

from collections import Counter

import pytest

from producer_sim.faults import Faults, parse_fault
from producer_sim.manifest import Fault
from producer_sim.refused import SimulatorRefused


def test_each_fault_comes_as_often_as_asked() -> None:
    faults = Faults({Fault.DROP: 0.1, Fault.LATE: 0.3}, seed=1)

    drawn = Counter(faults.at(0, 0, camera, index) for camera in range(2) for index in range(5000))

    assert drawn[Fault.DROP] == pytest.approx(1000, abs=120)
    assert drawn[Fault.LATE] == pytest.approx(3000, abs=180)
    assert drawn[None] == 10_000 - drawn[Fault.DROP] - drawn[Fault.LATE]


def test_a_fault_depends_on_seed_and_place_alone() -> None:
    half = {Fault.DROP: 0.5}
    forward = [Faults(half, seed=1).at(0, 1, 2, i) for i in range(50)]
    backward = [Faults(half, seed=1).at(0, 1, 2, i) for i in reversed(range(50))]

    assert forward == backward[::-1]
    assert forward != [Faults(half, seed=2).at(0, 1, 2, i) for i in range(50)]
    assert forward != [Faults(half, seed=1).at(1, 1, 2, i) for i in range(50)]


def test_probability_one_spares_nobody_and_zero_everybody() -> None:
    assert {Faults({Fault.CORRUPT: 1.0}, seed=3).at(0, 0, 0, i) for i in range(100)} == {Fault.CORRUPT}
    assert {Faults({Fault.CORRUPT: 0.0}, seed=3).at(0, 0, 0, i) for i in range(100)} == {None}
    assert Faults({}, seed=3).at(0, 0, 0, 0) is None


def test_eight_eighths_are_one_in_spite_of_rounding() -> None:
    Faults(dict.fromkeys(Fault, 1 / 8), seed=0)


@pytest.mark.parametrize(
    ("probabilities", "sentence"),
    [
        ({Fault.DROP: 0.7, Fault.LATE: 0.4}, "add up to 1.1"),
        ({Fault.DROP: -0.1}, "a probability is within 0..1"),
        ({Fault.DROP: float("nan")}, "a probability is within 0..1"),
    ],
)
def test_impossible_probabilities_are_refused(probabilities: dict[Fault, float], sentence: str) -> None:
    with pytest.raises(SimulatorRefused, match=sentence):
        Faults(probabilities, seed=0)


def test_a_fault_is_read_from_the_command_line() -> None:
    assert parse_fault("wrong-size=.25") == (Fault.WRONG_SIZE, 0.25)


@pytest.mark.parametrize("text", ["drop", "drip=0.1", "drop=often", "=0.1", ""])
def test_what_is_no_fault_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"no fault|no probability"):
        parse_fault(text)
