from __future__ import annotations

import pytest

from consumer.coils.grading.words import by_class, clipped, counted, figure, metres, percent, span


@pytest.mark.parametrize(
    ("value", "said"),
    [(0, "0"), (0.0123456, "0.0123"), (3.14159, "3.14"), (99.94, "99.9"), (1234.4, "1,234")],
)  # fmt: skip
def test_figures_have_as_many_digits_as_a_person_needs(value: float, said: str) -> None:
    assert figure(value) == said


@pytest.mark.parametrize(
    ("number", "noun", "said"),
    [
        (1, "scab", "1 scab"),
        (0, "scab", "0 scabs"),
        (1203, "scratch", "1,203 scratches"),
        (2, "oddity", "2 oddities"),
        (2, "kind 7", "2 kind 7s"),
        (2, "day", "2 days"),
    ],
)
def test_nouns_are_counted(number: int, noun: str, said: str) -> None:
    assert counted(number, noun) == said


@pytest.mark.parametrize(
    ("numbers", "said"),
    [
        ({"scab": 3}, "3 scabs"),
        ({"scab": 3, "crack": 4}, "7 defects (4 cracks, 3 scabs)"),
        ({"e": 1, "a": 2, "b": 2, "c": 1, "d": 1}, "7 defects (2 as, 2 bs, 1 c, 1 d, 1 of other classes)"),
    ],
)
def test_defects_are_counted_by_class(numbers: dict[str, int], said: str) -> None:
    assert by_class(numbers) == said


def test_spans_metres_and_shares() -> None:
    assert (span(1200, 4300), span(5.001, 5.002)) == ("1,200-4,300", "5")
    assert (metres(12_440), percent(0.00123)) == ("12.4 m", "0.123 %")


def test_what_is_too_long_is_cut_and_marked() -> None:
    assert (clipped("abc", 3), clipped("abcd", 3)) == ("abc", "ab…")
