from __future__ import annotations

import numpy as np
import pytest

from consumer.coils.marks.lanes import LanePolicy, coil_lanes, recurring
from contracts.reports import CoilDefect, CoilLane

WIDTH_MM = 1250.0


def defect(along_mm: float, across_mm: float, *, class_id: int = 1, width_mm: float = 8.0) -> CoilDefect:
    return CoilDefect(
        class_id=class_id,
        class_name=f"class {class_id}",
        along_min_mm=along_mm - 10,
        along_max_mm=along_mm + 10,
        across_min_mm=across_mm - width_mm / 2,
        across_max_mm=across_mm + width_mm / 2,
        area_mm2=20,
        frames=1,
    )


def scattered(seed: int, count: int, class_id: int = 1) -> list[CoilDefect]:
    rng = np.random.default_rng(seed)
    places = zip(rng.uniform(0, 1e6, count), rng.uniform(0, WIDTH_MM, count), strict=True)
    return [defect(along, across, class_id=class_id) for along, across in places]


def lane(across_mm: float, *, class_id: int = 1, width_mm: float = 20.0) -> CoilLane:
    return CoilLane(
        class_id=class_id,
        class_name=f"class {class_id}",
        across_min_mm=across_mm - width_mm / 2,
        across_max_mm=across_mm + width_mm / 2,
        count=5,
    )


# --- on one coil ---


@pytest.mark.parametrize("count", [2, 20, 500])
def test_defects_that_lie_anywhere_make_no_lane(count: int) -> None:
    lanes = [coil_lanes(scattered(seed, count), WIDTH_MM) for seed in range(100)]
    assert sum(map(bool, lanes)) <= 3


def test_where_a_class_gathers_is_a_lane() -> None:
    rng = np.random.default_rng(1)
    gathered = [defect(50_000.0 * at, 400 + rng.normal(0, 3)) for at in range(9)]
    (found,) = coil_lanes([*scattered(2, 60), *gathered, *scattered(3, 60, class_id=2)], WIDTH_MM)
    assert found.class_id == 1
    assert found.count >= 9
    assert found.across_min_mm < 400 < found.across_max_mm
    assert found.across_max_mm - found.across_min_mm < 40


@pytest.mark.parametrize("across_mm", [3.0, 12.0, 600.0, 606.0, 1247.0])
def test_no_lane_is_cut_by_a_windows_border(across_mm: float) -> None:
    gathered = [defect(50_000.0 * at, across_mm + (at % 3 - 1) * 2) for at in range(6)]
    (found,) = coil_lanes([*scattered(4, 20), *gathered], WIDTH_MM)
    assert found.across_min_mm < across_mm < found.across_max_mm


@pytest.mark.parametrize(
    "defects",
    [
        [defect(1e5, 400), defect(9e5, 400)],
        [defect(1e5 + 30 * at, 400) for at in range(40)],
        [defect(1e5 * at, 400, width_mm=600) for at in range(9)],
        [],
    ],
    ids=["two", "one torn scratch", "too wide for a lane", "none"],
)
def test_these_are_no_lane(defects: list[CoilDefect]) -> None:
    assert coil_lanes([*scattered(5, 10), *defects], WIDTH_MM) == ()


def test_a_strip_narrower_than_two_lanes_has_none() -> None:
    assert coil_lanes([defect(1e5 * at, 10) for at in range(9)], 40.0) == ()


def test_lanes_do_not_depend_on_the_order_of_the_defects() -> None:
    defects = [*scattered(6, 50), *(defect(40_000.0 * at, 800 + at) for at in range(8))]
    assert coil_lanes(defects, WIDTH_MM) == coil_lanes(defects[::-1], WIDTH_MM) != ()


# --- coil after coil ---


def test_a_lane_on_three_of_five_coils_recurs() -> None:
    earlier = [("a", [lane(700)]), ("b", [lane(405)]), ("c", []), ("d", [lane(398)])]
    (found,) = recurring(("e", [lane(400)]), earlier)
    assert found.coils == ("b", "d", "e")
    assert found.of_last == 5
    assert (found.across_min_mm, found.across_max_mm) == (390, 410)


@pytest.mark.parametrize(
    ("earlier", "this"),
    [
        ([("a", [lane(400)])], [lane(400)]),
        ([("a", [lane(400)]), ("b", [lane(400)])], [lane(440)]),
        ([("a", [lane(400)]), ("b", [lane(400, class_id=2)])], [lane(400)]),
        ([("a", [lane(400)]), ("b", [lane(400)])], []),
        ([("a", [lane(400)]), *((name, []) for name in "bcd"), ("e", [lane(400)])], [lane(400)]),
        ([("a", [lane(400)]), ("z", [lane(400)])], [lane(400)]),
    ],
    ids=[
        "two coils",
        "elsewhere",
        "another class",
        "not on this coil",
        "too long ago",
        "its own first version",
    ],
)
def test_these_do_not_recur(earlier: list[tuple[str, list[CoilLane]]], this: list[CoilLane]) -> None:
    assert recurring(("z", this), earlier) == ()


def test_how_many_coils_are_needed_can_be_set() -> None:
    policy = LanePolicy(coils=2, of_last=2)
    earlier = [("a", [lane(400)]), ("b", [lane(411)])]
    (found,) = recurring(("c", [lane(400)]), earlier, policy)
    assert (found.coils, found.of_last) == (("b", "c"), 2)


@pytest.mark.parametrize(
    "settings", [{"lane_mm": 0}, {"level": 0}, {"least_count": 1}, {"coils": 6}, {"coils": 0}], ids=str
)
def test_a_policy_that_makes_no_sense_is_refused(settings: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=next(iter(settings))):
        LanePolicy(**settings)  # type: ignore[arg-type]
