from __future__ import annotations

import numpy as np
import pytest

from consumer.coils.drawing.strip_marks import MOST_TEETH, teeth
from consumer.coils.drawing.strip_raster import ACROSS, ALONG, StripCanvas, pixels
from model import rle
from tests.support.coils import CoilScript, Spot
from tests.support.grading import defect, mark

COIL = CoilScript(width_px=480, height_px=100)
"""480 mm wide: a cell is a millimetre across."""


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


def test_a_mask_lies_where_it_is_on_the_strip() -> None:
    canvas = StripCanvas(2000.0, 480.0)  # a cell is a millimetre each way
    canvas.add(COIL.event(3, Spot(1, 308, 324, 50, 100)))
    across, along = np.nonzero(canvas.by_class[1])
    assert (across.min(), across.max(), along.min(), along.max()) == (50, 99, 308, 323)
    assert canvas.by_class[1].sum() == 16 * 50


def test_a_masks_shape_is_kept() -> None:
    canvas = StripCanvas(2000.0, 480.0)
    mask = np.tri(100, 480, dtype=bool)
    canvas.add(COIL.event_of(0, (COIL.region_of(2, mask, 0),)))
    assert (mask == canvas.by_class[2][:, :100].T).all()


def test_a_pixel_larger_than_a_cell_leaves_no_gap() -> None:
    canvas = StripCanvas(200.0, 48.0)  # ten cells a pixel each way
    canvas.add(COIL.event(0, Spot(1, 10, 90, 4, 40)))
    across, along = np.nonzero(canvas.by_class[1])
    assert canvas.by_class[1].sum() == (across.max() - across.min() + 1) * (along.max() - along.min() + 1)
    assert (across.min(), across.max(), along.min(), along.max()) == (40, 399, 100, 899)


def test_what_lies_outside_the_strip_is_left_out() -> None:
    canvas = StripCanvas(150.0, 480.0)
    canvas.add(COIL.event(1, Spot(1, 100, 200, 0, 480)))
    assert canvas.by_class[1][:, -1].all()
    assert canvas.by_class[1].mean() == pytest.approx(1 / 3, abs=1e-3)


def test_a_long_coil_is_drawn_on_a_canvas_that_stays_small() -> None:
    canvas = StripCanvas(1_000_000.0, 480.0)
    canvas.add(COIL.event(9_999, Spot(1, 999_900, 1_000_000, 0, 480)))
    assert canvas.by_class[1].shape == (ACROSS, ALONG)
    assert canvas.by_class[1][:, -1].all()
    assert canvas.by_class[1].sum() == ACROSS


def test_a_defect_without_a_mask_is_its_box() -> None:
    canvas = StripCanvas(2000.0, 480.0)
    canvas.add(COIL.event(0, Spot(1, 0, 10, 0, 10)))
    there, gone = defect(1, 0, 0, length_mm=100, width_mm=100), defect(1, 500, 50, length_mm=7, width_mm=9)
    canvas.fill_gaps([there, gone])
    assert canvas.by_class[1].sum() == 10 * 10 + 7 * 9


def test_only_what_is_too_small_for_a_shape_is_a_speck() -> None:
    canvas = StripCanvas(20_000.0, 480.0)  # ten millimetres a cell along
    small, large = (
        defect(4, 100, 20, length_mm=20, width_mm=4),
        defect(4, 900, 20, length_mm=100, width_mm=40),
    )
    (speck,) = canvas.specks([small, large])
    assert (speck.class_id, speck.along_mm, speck.across_mm) == (4, 110.0, 22.0)


# --- a mark's comb ---


def test_a_combs_teeth_are_where_hits_are_expected() -> None:
    found = mark(period_mm=1000.0, phase_mm=250.0, first_mm=2240.0, last_mm=5260.0)
    teeth_mm, step = teeth(found, 10_000.0)
    assert (teeth_mm.tolist(), step) == ([2250.0, 3250.0, 4250.0, 5250.0], 1)


def test_a_mark_without_phase_begins_at_its_first_hit() -> None:
    teeth_mm, _ = teeth(mark(period_mm=1000.0, first_mm=700.0, last_mm=2700.0), 10_000.0)
    assert teeth_mm.tolist() == [700.0, 1700.0, 2700.0]


def test_on_a_long_coil_teeth_are_left_out_evenly() -> None:
    teeth_mm, step = teeth(mark(period_mm=1000.0, first_mm=0.0, last_mm=2e6), 2e6)
    assert step > 1
    assert len(teeth_mm) <= MOST_TEETH + 1
    assert set(np.diff(teeth_mm)) == {step * 1000.0}
