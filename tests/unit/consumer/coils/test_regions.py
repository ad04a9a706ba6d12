"""A defect event's regions in mm, and where they touch their frame's borders."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from consumer.coils.facts import Borders, Defect, Interval, Sighting
from consumer.coils.merging.regions import read_regions, sightings_in, sightings_of
from tests.support.coils import CoilScript, Spot

HEIGHT_PX, WIDTH_PX, MM = 5, 8, 0.5
masks = arrays(np.bool_, (HEIGHT_PX, WIDTH_PX)).filter(lambda mask: bool(mask.any()))


def script() -> CoilScript:
    return CoilScript(cameras={"cam-0": 10.0}, height_px=HEIGHT_PX, width_px=WIDTH_PX, mm_per_px=MM)


def intervals(line: NDArray[np.bool_], origin_mm: float) -> tuple[Interval, ...]:
    edges = np.flatnonzero(np.diff(np.concatenate([[False], line, [False]]).astype(np.int8)))
    return tuple((origin_mm + a * MM, origin_mm + b * MM) for a, b in edges.reshape(-1, 2).tolist())


@given(masks)
def test_border_intervals_are_the_runs_along_the_border(mask: NDArray[np.bool_]) -> None:
    coil = script()
    event = coil.event_of(2, (coil.region_of(1, mask, 2),))
    (region,) = read_regions(event).regions
    position_mm = 2 * HEIGHT_PX * MM
    expected = Borders(
        top=intervals(mask[0], 10.0),
        bottom=intervals(mask[-1], 10.0),
        left=intervals(mask[:, 0], position_mm),
        right=intervals(mask[:, -1], position_mm),
    )
    assert region.borders == (None if expected == Borders() else expected)


def test_a_frame_lies_where_its_header_says() -> None:
    coil = script()
    frame = read_regions(coil.event(3, Spot(2, 8.0, 9.0, 11.0, 12.5)))
    assert (frame.along_min_mm, frame.along_max_mm) == (7.5, 10.0), "frame 3 of 5 rows of .5 mm"
    assert (frame.across_min_mm, frame.across_max_mm) == (10.0, 14.0)
    (region,) = frame.regions
    assert (region.along_min_mm, region.along_max_mm) == (8.0, 9.0)
    assert (region.across_min_mm, region.across_max_mm) == (11.0, 12.5)
    assert (region.class_id, region.area_mm2, region.borders) == (2, 1.5, None)


def test_a_mask_is_not_looked_at_where_its_box_touches_no_border() -> None:
    coil = script()
    inner = coil.region_of(1, np.pad(np.ones((1, 2), np.bool_), ((2, 2), (3, 3))), 0)
    event = coil.event_of(0, (inner.model_copy(update={"mask_rle": "not a code"}),))
    assert read_regions(event).regions[0].borders is None


@pytest.mark.parametrize(
    "rle",
    ["", "nonsense", "1", "0 3", "1 0", "1 41", "4 2 3 2", "1 -1", "99999999999999999999 1"],
    ids=["empty", "words", "odd", "start-0", "length-0", "beyond", "backwards", "negative", "huge"],
)
def test_the_box_stands_for_a_mask_that_cannot_be_read(rle: str) -> None:
    coil = script()
    mask = np.zeros((HEIGHT_PX, WIDTH_PX), np.bool_)
    mask[0:2, 1:3] = True
    region = coil.region_of(1, mask, 0).model_copy(update={"mask_rle": rle})
    (read,) = read_regions(coil.event_of(0, (region,))).regions
    assert read.borders == Borders(top=((10.5, 11.5),))


def test_a_box_larger_than_its_frame_does_not_hold_the_tracker_up() -> None:
    coil = script()
    region = coil.region_of(1, np.ones((HEIGHT_PX, WIDTH_PX), np.bool_), 0)
    box = region.box_px.model_copy(update={"col_max": 2**60, "row_max": 2**60})
    region = region.model_copy(update={"mask_rle": "", "box_px": box})
    (read,) = read_regions(coil.event_of(0, (region,))).regions
    assert read.borders == Borders(top=((10.0, 14.0),), left=((0.0, 2.5),))


@given(st.lists(st.sampled_from([Spot(1, 0, 1, 10, 11), Spot(2, 1, 2, 12, 14)]), max_size=3))
def test_a_sighting_is_a_regions_class_and_middle(spots: list[Spot]) -> None:
    frame = read_regions(script().event(0, *spots))
    expected = {1: Sighting(class_id=1, along_mm=0.5, across_mm=10.5),
                2: Sighting(class_id=2, along_mm=1.5, across_mm=13.0)}  # fmt: skip
    assert list(sightings_in(frame)) == [expected[spot.class_id] for spot in spots]


def test_a_merged_defect_is_sighted_once_in_its_middle() -> None:
    defect = Defect(
        class_id=3, class_name="scratch", along_min_mm=100.0, along_max_mm=900.0, across_min_mm=10.0,
        across_max_mm=20.0, area_mm2=5.0, frames=8, regions=8, cameras=("cam-0",), first_frame_index=1,
        last_frame_index=8,
    )  # fmt: skip
    assert sightings_of([defect]) == [Sighting(class_id=3, along_mm=500.0, across_mm=15.0)]
    assert (defect.length_mm, defect.width_mm) == (800.0, 10.0)
