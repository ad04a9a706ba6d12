"""What a roll presses into the synthetic strip: the same at each turn, exact in the truth, nowhere else."""

from __future__ import annotations

import numpy as np
import pytest

from model.synthesis import HEIGHT_PX, SyntheticStrip
from model.synthesis_stamps import STAMP_CLASSES, Hit, draw_stamp

every_class = pytest.mark.parametrize("class_id", STAMP_CLASSES)
CLEAN = SyntheticStrip(7, 0.0)  # steel from column 0 on


def difference(index: int, *hits: Hit) -> np.ndarray:
    """(H, W) bool: what the hits change on a clean frame."""
    return CLEAN.frame(index, hits).pixels != CLEAN.frame(index).pixels


@every_class
def test_a_stamp_changes_what_its_mask_says_and_nothing_else(class_id: int) -> None:
    stamp = draw_stamp(class_id)
    hit = Hit(stamp=stamp, row_px=HEIGHT_PX + 12, column_px=600)
    frame = CLEAN.frame(1, [hit])
    height, width = stamp.shape.shape

    assert set(frame.masks) == {class_id}
    assert frame.defective
    np.testing.assert_array_equal(frame.masks[class_id][12 : 12 + height, 600 : 600 + width], stamp.shape)
    assert frame.masks[class_id].sum() == stamp.shape.sum()
    changed = difference(1, hit)
    assert not (changed & ~frame.masks[class_id]).any()
    assert changed.sum() > 0.5 * stamp.shape.sum()


@every_class
def test_both_frames_of_a_border_show_one_picture(class_id: int) -> None:
    stamp = draw_stamp(class_id)
    hit = Hit(stamp=stamp, row_px=HEIGHT_PX - 30, column_px=600)
    above, below = (CLEAN.frame(index, [hit]).masks[class_id] for index in (0, 1))
    together = np.concatenate([above, below])
    height, width = stamp.shape.shape

    rows = slice(HEIGHT_PX - 30, HEIGHT_PX - 30 + height)
    np.testing.assert_array_equal(together[rows, 600 : 600 + width], stamp.shape)
    assert together.sum() == stamp.shape.sum()


@pytest.mark.parametrize(
    ("row_px", "column_px"),
    [(-500, 600), (2 * HEIGHT_PX, 600), (20, -400), (20, 1600)],
    ids=["before", "behind", "left of it", "right of it"],
)
def test_a_hit_elsewhere_leaves_a_frame_as_it_is(row_px: int, column_px: int) -> None:
    hit = Hit(stamp=draw_stamp(1), row_px=row_px, column_px=column_px)

    assert not difference(0, hit).any()
    assert not CLEAN.frame(0, [hit]).defective


def test_a_hit_half_beside_the_frame_shows_the_other_half() -> None:
    stamp = draw_stamp(4)
    half = stamp.shape.shape[1] // 2
    mask = CLEAN.frame(0, [Hit(stamp=stamp, row_px=20, column_px=-half)]).masks[4]

    np.testing.assert_array_equal(
        mask[20 : 20 + stamp.shape.shape[0], : -half or None][:, : stamp.shape.shape[1] - half],
        stamp.shape[:, half:],
    )


def test_other_defects_stay_as_they_were_and_no_pixel_has_two_classes() -> None:
    strip = SyntheticStrip(11, 1.0, class_shares={3: 1})
    alone = strip.frame(0)
    hits = [Hit(stamp=draw_stamp(1), row_px=40, column_px=column) for column in range(0, 1600, 45)]
    stamped = strip.frame(0, hits)

    np.testing.assert_array_equal(stamped.masks[3], alone.masks[3])
    assert not (stamped.masks[1] & stamped.masks[3]).any()
    unstamped = ~stamped.masks[1] & alone.masks[3]
    np.testing.assert_array_equal(stamped.pixels[unstamped], alone.pixels[unstamped])


def test_a_stamp_of_the_frames_own_class_adds_to_its_mask() -> None:
    strip = SyntheticStrip(11, 1.0, class_shares={1: 1})
    own = strip.frame(0).masks[1]
    hit = Hit(stamp=draw_stamp(1), row_px=40, column_px=strip.steel_px[1] - 300)
    both = strip.frame(0, [hit]).masks[1]

    assert (both & own).sum() == own.sum()
    assert both.sum() > own.sum()


def test_a_class_without_a_stamp_is_no_key() -> None:
    with pytest.raises(KeyError):
        draw_stamp(9)
