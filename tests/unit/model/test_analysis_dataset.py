"""The dataset's table, exactly, and what tables alone say of shapes and odd labels."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from model import rle
from model.analysis import counts, shapes, suspicious
from model.analysis.dataset import read_dataset
from model.analysis.shapes import areas_of, read_shapes, shape_of
from model.frames.problems import FramesRefused, Problems
from tests.support.layouts import (
    HEIGHT_PX,
    PIT,
    WIDTH_PX,
    Harm,
    code_of,
    listed_layout,
    plain_layout,
    real_frames,
    replaced,
    row_added,
    written,
)


def test_the_reference_table_comes_from_labels_alone(tmp_path: Path) -> None:
    shutil.copy(real_frames() / "labels.csv", tmp_path)
    dataset = read_dataset(tmp_path)

    table = counts.count(areas_of(dataset, []), dataset.height_px * dataset.width_px)

    assert (table["frames"], table["defective"], table["clean"]) == (12_568, 6_666, 5_902)
    assert table["by_number_of_classes"] == {"1": 6_239, "2": 425, "3": 2}
    by_class = table["by_class"]
    assert [one["frames"] for one in by_class.values()] == [897, 247, 5_150, 801]
    assert [one["pixels"] for one in by_class.values()] == [3_912_129, 834_471, 131_306_899, 27_533_572]
    smallest = [one["area_px_quantiles"]["0.02"] for one in by_class.values()]
    assert smallest == pytest.approx([548, 715, 1146, 2959], abs=1)
    assert sum(sum(row.values()) for row in table["together"].values()) == 6_239 + 425 * 4 + 2 * 9


def test_without_labels_the_masks_are_counted(tmp_path: Path) -> None:
    root = plain_layout(tmp_path / "steel", masked=4, clean=3)
    dataset = read_dataset(root)
    table = counts.count(areas_of(dataset, read_shapes(dataset, Problems(root))), HEIGHT_PX * WIDTH_PX)

    assert (dataset.counted_from, dataset.clean_is_known) == ("train.csv", True)
    assert (table["frames"], table["defective"], table["clean"]) == (7, 4, 3)
    assert {c: one["frames"] for c, one in table["by_class"].items()} == {"1": 3, "2": 1}
    assert table["by_class"]["1"]["pixels"] == 3 * 8 * 16
    assert "7 frames: 4 defective (4 with one class), 3 clean" in counts.as_text(
        table, {"1": "class 1", "2": "class 2"}
    )


def test_a_frame_with_boxes_only_is_defective_though_its_area_is_not_known(tmp_path: Path) -> None:
    (root := listed_layout(tmp_path / "steel")).joinpath("labels.csv").unlink()
    dataset = read_dataset(root)

    table = counts.count(areas_of(dataset, read_shapes(dataset, Problems(root))), HEIGHT_PX * WIDTH_PX)

    assert (table["frames"], table["defective"], table["clean"]) == (6, 4, 2)  # "elsewhere" has no image
    assert table["by_class"]["2"]["frames"] == 2
    assert table["by_class"]["2"]["pixels"] == 12 * 4
    assert table["by_class"]["2"]["area_px_quantiles"]["0.02"] == 12 * 4


def test_masks_without_images_leave_clean_frames_unknown(tmp_path: Path) -> None:
    (tmp_path / "train.csv").write_text(f"ImageId,ClassId,EncodedPixels\na.jpg,1,{PIT}\n")

    assert not read_dataset(tmp_path).clean_is_known


@pytest.mark.parametrize(
    ("harm", "says"),
    [
        (row_added("labels.csv", "a.jpg,0,0"), "labels.csv:4: lists a.jpg again, after labels.csv:2"),
        (replaced("labels.csv", "a.jpg,128", "a.jpg,many"), "labels.csv:2: area_class_1 of a.jpg is 'many'"),
        (written("labels.csv", b"ImageId,area\na.jpg,1\n"), "labels.csv:1: has no column area_class_1"),
        (written("labels.csv", b"ImageId,area_class_1\n"), "labels.csv: lists no frame"),
        (row_added("boxes.csv", 'a.jpg,"[[0, 0, 1, 1]]"'), "boxes.csv:2: a.jpg has 2 rows in boxes.csv"),
        (row_added("train.csv", "a.jpg,x,1 1"), "train.csv:6: class 'x' of a.jpg"),
        (replaced("frames.csv", "c.jpg,clean,c,1,", "c.jpg,clean,c,1,2"), "frames.csv:4: c.jpg is `clean`"),
    ],
    ids=["twice", "no-number", "no-area", "empty", "boxes", "class", "contradiction"],
)
def test_wrong_tables_are_refused_with_file_and_row(tmp_path: Path, harm: Harm, says: str) -> None:
    harm(root := listed_layout(tmp_path / "steel"))

    with pytest.raises(FramesRefused) as refused:
        read_dataset(root)
    assert says in str(refused.value)


def test_a_folder_without_tables_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FramesRefused, match=r"holds neither labels\.csv nor train\.csv"):
        read_dataset(tmp_path)
    with pytest.raises(FramesRefused, match="is no folder"):
        read_dataset(tmp_path / "nowhere")


def test_a_code_that_cannot_be_names_its_row(tmp_path: Path) -> None:
    root = listed_layout(tmp_path / "steel")
    row_added("train.csv", "z.jpg,1,9000 5")(root)
    problems = Problems(root)

    read_shapes(read_dataset(root), problems)

    with pytest.raises(FramesRefused, match=r"train\.csv:6: the mask of class 1 of z\.jpg cannot be"):
        problems.refuse_if_any()


def test_parts_edges_and_rectangles_of_a_mask() -> None:
    mask = np.zeros((64, 128), np.bool_)
    mask[0:20, 10:40] = True  # a rectangle at the top
    mask[40:60, 100:128] = np.tri(20, 28, 8, np.bool_)  # a triangle at the right
    mask[62, 3] = True  # a slip of the pen

    shape = shape_of("a.jpg", 1, "train.csv:2", mask)

    assert shape.touches(64, 128) == ("top", "right")
    assert sorted(part.area_px for part in shape.parts)[0] == 1
    assert [part.box for part in shape.parts if part.is_rectangle] == [(0, 10, 19, 39)]
    assert shape.area_px == mask.sum()
    assert shape.columns.tolist() == mask.sum(axis=0).tolist()


def test_positions_count_each_frame_once_and_take_boxes_first(tmp_path: Path) -> None:
    root = listed_layout(tmp_path / "steel")
    dataset = read_dataset(root)

    found = shapes.positions(dataset, read_shapes(dataset, Problems(root)), bins=8)

    assert found["1"]["frames"] == 2  # a by its box, b by its mask: columns 8-23 of 64
    assert found["1"]["share_of_frames"] == [0, 1, 1, 0, 0, 0, 0, 0]


def test_odd_labels_that_tables_alone_show(tmp_path: Path) -> None:
    root = listed_layout(tmp_path / "steel")
    large = code_of(slice(2, 16), slice(0, 14))
    for row in (f"y.jpg,1,{large}", f"y.jpg,2,{PIT}", f"z.jpg,1,{rle.encode(np.eye(32, 64, dtype=bool))}"):
        row_added("train.csv", row)(root)
    for row in ("y.jpg,196,128", "z.jpg,31,0"):
        row_added("labels.csv", row)(root)
    dataset = read_dataset(root)

    odd = suspicious.collect(dataset, read_shapes(dataset, Problems(root)), [], None, None)

    assert {kind: found["n"] for kind, found in odd.items()} == {
        "rectangle": 1,
        "speck": 1,
        "overlap": 1,
        "disagree": 4,  # b twice and elsewhere, which labels.csv does not list; z is 32 px, not 31
    }
    assert odd["rectangle"]["listed"][0]["image_id"] == "y.jpg"
    assert odd["overlap"]["listed"][0]["says"].startswith("48 px are class 1 (train.csv:6)")
    by_frame = {item["image_id"]: item for item in odd["disagree"]["listed"]}
    assert by_frame["z.jpg"]["says"] == "32 px drawn, labels.csv (labels.csv:5) says 31 px"
    assert by_frame["z.jpg"]["at"] == "train.csv:8"
