"""Run-length codes against golden strings, against a slow reader, and there and back."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from model import rle
from tests.support.sources import ROOT

HEIGHT_PX, WIDTH_PX = 256, 1600
STORED: dict[str, Any] = json.loads((ROOT / "tests" / "golden" / "rle" / "cases.json").read_text())
MASKS = arrays.arrays(np.bool_, st.tuples(st.integers(1, 24), st.integers(1, 24)))

GOLDEN = [
    pytest.param(["...", "..."], "", id="empty"),
    pytest.param(["###", "###"], "1 6", id="full"),
    pytest.param(["#..", "..."], "1 1", id="first_pixel_is_one"),
    pytest.param(["...", "#.."], "2 1", id="down_before_across"),
    pytest.param(["..#", "..#"], "5 2", id="last_column"),
    pytest.param(["...", "..#"], "6 1", id="last_pixel"),
    pytest.param([".#.", "#.."], "2 2", id="run_over_two_columns"),
    pytest.param(["#.#", ".#."], "1 1 4 2", id="two_runs"),
]


def mask_of(rows: list[str]) -> np.ndarray:
    return np.array([[pixel == "#" for pixel in row] for row in rows])


def decode_slowly(code: str, height_px: int, width_px: int) -> np.ndarray:
    """The competition's definition, one pixel after another."""
    mask = np.zeros((height_px, width_px), np.bool_)
    numbers = [int(word) for word in code.split()]
    for start, length in zip(numbers[::2], numbers[1::2], strict=True):
        for pixel in range(start - 1, start - 1 + length):
            mask[pixel % height_px, pixel // height_px] = True
    return mask


@pytest.mark.parametrize(("rows", "code"), GOLDEN)
def test_golden_codes(rows: list[str], code: str) -> None:
    mask = mask_of(rows)

    assert rle.encode(mask) == code
    assert (rle.decode(code, *mask.shape) == mask).all()


def mask_of_boxes(boxes: list[list[int]]) -> np.ndarray:
    mask = np.zeros((HEIGHT_PX, WIDTH_PX), np.bool_)
    for row_min, col_min, row_max, col_max in boxes:
        mask[row_min : row_max + 1, col_min : col_max + 1] = True
    return mask


@pytest.mark.parametrize("case", STORED["cases"], ids=lambda case: case["name"])
def test_stored_codes_of_whole_frames(case: dict[str, Any]) -> None:
    mask = mask_of_boxes(case["boxes"])

    assert rle.encode(mask) == case["code"]
    assert (rle.decode(case["code"], HEIGHT_PX, WIDTH_PX) == mask).all()
    assert (decode_slowly(case["code"], HEIGHT_PX, WIDTH_PX) == mask).all()


@pytest.mark.parametrize("case", STORED["adjoining"], ids=lambda case: case["name"])
def test_stored_runs_that_adjoin_are_joined_when_written(case: dict[str, Any]) -> None:
    mask = rle.decode(case["code"], HEIGHT_PX, WIDTH_PX)

    assert (mask == rle.decode(case["joined"], HEIGHT_PX, WIDTH_PX)).all()
    assert rle.encode(mask) == case["joined"]


def decode_as_the_reference(code: str, height_px: int, width_px: int) -> np.ndarray:
    """The reference project's reader: 2 px too far down, each run 1 px too long."""
    flat = np.zeros(height_px * width_px, np.bool_)
    numbers = [int(word) for word in code.split()]
    for start, length in zip(numbers[::2], numbers[1::2], strict=True):
        flat[start + 1 : start + 1 + length + 1] = True
    return flat.reshape(width_px, height_px).T


@pytest.mark.parametrize("case", STORED["cases"], ids=lambda case: case["name"])
def test_the_references_reader_is_wrong_wherever_there_is_a_mask(case: dict[str, Any]) -> None:
    mask, wrong = mask_of_boxes(case["boxes"]), decode_as_the_reference(case["code"], HEIGHT_PX, WIDTH_PX)

    assert (wrong == mask).all() == (not case["code"])
    assert not (wrong[:2, 0]).any()  # no code can reach its first two pixels


def test_a_real_code_covers_the_pixels_it_names() -> None:
    """From train.csv, 0002cc93b.jpg, class 1, its first two runs: pixel 29102 is row 173 of column 113."""
    mask = rle.decode("29102 12 29346 24", 256, 1600)

    assert mask.shape == (256, 1600)
    assert mask.dtype == np.bool_
    assert mask.sum() == 36
    assert mask[173:185, 113].all()
    assert mask[161:185, 114].all()


@given(MASKS)
def test_there_and_back(mask: np.ndarray) -> None:
    code = rle.encode(mask)

    assert (rle.decode(code, *mask.shape) == mask).all()
    assert (decode_slowly(code, *mask.shape) == mask).all()


@given(MASKS, st.integers(0, 4), st.integers(0, 4), st.integers(0, 4))
def test_a_crop_is_coded_as_the_whole(crop: np.ndarray, above: int, left: int, below: int) -> None:
    whole = np.pad(crop, ((above, below), (left, 3)))

    assert rle.encode_crop(crop, row_px=above, col_px=left, height_px=whole.shape[0]) == rle.encode(whole)


@given(MASKS)
def test_memory_order_does_not_matter(mask: np.ndarray) -> None:
    assert rle.encode(np.asfortranarray(mask)) == rle.encode(mask) == rle.encode(mask[::-1][::-1])


@pytest.mark.parametrize("code", ["1 2 3 2", "1 4"], ids=["adjoining", "joined"])
def test_runs_may_adjoin(code: str) -> None:
    assert rle.decode(code, 5, 1)[:, 0].tolist() == [True, True, True, True, False]


@pytest.mark.parametrize(
    ("code", "message"),
    [
        pytest.param("1", "pairs", id="odd_count"),
        pytest.param("1 2 3", "pairs", id="odd_count_of_three"),
        pytest.param("0 2", "count from 1", id="start_of_zero"),
        pytest.param("1 0", "length 0", id="length_of_zero"),
        pytest.param("-1 2", "'-1'", id="negative_start"),
        pytest.param("1 -2", "'-2'", id="negative_length"),
        pytest.param("one 2", "'one'", id="word"),
        pytest.param("1.0 2", "'1.0'", id="fraction"),
        pytest.param("nan 2", "'nan'", id="nan"),
        pytest.param("\u0661 2", "whole number", id="digits_of_another_script"),
        pytest.param("16 1", "beyond", id="start_beyond"),
        pytest.param("15 2", "beyond", id="end_beyond"),
        pytest.param(f"1 {2**63}", "whole number", id="number_that_would_wrap"),
        pytest.param(f"{10**17} {10**17}", "beyond", id="large_numbers"),
        pytest.param("1 3 3 2", "before run 0 has ended", id="overlap"),
        pytest.param("5 2 1 2", "before run 0 has ended", id="backwards"),
        pytest.param("3 2 3 2", "before run 0 has ended", id="twice"),
    ],
)
def test_wrong_codes_are_refused_with_what_is_wrong(code: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        rle.decode(code, 3, 5)


def test_only_masks_of_two_dimensions_are_coded() -> None:
    with pytest.raises(ValueError, match="two dimensions"):
        rle.encode(np.zeros((2, 2, 1), np.bool_))


@pytest.mark.parametrize(("row", "col"), [(-1, 0), (0, -1), (2, 0)])
def test_a_crop_must_lie_inside_its_frame(row: int, col: int) -> None:
    with pytest.raises(ValueError, match="does not fit"):
        rle.encode_crop(np.ones((3, 3), np.bool_), row_px=row, col_px=col, height_px=4)
