from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from matplotlib.colors import to_rgb

from contracts.results import Fate
from local.strip_map import colour_of, counts, draw_strip_map
from local.strip_raster import pixels, rasterise
from local.summary import summarise
from model import rle
from tests.support.coil_run import (
    FRAME_MM,
    HEIGHT_PX,
    MM_PER_PX,
    WIDTH_PX,
    ended,
    event,
    inspection,
    observed,
    sent,
    started,
)

WIDTH_MM = WIDTH_PX * MM_PER_PX


@pytest.mark.parametrize("seed", range(5))
def test_pixels_are_those_of_the_mask(seed: int) -> None:
    mask = np.random.default_rng(seed).random((7, 11)) < 0.5
    mask[:, 3:5] = True  # a run over a column's end
    rows, cols = pixels(rle.encode(mask), 7)
    again = np.zeros_like(mask)
    again[rows, cols] = True
    assert (again == mask).all()
    assert rows.size == mask.sum()


def test_no_pixels_of_an_empty_mask() -> None:
    rows, cols = pixels("", 7)
    assert rows.size == cols.size == 0


def test_a_region_lies_where_it_is_on_the_strip() -> None:
    raster = rasterise([event(2, (1, (8, 24), (50, 100)))], length_mm=4 * FRAME_MM, width_mm=WIDTH_MM)
    assert raster.shape == (WIDTH_PX, 4 * HEIGHT_PX)
    across, along = np.nonzero(raster.by_class[1])
    assert (across.min(), across.max()) == (50, 99)
    assert (along.min(), along.max()) == (2 * HEIGHT_PX + 8, 2 * HEIGHT_PX + 23)
    assert raster.specks == ()


def test_a_tiny_region_becomes_a_speck_in_its_middle() -> None:
    raster = rasterise([event(1, (4, (10, 12), (20, 22)))], length_mm=4 * FRAME_MM, width_mm=WIDTH_MM)
    (speck,) = raster.specks
    assert (speck.class_id, speck.along_mm, speck.across_mm) == (4, FRAME_MM + 5.5, 10.5)


def test_a_long_coil_is_drawn_on_a_canvas_that_stays_small() -> None:
    raster = rasterise([event(9_999, (1, (0, 32), (0, 200)))], length_mm=10_000 * FRAME_MM, width_mm=WIDTH_MM)
    assert raster.shape == (WIDTH_PX, 2000)
    assert raster.by_class[1][:, -1].all()
    assert raster.by_class[1].sum() == WIDTH_PX


def test_the_map_shows_the_defect_in_its_colour(tmp_path: Path) -> None:
    run = observed(
        started(),
        *(inspection(index, Fate.DEFECTIVE if index == 3 else Fate.CLEAN) for index in range(8)),
        event(3, (2, (0, 32), (0, 200))),
        ended({"top": 9}),
    )
    coil = run.coils["C1"]
    path = tmp_path / "map.png"
    draw_strip_map(
        coil, summarise(coil), [sent(index, *([2] if index == 3 else [])) for index in range(9)], path
    )
    picture = cv2.imread(str(path))
    assert picture is not None
    colour = np.round(np.array(to_rgb(colour_of(2))[::-1]) * 255)
    drawn = (np.abs(picture.astype(float) - colour).max(axis=2) < 2).mean()
    assert 0.02 < drawn < 0.12  # a ninth of the strip, and its patch in the legend


def test_a_coil_without_defects_or_truth_has_a_map(tmp_path: Path) -> None:
    coil = observed(inspection(0), ended({"top": 1})).coils["C1"]
    draw_strip_map(coil, summarise(coil), [], tmp_path / "map.png")
    assert (tmp_path / "map.png").stat().st_size > 5_000


def test_the_line_of_counts_names_what_is_not_clean() -> None:
    run = observed(inspection(0), inspection(1, Fate.DEAD_LETTERED), ended({"top": 3}))
    said = counts(summarise(run.coils["C1"])).split("   ·   ")
    assert said == ["line-1", "3 frames", "1 clean", "0 defective", "1 dead-lettered", "1 missing"]
