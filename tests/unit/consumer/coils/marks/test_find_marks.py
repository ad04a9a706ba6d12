from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consumer.coils.facts import Sighting
from consumer.coils.marks.find import find_marks
from consumer.coils.marks.policy import MarkPolicy
from consumer.coils.marks.rolls import Roll
from contracts.reports import RollMark
from tests.support.marked_strips import Recipe, marked, sightings, unmarked

POLICY = MarkPolicy()


def found(strip: list[Sighting], policy: MarkPolicy = POLICY, **more: object) -> tuple[RollMark, ...]:
    return find_marks(strip, length_mm=1e6, width_mm=1250, policy=policy, **more)  # type: ignore[arg-type]


def row(period_mm: float, count: int, *, start_mm: float = 500.0, lane_mm: float = 600.0) -> list[Sighting]:
    places = start_mm + period_mm * np.arange(count)
    return sightings(places, np.full(count, lane_mm))


# --- without a mark ---


@pytest.mark.parametrize("defects", [10, 100, 1000])
def test_sixty_coils_without_a_mark_raise_none(defects: int) -> None:
    rng = np.random.default_rng(defects)
    assert [found(unmarked(rng, defects, 1e6)) for _ in range(60)] == [()] * 60


def streak(rng: np.random.Generator) -> list[Sighting]:
    """Half of all defects in one lane, and most of them on the first metres."""
    along = np.concatenate([rng.uniform(0, 1e6, 300), rng.exponential(20_000, 300)])
    across = np.where(rng.random(600) < 0.5, rng.normal(300, 4, 600), rng.uniform(0, 1250, 600))
    return sightings(along, across)


def scratches(rng: np.random.Generator) -> list[Sighting]:
    """A region in each frame that a scratch crosses: as regular as can be, a frame's length apart."""
    starts, lengths = rng.uniform(0, 1e6, 60), rng.integers(1, 200, 60)
    along = np.concatenate([start + 128.0 * np.arange(n) for start, n in zip(starts, lengths, strict=True)])
    across = np.repeat(rng.uniform(0, 1250, 60), lengths) + rng.normal(0, 1, int(lengths.sum()))
    return sightings(along, across)


def torn_clusters(rng: np.random.Generator) -> list[Sighting]:
    """Slag, torn to pieces: each defect is some regions within a few centimetres."""
    pieces = rng.poisson(5, 300) + 1
    along = np.repeat(rng.uniform(0, 1e6, 300), pieces) + rng.normal(0, 60, int(pieces.sum()))
    across = np.repeat(rng.uniform(0, 1250, 300), pieces) + rng.normal(0, 6, int(pieces.sum()))
    return sightings(along, across)


@pytest.mark.parametrize("strip", [streak, scratches, torn_clusters])
def test_what_is_uneven_but_not_periodic_is_no_mark(strip: object) -> None:
    rng = np.random.default_rng(3)
    assert [found(strip(rng)) for _ in range(15)] == [()] * 15  # type: ignore[operator]


@pytest.mark.parametrize("strip", [[], row(2000, 1), row(2000, 2), row(2000, 3)], ids=["none", "1", "2", "3"])
def test_a_few_defects_are_no_mark(strip: list[Sighting]) -> None:
    assert found(strip) == ()


# --- with marks ---


def test_marks_in_clutter_are_found_with_their_periods() -> None:
    rng = np.random.default_rng(7)
    for _ in range(15):
        coil = marked(rng, Recipe())
        (mark,) = found(coil.sightings)
        assert mark.period_mm == pytest.approx(coil.periods_mm[0], rel=0.002)
        assert abs(mark.period_mm - coil.periods_mm[0]) < 4 * (mark.period_uncertainty_mm or 0)
        assert mark.lane_mm == pytest.approx(coil.lane_mm, abs=3)
        assert mark.false_alarm_probability < 1e-4


def test_a_mark_says_where_it_begins_how_often_it_hit_and_of_which_roll() -> None:
    strip = [each for at, each in enumerate(row(2000, 30)) if at % 4 != 2]
    roll = Roll(name="F7", diameter_mm=2000 / np.pi)
    (mark,) = found(strip, rolls=(roll,), class_names={1: "scratch"})
    assert (mark.count, mark.revolutions) == (23, 30)
    assert (mark.first_mm, mark.last_mm) == (500, 58_500)
    assert mark.phase_mm == pytest.approx(500, abs=1)
    assert mark.period_mm == pytest.approx(2000, abs=0.5)
    assert (mark.roll, mark.rolls, mark.class_name) == ("F7", ("F7",), "scratch")
    assert (mark.mark_id or "").startswith("mark-1-600-20")


