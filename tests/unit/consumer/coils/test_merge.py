"""Regions that touch across frame borders are one defect."""

from __future__ import annotations

import random
from collections.abc import Sequence

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from consumer.coils.facts import Defect, FrameRegions
from consumer.coils.merging.merge import UnionFind, merge
from consumer.coils.merging.regions import read_regions
from contracts.results import DefectEvent, DefectRegion
from tests.support.coils import CLASS_NAMES, CoilScript, Spot

Mask = NDArray[np.bool_]


def frames(events: Sequence[DefectEvent]) -> list[FrameRegions]:
    return [read_regions(event) for event in events]


def merged(*events: DefectEvent) -> list[Defect]:
    return merge(frames(events), CLASS_NAMES)


def test_a_spot_across_a_border_is_one_defect_with_the_sum_of_its_areas() -> None:
    coil = CoilScript()
    spot = Spot(3, 150, 250, 20, 30)
    (defect,) = merged(coil.event(1, spot), coil.event(2, spot))
    assert defect == Defect(
        class_id=3, class_name="scratch", along_min_mm=150.0, along_max_mm=250.0, across_min_mm=20.0,
        across_max_mm=30.0, area_mm2=1000.0, frames=2, regions=2, cameras=("cam-0",), first_frame_index=1,
        last_frame_index=2,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("below", "defects"),
    [
        pytest.param(Spot(3, 100, 110, 20, 30), 1, id="the same columns"),
        pytest.param(Spot(3, 100, 110, 29, 40), 1, id="one column shared"),
        pytest.param(Spot(3, 100, 110, 30, 40), 1, id="only corners touch: 8-connected"),
        pytest.param(Spot(3, 100, 110, 31, 40), 2, id="a pixel between"),
        pytest.param(Spot(3, 101, 110, 20, 30), 2, id="not at the border"),
        pytest.param(Spot(2, 100, 110, 20, 30), 2, id="another class"),
    ],
)
def test_what_touches_along_the_strip(below: Spot, defects: int) -> None:
    coil = CoilScript()
    assert len(merged(coil.event(0, Spot(3, 90, 100, 20, 30)), coil.event(1, below))) == defects


@pytest.mark.parametrize(
    ("changes", "defects"),
    [
        pytest.param({}, 1, id="adjoining"),
        pytest.param({"frame_index": 2}, 2, id="not consecutive: a frame between is missing or clean"),
        pytest.param({"position_mm": 109.0}, 1, id="a gap of 9 % of a frame: the encoder's"),
        pytest.param({"position_mm": 111.0}, 2, id="a gap of 11 %"),
        pytest.param({"position_mm": 91.0}, 1, id="9 % seen twice"),
        pytest.param({"position_mm": 89.0}, 2, id="11 % seen twice"),
        pytest.param({"offset_mm": 0.4}, 1, id="shifted by less than half a pixel"),
        pytest.param({"camera_id": "cam-9", "offset_mm": 5000.0}, 2, id="another camera's"),
    ],
)
def test_which_frames_adjoin(changes: dict[str, object], defects: int) -> None:
    coil = CoilScript()
    above, below = Spot(3, 90, 100, 20, 30), Spot(3, 100, 110, 30, 40)
    following = coil.event(1, below).model_copy(update=changes)
    assert len(merged(coil.event(0, above), following)) == defects


def test_a_defect_of_3000_frames_is_one() -> None:
    coil = CoilScript()
    scratch = Spot(3, 0, 300_000, 40, 41)
    (defect,) = merged(*(coil.event(index, scratch) for index in range(3000)))
    assert (defect.frames, defect.regions, defect.length_mm, defect.area_mm2) == (3000, 3000, 3e5, 3e5)
    assert (defect.first_frame_index, defect.last_frame_index) == (0, 2999)


def test_branches_that_meet_further_on_are_one_defect() -> None:
    coil = CoilScript()
    fork = [Spot(3, 0, 200, 10, 20), Spot(3, 0, 200, 50, 60), Spot(3, 200, 210, 10, 60)]
    (defect,) = merged(coil.event(0, *fork[:2]), coil.event(1, *fork[:2]), coil.event(2, fork[2]))
    assert (defect.frames, defect.regions) == (3, 5)


def test_a_class_without_a_name_gets_its_number() -> None:
    (defect,) = merge(frames([CoilScript().event(0, Spot(9, 1, 2, 3, 4))]), {})
    assert defect.class_name == "class 9"


HEIGHT_PX, WIDTH_PX = 4, 9
strips = st.integers(1, 5).flatmap(
    lambda n: arrays(np.uint8, (n * HEIGHT_PX, WIDTH_PX), elements=st.integers(0, 2))
)


@given(strips, st.randoms(use_true_random=False))
def test_merging_gives_what_labelling_the_whole_strip_gives(
    strip: NDArray[np.uint8], rng: random.Random
) -> None:
    coil = CoilScript(height_px=HEIGHT_PX, width_px=WIDTH_PX, mm_per_px=0.1)
    events = [
        coil.event_of(i, _components(coil, part, i))
        for i, part in enumerate(np.split(strip, len(strip) // HEIGHT_PX))
    ]
    found = merged(*rng.sample(events, len(events)))
    expected = sorted(box for class_id in (1, 2) for box in _boxes(strip == class_id, class_id))
    assert sorted(map(_in_pixels, found)) == expected


def _components(coil: CoilScript, part: NDArray[np.uint8], index: int) -> tuple[DefectRegion, ...]:
    return tuple(
        coil.region_of(class_id, component, index)
        for class_id in (1, 2)
        for component in _labelled(part == class_id)
    )


def _labelled(mask: Mask) -> list[Mask]:
    count, labels = cv2.connectedComponents(mask.astype(np.uint8), connectivity=8)
    return [labels == label for label in range(1, count)]


def _boxes(mask: Mask, class_id: int) -> list[tuple[int, ...]]:
    """Class, box and area in pixels of each component."""
    found = []
    for component in _labelled(mask):
        rows, cols = np.nonzero(component)
        box = (rows.min(), rows.max() + 1, cols.min(), cols.max() + 1)
        found.append((class_id, *map(int, box), int(component.sum())))
    return found


def _in_pixels(defect: Defect) -> tuple[int, ...]:
    box = (defect.along_min_mm, defect.along_max_mm, defect.across_min_mm, defect.across_max_mm)
    return (defect.class_id, *(round(side / 0.1) for side in box), round(defect.area_mm2 / 0.01))


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=20))
def test_sets_are_those_that_are_connected(pairs: list[tuple[int, int]]) -> None:
    sets, expected = UnionFind(10), [{i} for i in range(10)]
    for one, other in pairs:
        sets.join(one, other)
        whole = expected[one] | expected[other]
        for item in whole:
            expected[item] = whole
    assert {tuple(s) for s in sets.sets()} == {tuple(sorted(whole)) for whole in expected}


def test_a_long_chain_is_no_deep_recursion() -> None:
    sets = UnionFind(200_000)
    for item in range(199_999):
        sets.join(item + 1, item)
    assert sets.find(0) == sets.find(199_999)
    assert sum(1 for _ in sets.sets()) == 1
