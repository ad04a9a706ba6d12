"""Frames in memory: labels at the bundle's size, boxes as unknown, and what is held out."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from model.frames.frames import UNKNOWN, FrameEntry, class_map, decode, half_size, ids_sha256, load, split
from model.frames.layout import read_layout
from model.frames.reading import read_frames
from model.images import decode_grey
from tests.support.layouts import CLASSES, SPEC, listed_layout

FULL = SPEC.model_copy(update={"reduce": 1})


@pytest.fixture
def entries(tmp_path: Path) -> dict[str, FrameEntry]:
    return {e.image_id: e for e in read_layout(listed_layout(tmp_path))}


def test_masks_and_boxes_lie_at_half_their_coordinates(entries: dict[str, FrameEntry]) -> None:
    expected = np.zeros((16, 32), np.uint8)
    expected[2:6, 4:12] = 1
    expected[8:14, 20:22] = 2
    np.testing.assert_array_equal(class_map(entries["b.jpg"], SPEC), expected)
    expected = np.zeros((16, 32), np.uint8)
    expected[4:10, 5:15] = UNKNOWN
    expected[0:2, 0:2] = UNKNOWN
    np.testing.assert_array_equal(class_map(entries["d.jpg"], SPEC), expected)
    assert not class_map(entries["c.jpg"], SPEC).any()


def test_at_full_size_they_lie_where_they_are(entries: dict[str, FrameEntry]) -> None:
    expected = np.zeros((32, 64), np.uint8)
    expected[4:12, 8:24] = 1
    np.testing.assert_array_equal(class_map(entries["a.jpg"], FULL), expected)
    assert load(entries["a.jpg"], FULL).pixels.shape == (32, 64)


def test_a_frame_is_loaded_as_the_line_decodes_it(entries: dict[str, FrameEntry]) -> None:
    frame = load(entries["d.jpg"], SPEC)

    encoded = entries["d.jpg"].path.read_bytes()
    np.testing.assert_array_equal(frame.pixels, decode_grey(encoded, width_px=64, height_px=32, reduce=2))
    assert frame.defective
    assert frame.boxes_by_class == {2: ((8, 10, 19, 29), (0, 0, 3, 3))}
    assert frame.area_px_by_class == {2: 100}
    assert not load(entries["c.jpg"], SPEC).defective


def test_a_marked_corner_shows_what_is_beside_it(tmp_path: Path) -> None:
    spec = SPEC.model_copy(update={"width_px": 320, "height_px": 64})
    grey = np.add.outer(np.arange(64), np.arange(320) // 2).astype(np.uint8)
    path = tmp_path / "p.png"
    path.write_bytes(cv2.imencode(".png", grey)[1].tobytes())
    entry = FrameEntry(
        image_id="p", path=path, truth="clean", fold=None, classes=(), marked_corner=True, only_trains=True
    )

    marked, whole = decode(entry, spec), decode(replace(entry, marked_corner=False), spec)

    np.testing.assert_array_equal(marked[:21, :40], whole[:21, 40:80])
    np.testing.assert_array_equal(marked[21:], whole[21:])
    np.testing.assert_array_equal(marked[:, 40:], whole[:, 40:])


@pytest.mark.parametrize("held_out", [0, 1, 2])
def test_a_split_learns_from_everything_but_the_held_out_fold(tmp_path: Path, held_out: int) -> None:
    made = read_frames(listed_layout(tmp_path), SPEC, CLASSES).split(held_out)

    folds = {"a.jpg": 0, "b.jpg": 1, "c.jpg": 1, "d.jpg": 2, "e.jpg": 0}
    assert [f.image_id for f in made.train] == [i for i, fold in folds.items() if fold != held_out]
    assert [f.image_id for f in made.judged] == [i for i, fold in folds.items() if fold == held_out]
    assert made.described["held_out_fold"] == held_out
    assert made.described["judged_by"]["frames"] == len(made.judged)


def test_what_is_judged_has_its_masks_at_full_size(tmp_path: Path) -> None:
    held_out = {f.image_id: f for f in split(read_layout(listed_layout(tmp_path)), 1, SPEC).judged}

    masks = held_out["b.jpg"].masks
    assert {c: (m.shape, int(m.sum())) for c, m in masks.items()} == {1: ((32, 64), 128), 2: ((32, 64), 48)}
    assert held_out["b.jpg"].pixels.shape == (16, 32)
    assert held_out["c.jpg"].masks == {}


def test_a_card_hears_how_many_of_which(tmp_path: Path) -> None:
    entries = read_layout(listed_layout(tmp_path))

    assert split(entries, 0, SPEC).described == {
        "held_out_fold": 0,
        "held_out_sha256": ids_sha256([entries[4], entries[0]]),
        "learnt_from": {
            "frames": 3,
            "by_truth": {"mask": 1, "boxes": 1, "clean": 1},
            "by_class": {"1": 1, "2": 2},
        },
        "judged_by": {"frames": 2, "by_truth": {"mask": 1, "boxes": 0, "clean": 1}, "by_class": {"1": 1}},
    }


def test_half_size_keeps_a_pixel_that_is_half_covered() -> None:
    mask = np.array([[1, 0, 1, 0], [1, 0, 0, 0]], np.bool_)
    assert half_size(mask).tolist() == [[True, False]]


@given(arrays.arrays(np.bool_, st.tuples(st.sampled_from([2, 4, 8]), st.sampled_from([2, 6, 10]))))
def test_half_size_counts_the_four_pixels_under_each(mask: np.ndarray) -> None:
    """Whatever the memory's order: codes are decoded column by column."""
    rows, columns = mask.shape
    slow = [[mask[r : r + 2, c : c + 2].sum() >= 2 for c in range(0, columns, 2)] for r in range(0, rows, 2)]
    assert half_size(mask).tolist() == slow
    assert half_size(np.asfortranarray(mask)).tolist() == slow
