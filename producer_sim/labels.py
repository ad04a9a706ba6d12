"""What is known about a folder of real frames: the competition's `train.csv`, or a `frames.csv` beside it."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from producer_sim.manifest import Truth
from producer_sim.refused import SimulatorRefused

TRAIN_COLUMNS = ("ImageId", "ClassId", "EncodedPixels")
FRAMES_COLUMNS = ("ImageId", "truth", "classes")
COMPETITION_FOLDER = "train_images"

Rows = list[dict[str, str]]


def read_truths(
    names: Iterable[str], folder: Path, labels: Path | None, *, with_masks: bool
) -> dict[str, Truth]:
    """File name -> truth, for those of `names` whose truth is known.

    `labels` None: `frames.csv` in the folder's parent, else `train.csv` there when the folder is the
    competition's `train_images`, else nothing is known. A `train.csv` lists defects only, so a frame that it
    does not name is clean; a `frames.csv` names what it knows. Raises SimulatorRefused.
    """
    found = labels or _beside(folder)
    if found is None:
        return {}
    rows = _rows(found)
    columns = tuple(rows[0]) if rows else ()
    if set(FRAMES_COLUMNS) <= set(columns):
        return _from_frames(names, rows, _masks_beside(found) if with_masks else {})
    if set(TRAIN_COLUMNS) <= set(columns):
        return _from_train(names, rows, with_masks=with_masks)
    raise SimulatorRefused(
        f"{found} holds no labels: its columns must be {', '.join(TRAIN_COLUMNS)} "
        f"or {', '.join(FRAMES_COLUMNS)}."
    )


def _beside(folder: Path) -> Path | None:
    parent = folder.resolve().parent
    if (parent / "frames.csv").is_file():
        return parent / "frames.csv"
    train = parent / "train.csv"
    return train if folder.resolve().name == COMPETITION_FOLDER and train.is_file() else None


def _masks_beside(frames_csv: Path) -> dict[str, dict[int, str]]:
    train = frames_csv.with_name("train.csv")
    return _masks(_rows(train)) if train.is_file() else {}


def _rows(path: Path) -> Rows:
    try:
        with path.open(newline="", encoding="utf-8") as lines:
            return list(csv.DictReader(lines))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise SimulatorRefused(f"The labels {path} cannot be read: {error}.") from None


def _masks(rows: Rows) -> dict[str, dict[int, str]]:
    """ImageId -> class -> RLE. A row without pixels says that a class is absent."""
    masks: dict[str, dict[int, str]] = {}
    for row in rows:
        if row["EncodedPixels"]:
            masks.setdefault(row["ImageId"], {})[_class_id(row["ClassId"])] = row["EncodedPixels"]
    return masks


def _from_train(names: Iterable[str], rows: Rows, *, with_masks: bool) -> dict[str, Truth]:
    masks = _masks(rows)
    return {
        name: Truth(
            classes=tuple(sorted(masks.get(name, {}))),
            rle_by_class=masks.get(name, {}) if with_masks else None,
        )
        for name in names
    }


def _from_frames(names: Iterable[str], rows: Rows, masks: Mapping[str, dict[int, str]]) -> dict[str, Truth]:
    mask_of: dict[str, Callable[[str], dict[int, str] | None]] = {
        "mask": masks.get,
        "clean": lambda name: {} if masks else None,
        "boxes": lambda name: None,  # defective, but nobody has its masks
    }
    known = {row["ImageId"]: row for row in rows if row["truth"] in mask_of}
    truths = {}
    for name in names:
        if (row := known.get(name)) is not None:
            classes = tuple(sorted(_class_id(c) for c in row["classes"].split()))
            truths[name] = Truth(classes=classes, rle_by_class=mask_of[row["truth"]](name))
    return truths


def _class_id(text: str) -> int:
    if not text.isdecimal():
        raise SimulatorRefused(f"The labels name a class '{text}': classes are whole numbers from 1.")
    return int(text)
