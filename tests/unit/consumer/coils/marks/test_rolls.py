from __future__ import annotations

from importlib.resources import files
from math import pi
from pathlib import Path

import pytest

from consumer.coils.marks.rolls import Roll, fitting, load_rolls
from consumer.coils.yaml_lines import YamlRefused


def rolls_file(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "rolls.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_shipped_example_can_be_loaded() -> None:
    rolls = load_rolls(Path(str(files("consumer.coils") / "marks" / "example_rolls.yaml")))
    assert len(rolls) >= 4
    assert any(roll.stretched > 1 for roll in rolls)


@pytest.mark.parametrize(
    ("text", "refusal"),
    [
        ("rolls:\n- name: a\n  diameter_mm: 0\n", r"line 3: rolls\[0\].diameter_mm: .*greater than 0"),
        ("rolls:\n- name: a\n  diameter_mm: .inf\n", r"line 3: rolls\[0\].diameter_mm: .*finite"),
        ("rolls:\n- name: a\n  diameter: 700\n", r"line 2: rolls\[0\].diameter_mm: is missing"),
        (
            "rolls:\n- name: a\n  diameter_mm: 700\n  worn_to_mm: 800\n",
            r"line 2: rolls\[0\]: worn_to_mm must not",
        ),
        (
            "rolls:\n- name: a\n  diameter_mm: 7\n  entry_thickness_mm: 2\n",
            r"line 2: rolls\[0\]: .* or neither",
        ),
        (
            "rolls:\n- name: a\n  diameter_mm: 7\n  entry_thickness_mm: 2\n  exit_thickness_mm: 3\n",
            r"line 2: rolls\[0\]: .*rolling makes thinner",
        ),
        (
            "rolls:\n- name: a\n  diameter_mm: 7\n  entry_thickness_mm: 2\n  exit_thickness_mm: 1\n"
            "  elongation: 2\n",
            r"line 2: rolls\[0\]: .*not both",
        ),
        ("rolls:\n- {name: a, diameter_mm: 7}\n- {name: a, diameter_mm: 8}\n", "line 1: rolls: .*twice: a"),
    ],
    ids=["zero", "infinite", "misspelt", "worn is larger", "one thickness", "thicker", "both", "same name"],
)
def test_a_roll_that_makes_no_sense_is_refused(tmp_path: Path, text: str, refusal: str) -> None:
    with pytest.raises(YamlRefused, match=refusal):
        load_rolls(rolls_file(tmp_path, text))


def test_a_mark_made_before_a_reduction_is_stretched() -> None:
    roll = Roll(name="F6", diameter_mm=700, entry_thickness_mm=3.0, exit_thickness_mm=2.0)
    assert roll.period_range_mm == pytest.approx((pi * 1050, pi * 1050))


ROLLS = (
    Roll(name="new", diameter_mm=700),
    Roll(name="worn", diameter_mm=720, worn_to_mm=640),
    Roll(name="big", diameter_mm=1500),
)


@pytest.mark.parametrize(
    ("period_mm", "uncertainty_mm", "names"),
    [
        (pi * 700, 1.0, ("new", "worn")),
        (pi * 641, 1.0, ("worn",)),
        (pi * 680, 1.0, ("worn",)),
        (pi * 1500 * 1.004, 0.0, ("big",)),
        (pi * 1500 * 1.02, 0.0, ()),
        (pi * 1500 * 1.02, 60.0, ("big",)),
        (pi * 900, 1.0, ()),
    ],
    ids=["exact wins", "worn down", "between", "slack", "too far", "uncertain", "none"],
)
def test_the_rolls_that_fit_a_period(period_mm: float, uncertainty_mm: float, names: tuple[str, ...]) -> None:
    assert fitting(period_mm, uncertainty_mm, ROLLS) == names
