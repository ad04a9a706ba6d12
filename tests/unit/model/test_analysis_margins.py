"""How wide an area is drawn, measured on steel whose defects are known to the pixel."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from model.analysis import margins
from model.analysis.surroundings import DEPTHS_PX, Likeness, likeness, strip_columns, surface_of

HEIGHT_PX, WIDTH_PX = 256, 640
CENTRE = (128, 320)


def steel(seed: int = 1) -> NDArray[np.float32]:
    """Grained, and twice as bright on the right as on the left."""
    grain = np.random.default_rng(seed).normal(0, 6, (HEIGHT_PX, WIDTH_PX)).astype(np.float32)
    return np.linspace(70, 140, WIDTH_PX, dtype=np.float32) + cv2.GaussianBlur(grain, (0, 0), 1)


def disc(radius_px: int) -> NDArray[np.bool_]:
    rows, columns = np.ogrid[:HEIGHT_PX, :WIDTH_PX]
    return np.hypot(rows - CENTRE[0], columns - CENTRE[1]) <= radius_px


def measure(defect_px: int, mask_px: int) -> Likeness:
    pixels = steel()
    pixels[disc(defect_px)] -= 45
    mask = disc(mask_px)
    surface = surface_of(pixels.clip(0, 255).astype(np.uint8), mask)
    assert surface is not None
    found = likeness(surface, mask)
    assert found is not None
    return found


@pytest.mark.parametrize("margin_px", [0, 6, 12, 20])
def test_the_margin_of_a_known_defect_is_measured(margin_px: int) -> None:
    found = measure(40, 40 + margin_px)

    assert found.margin_px == pytest.approx(margin_px, abs=2)
    bare = max(0, 1 - (44 / (40 + margin_px)) ** 2)  # the windows see a defect 4 px away
    assert found.like_share == pytest.approx(0.95 * bare, abs=0.03)


def test_an_area_without_a_defect_is_like_its_surroundings() -> None:
    found = measure(0, 40)

    assert found.like_share > 0.88
    assert found.margin_px is None
    assert np.nanmax(found.gradient) < 1.5


def test_likeness_is_only_told_of_pixels_in_the_mask() -> None:
    found = measure(20, 40)

    assert not found.like[~disc(40)].any()
    assert not found.like[disc(18)].any()
    assert found.like[disc(38) & ~disc(26)].mean() > 0.85


def test_the_black_beside_the_strip_is_no_steel() -> None:
    pixels = steel().clip(0, 255).astype(np.uint8)
    pixels[:, :100] = 2
    pixels[:, 300:310] = 0  # a black defect is still on the strip

    assert np.flatnonzero(strip_columns(pixels)).tolist() == list(range(100, WIDTH_PX))
    surface = surface_of(pixels, beside := np.zeros(pixels.shape, np.bool_))
    assert surface is not None
    beside[:, 20:80] = True
    assert likeness(surface, beside) is None


def test_what_cannot_be_compared_is_not_measured() -> None:
    black = np.zeros((HEIGHT_PX, WIDTH_PX), np.uint8)
    everywhere = np.ones(black.shape, np.bool_)

    assert surface_of(black, ~everywhere) is None
    assert surface_of(steel().astype(np.uint8), everywhere) is None


def test_figures_by_class_stand_beside_clean_steel() -> None:
    def of(class_id: int, found: Likeness) -> margins.Measured:
        return margins.measured("a.jpg", class_id, "train.csv:2", found)

    bare, tight, wide = measure(0, 40), measure(40, 40), measure(40, 52)

    told = margins.describe([of(1, tight), of(1, tight), of(1, bare), *[of(2, wide)] * 5], [of(1, bare)])

    assert set(told) == {"1", "2"}
    assert told["1"]["masks"] == 3
    assert told["1"]["no_different_from_clean"] == 1
    assert told["1"]["masks_with_an_edge"] == 2
    assert told["1"]["like_share"][1] == round(tight.like_share, 4)
    assert told["1"]["bare_share_at_most"] < 0.5
    assert told["1"]["rises_at_px"] is None  # three masks are too few to pool
    assert told["2"]["rises_at_px"] == pytest.approx(12, abs=3)
    assert told["2"]["like_share_on_clean_steel"] is None
    assert told["2"]["no_different_from_clean"] is None
    assert len(told["1"]["by_depth"]["gradient"]) == DEPTHS_PX.size
