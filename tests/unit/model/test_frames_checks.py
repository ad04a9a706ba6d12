"""Frames that cannot be trained on are refused first, each mistake with its file and row."""

from __future__ import annotations

from pathlib import Path

import pytest

from model.frames.problems import FramesRefused
from model.frames.reading import read_frames
from tests.support.layouts import (
    CLASSES,
    CRACK,
    PIT,
    SPEC,
    Harm,
    cut,
    folder_removed,
    listed_layout,
    noise_jpeg,
    removed,
    replaced,
    row_added,
    written,
)


def refused(root: Path, held_out_fold: int | None = 0) -> tuple[str, ...]:
    with pytest.raises(FramesRefused) as caught:
        read_frames(root, SPEC, CLASSES, held_out_fold=held_out_fold)
    return caught.value.problems


B_CRACK = f"b.jpg,2,{CRACK}"
LISTED = [
    # masks: train.csv
    (
        "masks_missing",
        replaced("train.csv", f"{B_CRACK}\n", ""),
        "frames.csv:3: b.jpg is `mask`, yet train.csv has no mask of its class 2; add the row",
    ),
    (
        "mask_of_a_class_not_listed",
        replaced("frames.csv", "b.jpg,mask,b,1,1 2", "b.jpg,mask,b,1,1"),
        "frames.csv:3: classes of b.jpg lacks 2, yet train.csv:4 has its mask",
    ),
    (
        "mask_of_a_clean_frame",
        row_added("train.csv", f"c.jpg,1,{PIT}"),
        "frames.csv:4: c.jpg is `clean`, yet train.csv:6 has a mask for it",
    ),
    (
        "rle_out_of_range",
        replaced("train.csv", B_CRACK, "b.jpg,2,2048 2"),
        "train.csv:4: the mask of class 2 of b.jpg cannot be: run 0 (2048 2) ends beyond 32x64 px",
    ),
    (
        "rle_of_odd_count",
        replaced("train.csv", B_CRACK, "b.jpg,2,5 2 9"),
        "train.csv:4: the mask of class 2 of b.jpg cannot be: 3 numbers: they must come in",
    ),
    (
        "rle_unsorted",
        replaced("train.csv", B_CRACK, "b.jpg,2,900 2 5 2"),
        "train.csv:4: the mask of class 2 of b.jpg cannot be: run 1 starts at 5, before run 0 has ended",
    ),
    (
        "rle_overlapping",
        replaced("train.csv", B_CRACK, "b.jpg,2,900 5 902 2"),
        "train.csv:4: the mask of class 2 of b.jpg cannot be: run 1 starts at 902, before run 0 has ended",
    ),
    (
        "rle_from_zero",
        replaced("train.csv", B_CRACK, "b.jpg,2,0 5"),
        "train.csv:4: the mask of class 2 of b.jpg cannot be: run 0 starts at 0: starts count from 1",
    ),
    (
        "rle_of_words",
        replaced("train.csv", B_CRACK, "b.jpg,2,none"),
        "train.csv:4: the mask of class 2 of b.jpg cannot be: 1 numbers",
    ),
    (
        "two_classes_on_a_pixel",
        replaced("train.csv", B_CRACK, f"b.jpg,2,{PIT}"),
        "train.csv:4: the mask of class 2 of b.jpg covers 128 px of its class 1 (train.csv:3)",
    ),
    (
        "a_row_twice",
        row_added("train.csv", f"a.jpg,1,{CRACK}"),
        "train.csv:6: says class 1 of a.jpg again, after train.csv:2; join the two",
    ),
    (
        "class_no_number",
        row_added("train.csv", f"c.jpg,pit,{CRACK}"),
        "train.csv:6: class 'pit' of c.jpg is not a whole number above 0",
    ),
    ("no_image_id", row_added("train.csv", f",1,{CRACK}"), "train.csv:6: names no image"),
    ("cells_missing", row_added("train.csv", "a.jpg"), "train.csv:6: has 1 cells where the heading has 3"),
    ("table_missing", removed("train.csv"), "train.csv: cannot be read: No such file or directory"),
    (
        "table_empty",
        written("train.csv", b""),
        "train.csv:1: the file is empty; its first line must be ImageId",
    ),
    (
        "columns_missing",
        written("train.csv", b"ImageId,Pixels\na.jpg,1 1\n"),
        "train.csv:1: lacks the columns ClassId, EncodedPixels; it has ImageId, Pixels",
    ),
    (
        "semicolons",
        written("train.csv", b"ImageId;ClassId;EncodedPixels\na.jpg;1;1 1\n"),
        "train.csv:1: columns are separated by semicolons; save it with commas",
    ),
    (
        "tabs",
        written("train.csv", b"ImageId\tClassId\tEncodedPixels\n"),
        "train.csv:1: columns are separated by tabs",
    ),
    (
        "latin_1",
        written("train.csv", b"ImageId,ClassId,EncodedPixels\na.jpg,1,1 1\n\xfcber.jpg,1,1 1\n"),
        "train.csv:3: is not UTF-8 (byte 42); save it as UTF-8",
    ),
    (
        "utf_16",
        written("train.csv", "ImageId,ClassId,EncodedPixels\n".encode("utf-16")),
        "train.csv:1: is UTF-16",
    ),
    (
        "quote_left_open",
        written("train.csv", b'ImageId,ClassId,EncodedPixels\na.jpg,1,1 1\n"b.jpg,1,1 1\nc.jpg,1,1 1\n'),
        "train.csv:4: has 1 cells where the heading has 3",
    ),
    # images
    (
        "image_missing",
        removed("images/b.jpg"),
        "frames.csv:3: images/b.jpg is not there; add it or drop the row",
    ),
    ("image_cut", cut("images/b.jpg"), "frames.csv:3, images/b.jpg: truncated image: "),
    (
        "image_of_text",
        written("images/c.jpg", b"404 not found"),
        "frames.csv:4, images/c.jpg: not an image: ",
    ),
    ("image_empty", written("images/c.jpg", b""), "frames.csv:4, images/c.jpg: not an image: "),
    (
        "image_of_wrong_size",
        written("images/e.jpg", noise_jpeg(9, 128, 32)),
        "frames.csv:6, images/e.jpg: wrong size: 32x128, expected 32x64, the recipe's input",
    ),
    (
        "no_images",
        lambda root: [p.unlink() for p in (root / "images").iterdir()],
        "images/: holds no .jpg and no .png",
    ),
    ("no_folder", folder_removed("images"), "is no folder that holds train_images/ or images/"),
    # frames.csv
    (
        "truth_unknown",
        replaced("frames.csv", "a.jpg,mask", "a.jpg,perhaps"),
        "frames.csv:2: truth 'perhaps' of a.jpg is none of mask, clean, boxes",
    ),
    (
        "fold_missing",
        replaced("frames.csv", "c.jpg,clean,c,1,", "c.jpg,clean,c,,"),
        "frames.csv:4: fold '' of c.jpg is not a whole number from 0",
    ),
    (
        "fold_no_number",
        replaced("frames.csv", "c.jpg,clean,c,1,", "c.jpg,clean,c,1.0,"),
        "frames.csv:4: fold '1.0' of c.jpg is not a whole number from 0",
    ),
    (
        "fold_negative",
        replaced("frames.csv", "c.jpg,clean,c,1,", "c.jpg,clean,c,-1,"),
        "frames.csv:4: fold '-1' of c.jpg",
    ),
    (
        "group_missing",
        replaced("frames.csv", "c.jpg,clean,c,1,", "c.jpg,clean,,1,"),
        "frames.csv:4: c.jpg has no group",
    ),
    (
        "group_in_two_folds",
        replaced("frames.csv", "c.jpg,clean,c,1,", "c.jpg,clean,a,1,"),
        "frames.csv:4: c.jpg is in fold 1, yet a.jpg of its group 'a' is in fold 0 (frames.csv:2)",
    ),
    (
        "listed_twice",
        row_added("frames.csv", "a.jpg,mask,a,0,1"),
        "frames.csv:7: lists a.jpg again, after frames.csv:2",
    ),
    (
        "classes_no_numbers",
        replaced("frames.csv", "d,2,2", "d,2,crack"),
        "frames.csv:5: classes 'crack' of d.jpg are not numbers with spaces between them",
    ),
    (
        "defective_without_class",
        replaced("frames.csv", "d,2,2", "d,2,"),
        "frames.csv:5: d.jpg is `boxes`, yet classes is empty",
    ),
    (
        "clean_with_class",
        replaced("frames.csv", "c.jpg,clean,c,1,", "c.jpg,clean,c,1,2"),
        "frames.csv:4: c.jpg is `clean`, yet classes says 2",
    ),
    (
        "class_unknown",
        replaced("train.csv", B_CRACK, f"b.jpg,7,{CRACK}"),
        "frames.csv:3: b.jpg is `mask`, yet train.csv",
    ),
    (
        "frames_columns_missing",
        written("frames.csv", b"ImageId,truth,fold,classes\n"),
        "frames.csv:1: lacks the column group",
    ),
    # boxes.csv, labels.csv, extra.csv
    (
        "boxes_missing",
        removed("boxes.csv"),
        "frames.csv:5: d.jpg is `boxes`, yet boxes.csv has 0 rows for its 1 classes",
    ),
    (
        "boxes_broken",
        replaced("boxes.csv", "[[4, 8, 11, 23]]", "[[4, 8, 11]]"),
        "boxes.csv:2: boxes of a.jpg are not [[row",
    ),
    (
        "box_inside_out",
        replaced("boxes.csv", "[8, 10, 19, 29]", "[19, 10, 8, 29]"),
        "boxes.csv:3: box [19, 10, 8, 29] of d.jpg",
    ),
    (
        "box_beyond",
        replaced("boxes.csv", "[8, 10, 19, 29]", "[8, 10, 19, 64]"),
        "boxes.csv:3: a box of class 2 of d.jpg ends beyond 32x64 px",
    ),
    (
        "area_beyond_boxes",
        replaced("labels.csv", "d.jpg,0,100", "d.jpg,0,300"),
        "boxes.csv:3: the boxes of class 2 of d.jpg hold 256 px, yet labels.csv says 300 px",
    ),
    (
        "area_no_number",
        replaced("labels.csv", "d.jpg,0,100", "d.jpg,0,1e2"),
        "labels.csv:3: area_class_2 of d.jpg is '1e2', not a number of pixels",
    ),
    (
        "extra_missing",
        written("extra.csv", b"file,ImageId,truth,classes\nx.png,x.jpg,clean,\n"),
        "extra.csv:2: extra/x.png is not there; add it or drop the row",
    ),
]


@pytest.mark.parametrize(("harm", "says"), [pytest.param(h, s, id=name) for name, h, s in LISTED])
def test_a_mistake_is_named_with_file_and_row(tmp_path: Path, harm: Harm, says: str) -> None:
    harm(listed_layout(tmp_path))

    found = refused(tmp_path)

    assert any(says in problem for problem in found), found
