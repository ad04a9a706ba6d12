"""Defects over the seam of two cameras: by geometry, and their area once."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from consumer.coils.facts import Defect
from consumer.coils.merging.merge import merge
from consumer.coils.merging.regions import read_regions
from consumer.coils.merging.seams import find_seams
from contracts.results import DefectEvent
from tests.support.coils import CLASS_NAMES, CoilScript, Spot


def merged(*events: DefectEvent) -> list[Defect]:
    return merge(map(read_regions, events), CLASS_NAMES)


def seen(cameras: Mapping[str, float], left: Spot, right: Spot) -> list[Defect]:
    """What `a` and `b`, each 100 mm wide, make of a spot each, in frame 0."""
    coil = CoilScript(cameras=cameras)
    return merged(coil.event(0, left, camera_id="a"), coil.event(0, right, camera_id="b"))


ABUTTING = {"a": 0.0, "b": 100.0}


@pytest.mark.parametrize(
    ("right", "defects"),
    [
        pytest.param(Spot(3, 10, 20, 100, 110), 1, id="the same rows"),
        pytest.param(Spot(3, 19, 40, 100, 110), 1, id="one row shared"),
        pytest.param(Spot(3, 20, 40, 100, 110), 1, id="corners"),
        pytest.param(Spot(3, 21, 40, 100, 110), 2, id="a pixel between"),
        pytest.param(Spot(3, 10, 20, 101, 110), 2, id="not at the border"),
        pytest.param(Spot(2, 10, 20, 100, 110), 2, id="another class"),
    ],
)
def test_what_touches_where_fields_abut(right: Spot, defects: int) -> None:
    assert len(seen(ABUTTING, Spot(3, 10, 20, 90, 100), right)) == defects


def test_a_defect_over_two_abutting_cameras() -> None:
    (defect,) = seen(ABUTTING, Spot(3, 10, 20, 90, 100), Spot(3, 10, 20, 100, 130))
    assert (defect.cameras, defect.frames, defect.regions) == (("a", "b"), 2, 2)
    assert (defect.across_min_mm, defect.across_max_mm, defect.area_mm2) == (90.0, 130.0, 400.0)


@pytest.mark.parametrize(
    ("offset_mm", "defects"),
    [
        pytest.param(100.9, 1, id="mounted nearly a pixel apart"),
        pytest.param(103.0, 2, id="3 mm that no camera sees"),
        pytest.param(99.5, 1, id="half a pixel seen twice: still abutting"),
    ],
)
def test_how_exactly_fields_must_abut(offset_mm: float, defects: int) -> None:
    right = Spot(3, 10, 20, offset_mm, offset_mm + 10)
    assert len(seen({"a": 0.0, "b": offset_mm}, Spot(3, 10, 20, 90, 100), right)) == defects


def test_frames_of_two_cameras_need_not_begin_together() -> None:
    coil = CoilScript(cameras=ABUTTING)
    right = coil.event(1, Spot(3, 110, 120, 100, 110), camera_id="b")
    early = right.model_copy(update={"frame_index": 7})
    assert len(merged(coil.event(1, Spot(3, 115, 125, 90, 100), camera_id="a"), early)) == 1


OVERLAPPING = {"a": 0.0, "b": 80.0}
"""The seam is 80-100 mm."""


@pytest.mark.parametrize(
    ("left", "right", "area_mm2"),
    [
        pytest.param(Spot(3, 0, 10, 85, 95), Spot(3, 0, 10, 85, 95), 100.0, id="wholly inside the seam"),
        pytest.param(Spot(3, 0, 10, 60, 100), Spot(3, 0, 10, 80, 130), 700.0, id="through the seam"),
        pytest.param(Spot(3, 0, 10, 85, 95), Spot(3, 0, 8, 85, 95), 100.0, id="one saw more of it"),
        pytest.param(Spot(3, 0, 10, 85, 100), Spot(3, 0, 10, 100, 110), 250.0, id="each saw its own part"),
    ],
)
def test_a_defect_in_two_fields_of_view_is_one_and_its_area_counts_once(
    left: Spot, right: Spot, area_mm2: float
) -> None:
    (defect,) = seen(OVERLAPPING, left, right)
    assert defect.area_mm2 == pytest.approx(area_mm2)
    assert (defect.frames, defect.cameras) == (2, ("a", "b"))


@pytest.mark.parametrize(
    ("left", "right"),
    [
        pytest.param(Spot(3, 0, 10, 82, 86), Spot(3, 0, 10, 90, 95), id="beside each other"),
        pytest.param(Spot(3, 0, 10, 82, 86), Spot(3, 12, 20, 82, 86), id="behind each other"),
        pytest.param(Spot(3, 0, 10, 20, 30), Spot(3, 0, 10, 120, 130), id="outside the seam"),
        pytest.param(Spot(3, 0, 10, 82, 86), Spot(4, 0, 10, 82, 86), id="two classes"),
    ],
)
def test_two_defects_in_one_seam_stay_two(left: Spot, right: Spot) -> None:
    assert len(seen(OVERLAPPING, left, right)) == 2


def test_cameras_above_and_below_the_strip_do_not_share_their_defects() -> None:
    spot = Spot(3, 0, 10, 20, 30)
    assert [d.cameras for d in seen({"a": 0.0, "b": 0.0}, spot, spot)] == [("a",), ("b",)]


def test_neighbours_are_found_whatever_their_names() -> None:
    coil = CoilScript(cameras={"z": 0.0, "m": 100.0, "a": 195.0})
    frames = [read_regions(coil.event(0, camera_id=camera)) for camera in coil.cameras]
    assert [(s.left, s.right, s.overlaps) for s in find_seams(frames)] == [
        ("z", "m", False),
        ("m", "a", True),
    ]


def test_a_crack_across_four_cameras_and_two_frames_is_one() -> None:
    coil = CoilScript(cameras={f"cam-{i}": 100.0 * i for i in range(4)})
    crack = Spot(2, 95, 105, 0, 400)
    events = [coil.event(index, crack, camera_id=camera) for index in (0, 1) for camera in coil.cameras]
    (defect,) = merged(*events)
    assert (defect.width_mm, defect.frames, defect.area_mm2) == (400.0, 8, 4000.0)