def test_the_order_of_the_sightings_does_not_matter() -> None:
    rng = np.random.default_rng(9)
    strip = marked(rng, Recipe(ratios=(1.0, 1.21))).sightings
    assert found(strip) == found(strip[::-1]) == found(sorted(strip, key=lambda each: each.across_mm))


@pytest.mark.parametrize("ratios", [(1.0, 1.13, 1.37), (1.0, 2.0), (1.0, 1.02)], ids=str)
def test_several_rolls_in_one_lane_are_told_apart(ratios: tuple[float, ...]) -> None:
    rng = np.random.default_rng(21)
    recipe = Recipe(ratios=ratios, period_mm=(1500, 4000), clutter=3, misses=0.2)
    for _ in range(5):
        coil = marked(rng, recipe)
        periods = sorted(mark.period_mm for mark in found(coil.sightings))
        assert periods == pytest.approx(sorted(coil.periods_mm), rel=0.003)


def test_marks_of_two_classes_at_one_place_are_two() -> None:
    strip = row(2000, 30)
    other = [Sighting(class_id=2, along_mm=s.along_mm, across_mm=s.across_mm) for s in strip]
    assert sorted(mark.class_id for mark in found(strip + other)) == [1, 2]


@pytest.mark.parametrize(
    "recipe",
    [
        Recipe(stretch=0.002, jitter=0.003),
        Recipe(jitter=0.02, misses=0.1),
        Recipe(twins=0.5),
        Recipe(misses=0.5),
        Recipe(clutter=40, misses=0.2),
    ],
    ids=["stretch", "jitter of 2 %", "two pits", "half is missed", "much clutter"],
)
def test_it_is_robust(recipe: Recipe) -> None:
    rng = np.random.default_rng(5)
    coils = [marked(rng, recipe) for _ in range(10)]
    right = [
        [mark.period_mm for mark in found(coil.sightings)] == pytest.approx(coil.periods_mm, rel=0.005)
        for coil in coils
    ]
    assert sum(right) >= 9


@settings(max_examples=25, deadline=None)
@given(
    period_mm=st.floats(950, 8000),
    start_mm=st.floats(0, 1e5),
    lane_mm=st.floats(0, 1250),
    lost=st.sets(st.integers(1, 38), max_size=10),
)
def test_no_half_and_no_double_period_is_told(
    period_mm: float, start_mm: float, lane_mm: float, lost: set[int]
) -> None:
    strip = row(period_mm, 40, start_mm=start_mm, lane_mm=lane_mm)
    marks = found([each for at, each in enumerate(strip) if at not in lost])
    assert [mark.period_mm for mark in marks] == pytest.approx([period_mm], rel=0.002)


@pytest.mark.parametrize("copies", [1, 3])
def test_a_cluster_of_pits_counts_once_a_revolution(copies: int) -> None:
    strip = [
        Sighting(class_id=1, along_mm=each.along_mm + 9 * copy, across_mm=each.across_mm)
        for each in row(2000, 20)
        for copy in range(copies)
    ]
    (mark,) = found(strip)
    assert mark.count == 20


def test_a_scratch_the_length_of_the_coil_hides_no_mark_in_another_lane() -> None:
    scratch = sightings(np.arange(0, 1e6, 20.0), np.full(50_000, 300.0))
    (mark,) = found(scratch + row(2000, 30))
    assert (mark.lane_mm, mark.count) == (600, 30)


@pytest.mark.parametrize(
    "settings",
    [
        {"period_min_mm": 0},
        {"period_max_mm": 100},
        {"lane_mm": 0},
        {"cluster_mm": 500},
        {"jitter": 0},
        {"level": 1},
        {"misses_to_end": 1},
    ],
    ids=str,
)
def test_a_policy_that_makes_no_sense_is_refused(settings: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=next(iter(settings))):
        MarkPolicy(**settings)  # type: ignore[arg-type]
