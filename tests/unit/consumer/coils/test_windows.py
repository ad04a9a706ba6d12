from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from consumer.coils.grading.windows import most_area, most_defects

MM = st.integers(0, 60).map(float)
DEFECTS = st.lists(st.tuples(MM, st.integers(1, 12).map(float), st.integers(1, 50).map(float)), max_size=12)
WINDOW = st.integers(1, 30).map(float)


def as_columns(defects: list[tuple[float, float, float]]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    table = np.array(defects, np.float64).reshape(-1, 3)
    return table[:, 0], table[:, 0] + table[:, 1], table[:, 2]


@given(DEFECTS, WINDOW)
def test_no_window_holds_more_defects_than_the_worst(defects: list, window_mm: float) -> None:
    begins, ends, _ = as_columns(defects)
    worst = most_defects(begins, ends, window_mm)
    tried = [int(((begins <= p + window_mm) & (ends >= p)).sum()) for p in np.arange(-31, 75, 0.5)]
    assert worst.held == max(tried, default=0)
    if defects:
        there = (begins <= worst.from_mm + window_mm) & (ends >= worst.from_mm)
        assert there.sum() == worst.held


@given(DEFECTS, WINDOW)
def test_no_window_holds_more_area_than_the_worst(defects: list, window_mm: float) -> None:
    begins, ends, areas = as_columns(defects)

    def held(p: float) -> float:
        inside = np.clip(np.minimum(ends, p + window_mm) - np.maximum(begins, p), 0, None)
        return float((areas * inside / (ends - begins)).sum())

    worst = most_area(begins, ends, areas, window_mm)
    assert worst.held == pytest.approx(max(map(held, np.arange(-31, 75, 0.5))), abs=1e-6)
    assert worst.held == pytest.approx(held(worst.from_mm), abs=1e-6)


def test_a_point_has_its_area_too() -> None:
    begins = np.array([5.0])
    assert most_area(begins, begins, np.array([7.0]), 1.0).held == pytest.approx(7.0)
