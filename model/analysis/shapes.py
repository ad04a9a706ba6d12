"""What masks are like as shapes: their parts, where they lie across the strip, what they touch."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from model import rle
from model.analysis.dataset import Dataset
from model.frames.annotations import Areas, Code
from model.frames.frames import Box
from model.frames.problems import Problems

EDGES: Final = ("top", "bottom", "left", "right")
FULL: Final = 0.99
"""A part that fills its box this far is a rectangle: drawn with a box tool, not along a defect."""
LEAST_SIDE_PX: Final = 12
SPECK_PX: Final = 16
"""The least defect of the whole set's 2 % quantiles is 548 px; a part this small is a slip of the pen."""

_EIGHT: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One 8-connected component."""

    box: Box
    area_px: int

    @property
    def is_rectangle(self) -> bool:
        """Whether it fills its box, and is no mere line."""
        rows, cols = self.box[2] - self.box[0] + 1, self.box[3] - self.box[1] + 1
        return min(rows, cols) >= LEAST_SIDE_PX and self.area_px >= FULL * rows * cols


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """One class's mask on one frame. columns: (W,) int32, its pixels in each column."""

    image_id: str
    class_id: int
    at: str
    area_px: int
    parts: tuple[Part, ...]
    columns: NDArray[np.int32]

    def touches(self, height_px: int, width_px: int) -> tuple[str, ...]:
        """Which of the frame's edges it reaches."""
        boxes = [part.box for part in self.parts]
        reached = (
            min(b[0] for b in boxes) == 0,
            max(b[2] for b in boxes) == height_px - 1,
            min(b[1] for b in boxes) == 0,
            max(b[3] for b in boxes) == width_px - 1,
        )
        return tuple(edge for edge, there in zip(EDGES, reached, strict=True) if there)


def read_shapes(dataset: Dataset, problems: Problems) -> list[Shape]:
    """Decode every code, on all cores; a code that cannot be is a problem. 2 ms each on one core."""
    drawn = [(i, c, code) for i, by_class in dataset.codes.items() for c, code in sorted(by_class.items())]
    size = dataset.height_px, dataset.width_px

    def one(item: tuple[str, int, Code]) -> Shape | str:
        image_id, class_id, code = item
        try:
            mask = rle.decode(code.rle, *size)
        except ValueError as wrong:
            return f"the mask of class {class_id} of {image_id} cannot be: {wrong}; correct or drop the row"
        return shape_of(image_id, class_id, code.at, mask)

    shapes: list[Shape] = []
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for item, found in zip(drawn, pool.map(one, drawn), strict=True):
            if isinstance(found, str):
                problems.add(item[2].at, found)
            else:
                shapes.append(found)
    return shapes


def shape_of(image_id: str, class_id: int, at: str, mask: NDArray[np.bool_]) -> Shape:
    """`mask` is (H, W) and not empty."""
    stats = cv2.connectedComponentsWithStats(mask.view(np.uint8), connectivity=_EIGHT)[2][1:]
    parts = tuple(
        Part(box=(row, col, row + rows - 1, col + cols - 1), area_px=area)
        for col, row, cols, rows, area in stats.tolist()
    )
    columns = mask.sum(axis=0, dtype=np.int32)
    return Shape(
        image_id=image_id, class_id=class_id, at=at, area_px=int(columns.sum()), parts=parts, columns=columns
    )


def areas_of(dataset: Dataset, shapes: Iterable[Shape]) -> Areas:
    """Image id -> class -> pixels, of all frames: labels.csv's, else counted in the masks.

    0 pixels where frames.csv names a class of which only boxes are known.
    """
    if dataset.areas_px:
        return dataset.areas_px
    areas: Areas = {image_id: dict.fromkeys(e.classes, 0) for image_id, e in dataset.entries.items()}
    for shape in shapes:
        areas.setdefault(shape.image_id, {})[shape.class_id] = shape.area_px
    return areas


def describe(dataset: Dataset, shapes: Sequence[Shape]) -> dict[str, Any]:
    """By class: masks and their parts, edges that they reach, rectangles, specks."""
    size = dataset.height_px, dataset.width_px
    classes = sorted({s.class_id for s in shapes})
    described = {}
    for class_id in classes:
        own = [s for s in shapes if s.class_id == class_id]
        parts = [p for s in own for p in s.parts]
        touched = [s.touches(*size) for s in own]
        described[str(class_id)] = {
            "masks": len(own),
            "parts": len(parts),
            "parts_per_mask_median": float(np.median([len(s.parts) for s in own])),
            "masks_that_touch": {edge: sum(edge in t for t in touched) for edge in EDGES},
            "masks_with_rectangles": sum(any(p.is_rectangle for p in s.parts) for s in own),
            "rectangles": sum(p.is_rectangle for p in parts),
            "specks": sum(p.area_px < SPECK_PX for p in parts),
        }
    return described


def positions(dataset: Dataset, shapes: Sequence[Shape], bins: int = 32) -> dict[str, Any]:
    """By class: how its frames' defects spread across the strip; each frame counts once, however large.

    A frame gives each bin the share of its columns that the class's boxes reach (boxes.csv, every frame),
    or its mask (train.csv), where there are no boxes.
    """
    reached: dict[int, list[NDArray[np.float64]]] = {}
    for class_id, columns in _columns_reached(dataset, shapes):
        edges = np.linspace(0, len(columns), bins + 1).round().astype(int)
        reached.setdefault(class_id, []).append(
            np.array([columns[a:b].mean() if b > a else 0.0 for a, b in itertools.pairwise(edges)])
        )
    return {
        str(c): {"frames": len(some), "share_of_frames": np.mean(some, axis=0).round(4).tolist()}
        for c, some in sorted(reached.items())
    }


def _columns_reached(dataset: Dataset, shapes: Sequence[Shape]) -> Iterator[tuple[int, NDArray[np.bool_]]]:
    for by_class in dataset.boxes.values():
        for class_id, boxes in by_class.items():
            columns = np.zeros(dataset.width_px, np.bool_)
            for _, col_min, _, col_max in boxes:
                columns[col_min : col_max + 1] = True
            yield class_id, columns
    for shape in shapes:
        if shape.image_id not in dataset.boxes:
            yield shape.class_id, shape.columns > 0
