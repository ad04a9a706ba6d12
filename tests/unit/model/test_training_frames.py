"""Reading the Severstal layout: labels at half size, boxes as unknown, folds, and what must stay out."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from model import rle
from model.training.frames import UNKNOWN, class_map, half_size, load, read_layout

MASK = np.zeros((256, 1600), np.bool_)
MASK[100:120, 400:440] = True


@pytest.fixture
def layout(tmp_path: Path) -> Path:
    (tmp_path / "images").mkdir()
    (tmp_path / "extra").mkdir()
    grey = np.tile(np.linspace(40, 200, 1600).astype(np.uint8), (256, 1))
    for name in ("images/a.jpg", "images/b.jpg", "images/c.jpg", "extra/d.png"):
        cv2.imwrite(str(tmp_path / name), grey)
    (tmp_path / "frames.csv").write_text(
        "ImageId,truth,group,fold,classes\na.jpg,mask,a,0,2\nb.jpg,boxes,b,3,3 4\nc.jpg,clean,c,1,\n"
    )
    (tmp_path / "train.csv").write_text(f"ImageId,ClassId,EncodedPixels\na.jpg,2,{rle.encode(MASK)}\n")
    (tmp_path / "boxes.csv").write_text(
        'ImageId,bboxes\na.jpg,"[[100, 400, 119, 439]]"\nb.jpg,"[[10, 20, 29, 59]]"\n'
    )
    (tmp_path / "extra.csv").write_text(
        "file,ImageId,truth,classes,note\nd.png,d.jpg,clean,,a printed panel; leave that corner out\n"
    )
    return tmp_path


def test_every_row_becomes_a_frame_with_its_truth_and_fold(layout: Path) -> None:
    entries = {e.image_id: e for e in read_layout(layout)}
    assert {k: (e.truth, e.fold, e.classes) for k, e in entries.items()} == {
        "a.jpg": ("mask", 0, (2,)),
        "b.jpg": ("boxes", 3, (3, 4)),
        "c.jpg": ("clean", 1, ()),
        "d.jpg": ("clean", None, ()),
    }


def test_masks_and_boxes_lie_at_half_their_coordinates(layout: Path) -> None:
    masked, boxed, clean, _ = read_layout(layout)
    expected = np.zeros((128, 800), np.uint8)
    expected[50:60, 200:220] = 2
    np.testing.assert_array_equal(class_map(masked), expected)
    expected = np.zeros((128, 800), np.uint8)
    expected[5:15, 10:30] = UNKNOWN
    np.testing.assert_array_equal(class_map(boxed), expected)
    assert not class_map(clean).any()


def test_pixels_come_at_half_size_and_a_marked_corner_shows_what_is_beside_it(layout: Path) -> None:
    frames = {e.image_id: load(e) for e in read_layout(layout)}
    assert frames["a.jpg"].pixels.shape == (128, 800)
    assert not frames["d.jpg"].defective
    np.testing.assert_array_equal(frames["d.jpg"].pixels[:21, :40], frames["d.jpg"].pixels[:21, 40:80])


def test_an_unknown_truth_is_refused(layout: Path) -> None:
    (layout / "frames.csv").write_text("ImageId,truth,group,fold,classes\na.jpg,perhaps,a,0,2\n")
    with pytest.raises(ValueError, match=r"'perhaps' for a\.jpg"):
        read_layout(layout)


def test_half_size_keeps_a_pixel_that_is_half_covered() -> None:
    mask = np.array([[1, 0, 1, 0], [1, 0, 0, 0]], np.bool_)
    assert half_size(mask).tolist() == [[True, False]]
