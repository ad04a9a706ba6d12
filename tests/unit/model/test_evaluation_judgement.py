"""One frame against its truth, by hand, on a 20x40 frame."""

from __future__ import annotations

import numpy as np
import pytest

from model import rle
from model.evaluation.judgement import FrameLabel, Judgement, judge_frame, parts_of, sample_of
from model.frames.frames import JudgedFrame, Truth
from model.inspector import FrameResult, Region

SIZE = (20, 40)
CLASSES = (1, 2, 3)

Where = tuple[slice, slice]


def mask(*where: Where) -> np.ndarray:
    made = np.zeros(SIZE, np.bool_)
    for one in where:
        made[one] = True
    return made


def region(class_id: int, *where: Where) -> Region:
    made = mask(*where)
    return Region(
        class_id=class_id,
        score=0.9,
        area_px=int(made.sum()),
        row_min=0,
        col_min=0,
        row_max=SIZE[0] - 1,
        col_max=SIZE[1] - 1,
        rle=rle.encode(made),
    )


def judged(truth: Truth, masks: dict[int, np.ndarray], *regions: Region) -> Judgement:
    frame = JudgedFrame(image_id="x", truth=truth, pixels=np.zeros((1, 1), np.uint8), masks=masks)
    result = FrameResult(gate_score=0.7, defective=True, regions=regions)
    return judge_frame(result, frame, CLASSES, SIZE)


LEFT, HALF_LEFT = (slice(0, 10), slice(0, 10)), (slice(0, 5), slice(0, 10))
RIGHT = (slice(0, 10), slice(30, 40))


def test_overlaps_count_pixels_and_empty_pairs_count_one() -> None:
    one = judged("mask", {1: mask(LEFT), 2: mask(RIGHT)}, region(1, HALF_LEFT), region(3, RIGHT))
    assert one.overlaps is not None
    assert one.overlaps[1].dice == pytest.approx(2 * 50 / 150)
    assert (one.overlaps[2].true_px, one.overlaps[2].found_px, one.overlaps[2].dice) == (100, 0, 0.0)
    assert one.overlaps[3].dice == 0.0
    assert one.positive_dice == pytest.approx((2 * 50 / 150 + 0) / 2)
    assert one.found_classes == {1, 3}


def test_regions_are_components_with_what_lies_under_them() -> None:
    one = judged("mask", {1: mask(LEFT, RIGHT)}, region(1, HALF_LEFT), region(2, RIGHT))
    assert [(r.area_px, r.on_px) for r in one.true_regions] == [(100, {1: 50}), (100, {2: 100})]
    assert [(r.class_id, r.area_px, r.on_px) for r in one.found_regions] == [
        (1, 50, {1: 50}),
        (2, 100, {1: 100}),
    ]


def test_touching_corners_are_one_region() -> None:
    one = judged("mask", {1: mask((slice(0, 5), slice(0, 5)), (slice(5, 10), slice(5, 10)))})
    assert [r.area_px for r in one.true_regions] == [50]


def test_frames_with_boxes_only_judge_the_gate_alone() -> None:
    one = judged("boxes", {}, region(1, LEFT))
    assert one.overlaps is None
    assert one.found_regions == ()
    assert one.positive_dice is None


def test_a_clean_frame_has_no_positive_dice() -> None:
    one = judged("clean", {}, region(3, LEFT))
    assert one.positive_dice is None
    assert one.found_classes == {3}


def test_groups_stay_in_one_part_and_in_one_draw() -> None:
    part = parts_of(["b", "a", "b", "c", "a"], 2)
    assert part.tolist() == [1, 0, 1, 0, 0]
    labels = [FrameLabel(image_id=str(i), group=g, fold=0, truth="mask") for i, g in enumerate("bab")]
    drawn = sample_of(labels).resampled(50)
    assert (drawn[:, 0] == drawn[:, 2]).all()
