"""A folder's tables and images as an analysis takes them: it needs less of a folder than training does.

labels.csv alone gives the dataset's table; train.csv gives masks as well; images/ or train_images/ what masks
lie on; frames.csv which near-duplicates belong together. What is absent is left out of the report, what is
wrong is refused with file and row.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import cv2

from model.frames.annotations import (
    BOXES,
    LABELS,
    TRAIN,
    Areas,
    Codes,
    read_areas,
    read_boxes,
    read_codes,
)
from model.frames.frames import Box, FrameEntry
from model.frames.layout import FOLDERS, FRAMES, IMAGE_ENDINGS, read_layout
from model.frames.problems import Problems
from model.frames.tables import read_table

HEIGHT_PX, WIDTH_PX = 256, 1600
"""The competition's, where no image says otherwise."""

_AREA: Final = "area_class_"


@dataclass(frozen=True, slots=True, kw_only=True)
class Dataset:
    """What is known of every frame, before any code is decoded and any image but the first is opened.

    areas_px: image id -> class -> pixels, of all frames, none for a clean one; empty where only train.csv
    knows (`counted_from` says which): its codes must be decoded first. entries: of frames whose image is
    here, with truth and, where frames.csv gives them, group and fold.
    """

    root: Path
    height_px: int
    width_px: int
    areas_px: Areas
    counted_from: str
    codes: Codes
    boxes: dict[str, dict[int, tuple[Box, ...]]] = field(default_factory=dict)
    images: dict[str, Path] = field(default_factory=dict)
    entries: dict[str, FrameEntry] = field(default_factory=dict)
    labelled_at: dict[str, str] = field(default_factory=dict)

    @property
    def clean_is_known(self) -> bool:
        """Whether frames without defects are listed at all."""
        return self.counted_from == LABELS or bool(self.images)

    @property
    def grouped(self) -> bool:
        """Whether somebody has said which frames are near-duplicates."""
        return any(entry.group != entry.image_id for entry in self.entries.values())

    def classes_of(self, image_id: str) -> tuple[int, ...]:
        """The classes on a frame, by whatever table says so."""
        entry = self.entries.get(image_id)
        known = entry.classes if entry else self.areas_px.get(image_id) or self.codes.get(image_id, {})
        return tuple(sorted(known))


def read_dataset(root: Path) -> Dataset:
    """Raises FramesRefused with all that is wrong with the tables."""
    problems = Problems(root)
    if not root.is_dir():
        problems.add(str(root), "is no folder")
        problems.refuse_if_any()
    if not any((root / name).is_file() for name in (LABELS, TRAIN)):
        problems.add(str(root), f"holds neither {LABELS} nor {TRAIN}: there is nothing to analyse")
        problems.refuse_if_any()
    codes = read_codes(root, problems) if (root / TRAIN).is_file() else {}
    labelled_at = _labelled_at(root, problems)
    areas = read_areas(root, problems)
    boxes = _boxes_by_class(root, areas, problems)
    images = _images(root)
    problems.refuse_if_any()
    entries = _entries(root, codes, areas, images)
    height_px, width_px = _size(images)
    return Dataset(
        root=root,
        height_px=height_px,
        width_px=width_px,
        areas_px=areas,
        counted_from=LABELS if areas else TRAIN,
        codes=codes,
        boxes=boxes,
        images=images | {i: e.path for i, e in entries.items()},
        entries=entries,
        labelled_at=labelled_at,
    )


def _labelled_at(root: Path, problems: Problems) -> dict[str, str]:
    """labels.csv: where each image stands; it stands there once, with an area column for each class."""
    at: dict[str, str] = {}
    if not (root / LABELS).is_file():
        return at
    for number, row in enumerate(read_table(root / LABELS, ("ImageId",), problems)):
        if number == 0 and not any(name.startswith(_AREA) for name in row.cells):
            problems.add(f"{LABELS}:1", f"has no column {_AREA}1: it needs an area for each class")
            return at
        if earlier := at.get(row["ImageId"]):
            problems.add(row.at, f"lists {row['ImageId']} again, after {earlier}; drop one")
        at.setdefault(row["ImageId"], row.at)
    if not at:
        problems.add(LABELS, "lists no frame")
    return at


def _boxes_by_class(root: Path, areas: Areas, problems: Problems) -> dict[str, dict[int, tuple[Box, ...]]]:
    """boxes.csv has a row for each class of a frame, in class order; labels.csv says which classes."""
    found: dict[str, dict[int, tuple[Box, ...]]] = {}
    if not areas:
        return found
    for image_id, rows in read_boxes(root, problems).items():
        classes = sorted(areas.get(image_id, {}))
        if len(classes) != len(rows):
            says = f"{image_id} has {len(rows)} rows in {BOXES}, yet {LABELS} gives area to {len(classes)}"
            problems.add(rows[0].at, f"{says} of its classes")
            continue
        found[image_id] = {c: row.boxes for c, row in zip(classes, rows, strict=True)}
    return found


def _images(root: Path) -> dict[str, Path]:
    folder = next((root / name for name in FOLDERS if (root / name).is_dir()), None)
    listed = sorted(folder.iterdir()) if folder else []
    return {path.name: path for path in listed if path.suffix.lower() in IMAGE_ENDINGS}


def _entries(root: Path, codes: Codes, areas: Areas, images: dict[str, Path]) -> dict[str, FrameEntry]:
    """Frames whose image is here: as frames.csv says, else as the other tables imply."""
    if images and (root / FRAMES).is_file() and (root / TRAIN).is_file():
        return {entry.image_id: entry for entry in read_layout(root)}
    return {entry.image_id: entry for entry in _implied(codes, areas, images)}


def _implied(codes: Codes, areas: Areas, images: dict[str, Path]) -> Iterator[FrameEntry]:
    for image_id, path in images.items():
        drawn = codes.get(image_id, {})
        classes = tuple(sorted({*drawn, *areas.get(image_id, {})}))
        yield FrameEntry(
            image_id=image_id,
            path=path,
            truth="clean" if not classes else "mask" if set(drawn) == set(classes) else "boxes",
            fold=None,
            classes=classes,
            group=image_id,
            rle_by_class={c: drawn[c].rle for c in sorted(drawn)},
            listed_at=f"{path.parent.name}/{path.name}",
            drawn_at={c: drawn[c].at for c in drawn},
        )


def _size(images: dict[str, Path]) -> tuple[int, int]:
    """Of the first image that can be read; all others must be as large."""
    for path in images.values():
        if (pixels := cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)) is not None:
            return pixels.shape[0], pixels.shape[1]
    return HEIGHT_PX, WIDTH_PX
