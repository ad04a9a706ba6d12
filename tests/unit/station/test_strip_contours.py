"""A region's outline, held against its whole mask."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model import rle
from station.strip.contours import MOST_POINTS, contours

HEIGHT_PX, WIDTH_PX = 64, 96


@st.composite
def masks(draw: st.DrawFn) -> np.ndarray:
    mask = np.zeros((HEIGHT_PX, WIDTH_PX), np.uint8)
    for _ in range(draw(st.integers(1, 4))):
        centre = (draw(st.integers(0, WIDTH_PX - 1)), draw(st.integers(0, HEIGHT_PX - 1)))
        axes = (draw(st.integers(0, 40)), draw(st.integers(0, 20)))
        cv2.ellipse(mask, centre, axes, draw(st.integers(0, 180)), 0, 360, 1, -1)
    return mask.astype(np.bool_)


@given(masks())
def test_its_points_lie_on_the_mask_and_are_few(mask: np.ndarray) -> None:
    points = contours(rle.encode(mask), HEIGHT_PX, WIDTH_PX)
    assert points.dtype == np.int16
    assert 1 <= len(points) <= MOST_POINTS
    assert mask[points[:, 1], points[:, 0]].all()


@given(masks())
def test_it_is_the_ring_that_the_whole_mask_has(mask: np.ndarray) -> None:
    rings, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    points = {tuple(point) for point in contours(rle.encode(mask), HEIGHT_PX, WIDTH_PX).tolist()}
    largest = max(map(cv2.contourArea, rings))
    on_rings = [ring for ring in rings if points <= {tuple(p) for p in ring[:, 0].tolist()}]
    assert any(cv2.contourArea(ring) == largest for ring in on_rings)


def test_a_disc_is_drawn_within_a_pixel() -> None:
    mask = np.zeros((256, 1600), np.uint8)
    cv2.circle(mask, (900, 120), 30, 1, -1)
    points = contours(rle.encode(mask.astype(np.bool_)), 256, 1600)
    drawn = np.zeros_like(mask)
    cv2.fillPoly(drawn, [points.astype(np.int32)], 1)
    edge = cv2.dilate(mask, np.ones((3, 3))) - cv2.erode(mask, np.ones((3, 3)))
    assert not ((drawn != mask) & (edge == 0)).any()


@pytest.mark.parametrize(
    ("code", "points"),
    [
        ("5 1", [[0, 4]]),
        ("1 4 65 4 129 4 193 4", [[0, 0], [3, 0], [3, 3], [0, 3]]),
        ("64 2", [[0, 63]]),  # ends one column, begins the next: two parts, neither larger
        (f"1 {HEIGHT_PX * WIDTH_PX}", [[0, 0], [95, 0], [95, 63], [0, 63]]),
    ],
    ids=["a pixel", "a square", "across a column's end", "all of the frame"],
)
def test_small_ones(code: str, points: list[list[int]]) -> None:
    found = contours(code, HEIGHT_PX, WIDTH_PX).tolist()
    assert sorted(found) == sorted(points) or (code == "64 2" and found in ([[0, 63]], [[1, 0]]))


@pytest.mark.parametrize(
    "code",
    [
        "", " ", "1", "0 3", "3 0", "1 2 2 2", "9 2 1 2", "6144 2", "-1 3", "1,3", "\u0661 \u0662", "1.5 2",
        "x", "9" * 5000 + " 1", "1 " + "9" * 30,
    ],
)  # fmt: skip
def test_what_is_no_code_has_no_outline(code: str) -> None:
    assert contours(code, HEIGHT_PX, WIDTH_PX).shape == (0, 2)


@given(st.lists(st.integers(0, 6200) | st.integers(0, 40), max_size=8))
def test_it_refuses_what_decoding_refuses(numbers: list[int]) -> None:
    code = " ".join(map(str, numbers))
    try:
        empty = not rle.decode(code, HEIGHT_PX, WIDTH_PX).any()
    except ValueError:
        empty = True
    assert (len(contours(code, HEIGHT_PX, WIDTH_PX)) == 0) == empty


def test_a_giant_mask_is_left_to_its_box() -> None:
    assert len(contours(f"1 {16_384 * 16_384}", 16_384, 16_384)) == 0
    assert len(contours("1 16384", 16_384, 16_384)) == 2
