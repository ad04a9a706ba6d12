"""Sweeps that find what touches, held against looking at every pair."""

from __future__ import annotations

from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from consumer.coils.merging.merge import UnionFind
from consumer.coils.merging.touching import Box, Stretch, join_overlapping, join_touching

sides = st.integers(0, 30)
spans = st.tuples(sides, st.integers(0, 8)).map(lambda at: (float(at[0]), float(at[0] + at[1])))
many = st.lists(spans, max_size=8)
SLACK_MM = 1.0


@given(many, many)
def test_touching_intervals_are_connected_and_no_others(
    one: list[tuple[float, float]], other: list[tuple[float, float]]
) -> None:
    first = [(*span, i) for i, span in enumerate(one)]
    second = [(*span, len(one) + i) for i, span in enumerate(other)]
    found, expected = UnionFind(len(one) + len(other)), UnionFind(len(one) + len(other))
    join_touching(first, second, SLACK_MM, found.join)
    for (begin, end, owner), (begin_2, end_2, owner_2) in product(first, second):
        if max(begin, begin_2) - min(end, end_2) <= SLACK_MM:
            expected.join(owner, owner_2)
    assert _sets(found) == _sets(expected)


boxes = st.lists(st.tuples(spans, spans), max_size=8)


@given(boxes, boxes)
def test_overlapping_boxes_are_joined_and_no_others(
    one: list[tuple[tuple[float, float], tuple[float, float]]],
    other: list[tuple[tuple[float, float], tuple[float, float]]],
) -> None:
    first = [Box(*along, *across, i) for i, (along, across) in enumerate(one)]
    second = [Box(*along, *across, len(one) + i) for i, (along, across) in enumerate(other)]
    found: set[tuple[int, int]] = set()
    join_overlapping(first, second, SLACK_MM, lambda a, b: found.add((min(a, b), max(a, b))))
    assert found == {
        (a.owner, b.owner)
        for a, b in product(first, second)
        if max(a.along_min_mm, b.along_min_mm) - min(a.along_max_mm, b.along_max_mm) <= SLACK_MM
        and max(a.across_min_mm, b.across_min_mm) - min(a.across_max_mm, b.across_max_mm) <= SLACK_MM
    }


def test_a_stuck_encoder_costs_no_n_squared() -> None:
    """All 20,000 intervals of either side on one place: 400 million pairs, and a join each but the first."""
    joins = 0

    def count(_one: int, _other: int) -> None:
        nonlocal joins
        joins += 1

    one: list[Stretch] = [(0.0, 1.0, i) for i in range(0, 40_000, 2)]
    other: list[Stretch] = [(0.0, 1.0, i) for i in range(1, 40_000, 2)]
    join_touching(one, other, 0.5, count)
    assert joins <= 2 * 40_000


def test_boxes_on_one_place_cost_no_n_squared() -> None:
    joins = 0

    def count(_one: int, _other: int) -> None:
        nonlocal joins
        joins += 1

    place = (0.0, 1.0, 0.0, 1.0)
    join_overlapping(
        [Box(*place, 2 * i) for i in range(3000)], [Box(*place, 2 * i + 1) for i in range(3000)], 0.5, count
    )
    assert joins <= 6000 * 64


def _sets(found: UnionFind) -> list[list[int]]:
    return sorted(found.sets())
