"""What a folder's tables say of its frames' defects: train.csv, and where they are boxes.csv and labels.csv.

The format is the Severstal competition's (kaggle.com/c/severstal-steel-defect-detection/data).
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from model.frames.frames import Box
from model.frames.problems import Problems
from model.frames.tables import Row, read_table

TRAIN, BOXES, LABELS = "train.csv", "boxes.csv", "labels.csv"
JOINED = "ImageId_ClassId"


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """One run-length code and where it stands."""

    at: str
    rle: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassBoxes:
    """The boxes of one class's 8-connected components on one frame, and where they stand."""

    at: str
    boxes: tuple[Box, ...]


Codes = dict[str, dict[int, Code]]
"""Image id -> class id -> its code; a class with an empty code is not on the frame and not here."""
BoxRows = Mapping[str, list[ClassBoxes]]
"""Image id -> the boxes of each of its classes, in ascending class order."""
Areas = dict[str, dict[int, int]]
"""Image id -> class id -> true area in pixels of the full-size frame."""


def read_codes(root: Path, problems: Problems) -> Codes:
    """train.csv: ImageId,ClassId,EncodedPixels, or as it was at first ImageId_ClassId,EncodedPixels."""
    path = root / TRAIN
    joined = _is_joined(path)
    columns = (JOINED, "EncodedPixels") if joined else ("ImageId", "ClassId", "EncodedPixels")
    codes: Codes = defaultdict(dict)
    lines: dict[tuple[str, str], str] = {}
    for row in read_table(path, columns, problems):
        if joined:
            image_id, _, class_text = row[JOINED].rpartition("_")
        else:
            image_id, class_text = row["ImageId"], row["ClassId"]
        if not image_id:
            problems.add(row.at, "names no image")
        elif not _is_count(class_text):
            problems.add(row.at, f"class {class_text!r} of {image_id} is not a whole number above 0")
        elif earlier := lines.get((image_id, class_text)):
            problems.add(
                row.at, f"says class {class_text} of {image_id} again, after {earlier}; join the two"
            )
        else:
            lines[image_id, class_text] = row.at
            if row["EncodedPixels"]:
                codes[image_id][int(class_text)] = Code(at=row.at, rle=row["EncodedPixels"])
    return dict(codes)


def _is_joined(path: Path) -> bool:
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return JOINED.encode() in file.readline()


def _is_count(text: str) -> bool:
    return text.isascii() and text.isdigit() and 0 < int(text) < 255


def read_boxes(root: Path, problems: Problems) -> BoxRows:
    """boxes.csv: `[[r0, c0, r1, c1], ...]`, inclusive, a row for each class of an image, in class order."""
    boxes: dict[str, list[ClassBoxes]] = defaultdict(list)
    if (root / BOXES).is_file():
        for row in read_table(root / BOXES, ("ImageId", "bboxes"), problems):
            found = ClassBoxes(at=row.at, boxes=_boxes_of(row, problems))
            boxes[row["ImageId"]].append(found)
    return boxes


def _boxes_of(row: Row, problems: Problems) -> tuple[Box, ...]:
    try:
        found = tuple((int(r0), int(c0), int(r1), int(c1)) for r0, c0, r1, c1 in json.loads(row["bboxes"]))
    except (ValueError, TypeError):
        problems.add(row.at, f"boxes of {row['ImageId']} are not [[row, column, last row, last column], ...]")
        return ()
    for r0, c0, r1, c1 in found:
        if not (0 <= r0 <= r1 and 0 <= c0 <= c1):
            problems.add(row.at, f"box [{r0}, {c0}, {r1}, {c1}] of {row['ImageId']} is inside out")
    return found


def read_areas(root: Path, problems: Problems) -> Areas:
    """labels.csv: the columns area_class_1, area_class_2 ... of each image."""
    if not (root / LABELS).is_file():
        return {}
    areas: Areas = {}
    for row in read_table(root / LABELS, ("ImageId",), problems):
        areas[row["ImageId"]] = {}
        for column, text in row.cells.items():
            class_text = column.removeprefix("area_class_")
            if class_text == column or not class_text.isdigit():
                continue
            if not text.isascii() or not text.isdigit():
                problems.add(row.at, f"{column} of {row['ImageId']} is {text!r}, not a number of pixels")
            elif int(text):
                areas[row["ImageId"]][int(class_text)] = int(text)
    return areas
