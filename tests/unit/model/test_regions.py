"""Post-processing: what a segmenter's probabilities become."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model import rle
from model.regions import RegionFinder, class_masks
from tests.support.bundles import rule, whole_card

WIDTH_PX, HEIGHT_PX = 320, 64
CELL_PX = 8
ROWS, COLS = HEIGHT_PX // CELL_PX, WIDTH_PX // CELL_PX


def finder(
    *,
    thresholds: Sequence[float] = (0.5,) * 4,
    bottoms: Sequence[float | None] = (None,) * 4,
    min_area_px: Sequence[int] = (1,) * 4,
) -> RegionFinder:
    spec = whole_card(name="regions", width_px=WIDTH_PX, height_px=HEIGHT_PX).input
    rules = [rule(*each) for each in zip(thresholds, bottoms, min_area_px, strict=True)]
    return RegionFinder(spec, (1, 2, 3, 4), rules)


def nothing() -> np.ndarray:
    return np.zeros((4, ROWS, COLS), np.float32)


def test_a_clean_frame_has_no_regions() -> None:
    assert finder().find(nothing()) == ()


def test_one_block_is_one_region_at_full_size() -> None:
    probabilities = nothing()
    probabilities[2, 2:4, 10:15] = 0.8

    (region,) = finder(thresholds=(0.4,) * 4).find(probabilities)

    assert region.class_id == 3
    assert (region.row_min, region.row_max) == (16, 31)
    assert (region.col_min, region.col_max) == (80, 119)
    mask = rle.decode(region.rle, HEIGHT_PX, WIDTH_PX)
    assert mask.sum() == region.area_px
    assert mask[20:28, 85:115].all()
    assert not mask[:16].any()
    assert 0.4 <= region.score <= 0.8


def test_score_is_the_mean_probability_over_the_region() -> None:
    probabilities = np.full((4, HEIGHT_PX, WIDTH_PX), 0.1, np.float32)
    probabilities[0, 5, 5], probabilities[0, 5, 6] = 0.6, 0.9

    (region,) = finder().find(probabilities)

    assert region.area_px == 2
    assert region.score == pytest.approx(0.75)


def test_pixels_that_touch_at_a_corner_are_one_region() -> None:
    probabilities = np.zeros((4, HEIGHT_PX, WIDTH_PX), np.float32)
    probabilities[0, 5, 5] = probabilities[0, 6, 6] = 1.0

    (region,) = finder().find(probabilities)

    assert region.area_px == 2


def test_regions_come_by_class_and_then_by_size() -> None:
    probabilities = np.zeros((4, HEIGHT_PX, WIDTH_PX), np.float32)
    probabilities[3, 0, 0] = 1.0
    probabilities[1, 10, 10:12] = 1.0
    probabilities[1, 20, 20:25] = 1.0

    found = finder().find(probabilities)

    assert [(region.class_id, region.area_px) for region in found] == [(2, 5), (2, 2), (4, 1)]


def test_a_pixel_belongs_to_the_most_probable_class_above_its_own_threshold() -> None:
    probabilities = np.zeros((4, HEIGHT_PX, WIDTH_PX), np.float32)
    probabilities[0, :, 0:30] = 0.55
    probabilities[1, :, 10:40] = 0.6
    probabilities[2, :, :] = 0.69  # the most probable everywhere, but below its threshold
    masks = class_masks(finder(thresholds=(0.5, 0.5, 0.7, 0.5)).find(probabilities), HEIGHT_PX, WIDTH_PX)

    assert set(masks) == {1, 2}
    assert masks[1][:, :10].all()
    assert not masks[1][:, 10:].any()
    assert masks[2][:, 10:40].all()
    assert not masks[2][:, :10].any()


def test_the_least_area_is_of_the_whole_class_not_of_a_region() -> None:
    probabilities = np.zeros((4, HEIGHT_PX, WIDTH_PX), np.float32)
    probabilities[0, 5, 0:6] = probabilities[0, 20, 0:4] = 1.0  # ten pixels in two regions
    probabilities[1, 40, 0:9] = 1.0  # nine pixels

    found = finder(min_area_px=(10, 10, 10, 10)).find(probabilities)

    assert [(region.class_id, region.area_px) for region in found] == [(1, 6), (1, 4)]


def test_a_class_that_loses_all_its_pixels_to_another_has_no_region() -> None:
    probabilities = np.zeros((4, HEIGHT_PX, WIDTH_PX), np.float32)
    probabilities[0, 5, 0:12] = 0.6
    probabilities[1, 5, 0:12] = 0.9

    assert [region.class_id for region in finder().find(probabilities)] == [2]


def test_a_class_that_is_not_there_takes_no_pixels_from_one_that_is() -> None:
    probabilities = np.zeros((4, HEIGHT_PX, WIDTH_PX), np.float32)
    probabilities[0, 5, 0:12] = 0.6
    probabilities[1, 5, 0:5] = 0.9

    found = finder(min_area_px=(10, 6, 1, 1)).find(probabilities)

    assert [(region.class_id, region.area_px) for region in found] == [(1, 12)]


def test_a_class_is_there_by_its_top_threshold_and_as_large_as_its_bottom_one() -> None:
    probabilities = np.zeros((4, HEIGHT_PX, WIDTH_PX), np.float32)
    probabilities[0, 5, 0:50], probabilities[0, 5, 20:30] = 0.4, 0.8  # ten sure pixels in fifty
    probabilities[1, 20, 0:50], probabilities[1, 20, 20:29] = 0.4, 0.8  # nine

    found = finder(thresholds=(0.7,) * 4, bottoms=(0.3,) * 4, min_area_px=(10,) * 4).find(probabilities)

    assert [(region.class_id, region.area_px) for region in found] == [(1, 50)]


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(0.3, 0.9))
def test_regions_are_disjoint_and_sum_to_their_masks(seed: int, threshold: float) -> None:
    probabilities = np.random.default_rng(seed).random((4, ROWS, COLS), np.float32)

    found = finder(thresholds=(threshold,) * 4).find(probabilities)

    covered = np.zeros((HEIGHT_PX, WIDTH_PX), int)
    for region in found:
        mask = rle.decode(region.rle, HEIGHT_PX, WIDTH_PX)
        rows, cols = np.nonzero(mask)
        assert mask.sum() == region.area_px
        assert (rows.min(), rows.max()) == (region.row_min, region.row_max)
        assert (cols.min(), cols.max()) == (region.col_min, region.col_max)
        assert threshold - 1e-6 <= region.score <= 1
        covered += mask
    assert covered.max(initial=0) <= 1


def test_more_regions_than_sixteen_bits_can_number() -> None:
    big = whole_card(name="many", width_px=1088, height_px=256)
    probabilities = np.zeros((4, 256, 1088), np.float32)
    probabilities[0, ::2, ::2] = 1.0

    assert len(RegionFinder(big.input, (1, 2, 3, 4), (rule(),) * 4).find(probabilities)) == 128 * 544 > 2**16


def test_a_segmenter_that_gives_nan_has_failed() -> None:
    probabilities = nothing()
    probabilities[1, 3, 3] = np.nan

    with pytest.raises(RuntimeError, match="the segmenter gave"):
        finder().find(probabilities)


@pytest.mark.parametrize("shape", [(3, ROWS, COLS), (1, 4, ROWS, COLS), (ROWS, COLS)])
def test_probabilities_of_other_classes_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="4 classes"):
        finder().find(np.zeros(shape, np.float32))
