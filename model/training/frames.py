"""Labelled frames in memory at half size: the Severstal layout, and what training needs of any frame."""

from __future__ import annotations

import csv
import json
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from model import rle
from model.images import decode_grey

HEIGHT_PX, WIDTH_PX, REDUCE = 256, 1600, 2
CLASS_COUNT = 4

Truth = Literal["mask", "clean", "boxes"]
Masks = dict[str, dict[int, str]]
Boxes = dict[str, list[tuple[int, int, int, int]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameEntry:
    """One labelled frame on disk. `fold` is None for frames that only ever train.

    marked_corner: cut from a printed panel whose title left traces in rows 0-40, columns 0-78.
    """

    image_id: str
    path: Path
    truth: Truth
    fold: int | None
    classes: tuple[int, ...]
    rle_by_class: dict[int, str] = field(default_factory=dict)
    boxes: tuple[tuple[int, int, int, int], ...] = ()
    marked_corner: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledFrame:
    """One frame in memory.

    pixels: (H/2, W/2) uint8. class_map: (H/2, W/2) uint8, 0 background, 1-4 the class, 255 unknown (in the
    box of a defect whose mask is not known).
    """

    image_id: str
    truth: Truth
    fold: int | None
    classes: tuple[int, ...]
    pixels: NDArray[np.uint8]
    class_map: NDArray[np.uint8]

    @property
    def defective(self) -> bool:
        """Whether the frame shows any defect."""
        return self.truth != "clean"


UNKNOWN = 255


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def _masks(root: Path) -> Masks:
    masks: Masks = defaultdict(dict)
    for row in _rows(root / "train.csv"):
        masks[row["ImageId"]][int(row["ClassId"])] = row["EncodedPixels"]
    return masks


def _boxes(root: Path) -> Boxes:
    boxes: Boxes = defaultdict(list)
    for row in _rows(root / "boxes.csv"):
        boxes[row["ImageId"]] += [(b[0], b[1], b[2], b[3]) for b in json.loads(row["bboxes"])]
    return boxes


def _entry(row: dict[str, str], path: Path, fold: int | None, masks: Masks, boxes: Boxes) -> FrameEntry:
    image_id, truth = row["ImageId"], row["truth"]
    if truth not in ("mask", "clean", "boxes"):
        raise ValueError(f"frames.csv: unknown truth {truth!r} for {image_id}")
    return FrameEntry(
        image_id=image_id,
        path=path,
        truth=truth,  # type: ignore[arg-type]
        fold=fold,
        classes=tuple(int(c) for c in row["classes"].split()),
        rle_by_class=masks.get(image_id, {}) if truth == "mask" else {},
        boxes=tuple(boxes.get(image_id, ())) if truth == "boxes" else (),
        marked_corner="leave that corner out" in row.get("note", ""),
    )


def read_layout(root: Path) -> list[FrameEntry]:
    """Every frame of a folder that holds `frames.csv`, `train.csv`, `boxes.csv`, `images/` (and `extra/`).

    Raises FileNotFoundError naming the file that is missing.
    """
    masks, boxes = _masks(root), _boxes(root)
    entries = [
        _entry(row, root / "images" / row["ImageId"], int(row["fold"]), masks, boxes)
        for row in _rows(root / "frames.csv")
    ]
    if (root / "extra.csv").exists():
        entries += [
            _entry(row, root / "extra" / row["file"], None, masks, boxes) for row in _rows(root / "extra.csv")
        ]
    return entries


def half_size(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """(H, W) bool -> (H/2, W/2) bool: set where at least two of four pixels are."""
    height, width = mask.shape
    covered_px: NDArray[np.int64] = mask.reshape(height // 2, 2, width // 2, 2).sum(axis=(1, 3))
    return covered_px >= 2


def class_map(entry: FrameEntry) -> NDArray[np.uint8]:
    """(H/2, W/2) uint8: the class of each pixel, UNKNOWN inside boxes without a mask."""
    classes = np.zeros((HEIGHT_PX // REDUCE, WIDTH_PX // REDUCE), np.uint8)
    for class_id, encoded in entry.rle_by_class.items():
        classes[half_size(rle.decode(encoded, HEIGHT_PX, WIDTH_PX))] = class_id
    for row_min, col_min, row_max, col_max in entry.boxes:
        classes[row_min // 2 : row_max // 2 + 1, col_min // 2 : col_max // 2 + 1] = UNKNOWN
    return classes


def load(entry: FrameEntry) -> LabelledFrame:
    """Decode one frame at half size, with its labels. Raises model.images.ImageInvalid."""
    pixels = decode_grey(entry.path.read_bytes(), width_px=WIDTH_PX, height_px=HEIGHT_PX, reduce=REDUCE)
    if entry.marked_corner:
        pixels[:21, :40] = pixels[:21, 40:80]
    return LabelledFrame(
        image_id=entry.image_id,
        truth=entry.truth,
        fold=entry.fold,
        classes=entry.classes,
        pixels=pixels,
        class_map=class_map(entry),
    )
