"""A folder in the competition's layout, old and new, with and without frames.csv, becomes frame entries."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from model.frames.folds import FOLDS
from model.frames.layout import read_layout, write_frames
from model.frames.problems import FramesRefused
from model.frames.reading import read_frames
from tests.support.layouts import CLASSES, CRACK, PIT, SPEC, listed_layout, noise_jpeg, plain_layout


def test_every_row_of_frames_csv_becomes_an_entry(tmp_path: Path) -> None:
    entries = read_layout(listed_layout(tmp_path))

    assert [(e.image_id, e.truth, e.group, e.fold, e.classes) for e in entries] == [
        ("a.jpg", "mask", "a", 0, (1,)),
        ("b.jpg", "mask", "b", 1, (1, 2)),
        ("c.jpg", "clean", "c", 1, ()),
        ("d.jpg", "boxes", "d", 2, (2,)),
        ("e.jpg", "clean", "e", 0, ()),
    ]
    assert entries[1].rle_by_class == {1: PIT, 2: CRACK}
    assert entries[1].drawn_at == {1: "train.csv:3", 2: "train.csv:4"}
    assert entries[3].boxes_by_class == {2: ((8, 10, 19, 29), (0, 0, 3, 3))}
    assert entries[3].area_px_by_class == {2: 100}
    assert [e.listed_at for e in entries] == [f"frames.csv:{line}" for line in range(2, 7)]


def test_rows_of_frames_that_are_not_listed_are_counted_not_refused(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        read_layout(listed_layout(tmp_path))
    assert "train.csv: 1 rows are of frames that frames.csv does not list" in caplog.text


@pytest.mark.parametrize("folder", ["train_images", "images"])
def test_without_frames_csv_an_image_without_rows_is_clean(tmp_path: Path, folder: str) -> None:
    root = plain_layout(tmp_path, masked=2, clean=2)
    (root / "train_images").rename(root / folder)
    (root / folder / "notes.txt").write_text("no image")

    assert [(e.image_id, e.truth, e.classes, e.fold) for e in read_layout(root)] == [
        ("000.jpg", "mask", (2,), None),
        ("001.jpg", "mask", (1,), None),
        ("002.jpg", "clean", (), None),
        ("003.jpg", "clean", (), None),
    ]


def test_the_older_joined_column_with_empty_masks_says_the_same(tmp_path: Path) -> None:
    root = plain_layout(tmp_path, masked=2, clean=1)
    newer = read_layout(root)
    rows = ["ImageId_ClassId,EncodedPixels"]
    for name, class_id in (("000.jpg", 2), ("001.jpg", 1), ("002.jpg", 0)):
        rows += [f"{name}_{c},{PIT if c == class_id else ''}" for c in (1, 2)]
    (root / "train.csv").write_text("\n".join(rows))

    older = read_layout(root)

    assert [(e.image_id, e.truth, e.rle_by_class) for e in older] == [
        (e.image_id, e.truth, e.rle_by_class) for e in newer
    ]


def test_names_with_underscores_are_split_at_the_last(tmp_path: Path) -> None:
    root = plain_layout(tmp_path, masked=1, clean=0)
    (root / "train_images" / "000.jpg").rename(root / "train_images" / "cam_1_7.jpg")
    (root / "train.csv").write_text(f"ImageId_ClassId,EncodedPixels\ncam_1_7.jpg_2,{PIT}\n")

    assert [(e.image_id, e.classes) for e in read_layout(root)] == [("cam_1_7.jpg", (2,))]


def test_extra_frames_only_train_and_a_panels_corner_is_known(tmp_path: Path) -> None:
    root = listed_layout(tmp_path)
    (root / "extra").mkdir()
    (root / "extra" / "p.png").write_bytes(noise_jpeg(50))
    (root / "extra.csv").write_text(
        "file,ImageId,truth,classes,note\np.png,p.jpg,clean,,a printed panel; leave that corner out\n"
    )

    extra = read_layout(root)[-1]

    assert (extra.image_id, extra.path.name, extra.truth, extra.fold) == ("p.jpg", "p.png", "clean", None)
    assert extra.only_trains
    assert extra.marked_corner


def test_a_byte_order_mark_and_windows_lines_are_read(tmp_path: Path) -> None:
    root = plain_layout(tmp_path, masked=2, clean=1)
    written = (root / "train.csv").read_bytes().replace(b"\n", b"\r\n")
    (root / "train.csv").write_bytes(b"\xef\xbb\xbf" + written)

    assert [e.truth for e in read_layout(root)] == ["mask", "mask", "clean"]


def test_a_code_longer_than_csv_takes_by_itself(tmp_path: Path) -> None:
    root = plain_layout(tmp_path, masked=1, clean=0)
    code = " ".join(f"{start} 1" for start in range(1, 50_000, 2))
    assert len(code) > 131_072
    (root / "train.csv").write_text(f"ImageId,ClassId,EncodedPixels\n000.jpg,1,{code}\n")

    assert read_layout(root)[0].rle_by_class == {1: code}


def test_made_folds_are_the_same_again_and_can_be_kept(tmp_path: Path) -> None:
    root = plain_layout(tmp_path / "one", masked=20, clean=10)
    made = read_frames(root, SPEC, CLASSES, held_out_fold=1)
    again = read_frames(root, SPEC, CLASSES)
    assert [(e.fold, e.group) for e in again.entries] == [(e.fold, e.group) for e in made.entries]
    assert {e.fold for e in made.entries} == set(range(FOLDS))

    write_frames(made.entries, root / "frames.csv")

    kept = read_layout(root)
    assert [(e.image_id, e.truth, e.classes, e.fold, e.group) for e in kept] == [
        (e.image_id, e.truth, e.classes, e.fold, e.group) for e in made.entries
    ]


def test_too_few_frames_for_folds_are_refused(tmp_path: Path) -> None:
    with pytest.raises(FramesRefused, match="4 different frames are too few for 5 folds"):
        read_frames(plain_layout(tmp_path, masked=2, clean=2), SPEC, CLASSES)
