"""A folder in the competition's layout to frame entries: images, train.csv, and what else says more of them.

| file | needed | says |
| --- | --- | --- |
| train_images/ or images/ | yes | the frames, JPEG or PNG |
| train.csv | yes | the masks; an image without rows is clean, unless frames.csv says otherwise |
| frames.csv | no | ImageId, truth, group, fold, classes: which frames count, and how they are judged |
| boxes.csv, labels.csv | no | boxes and true areas of the classes of frames whose masks are not known |
| extra.csv, extra/ | no | frames that only ever train |
"""

from __future__ import annotations

import csv
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast, get_args

from model.frames.annotations import (
    BOXES,
    TRAIN,
    Areas,
    BoxRows,
    Code,
    Codes,
    read_areas,
    read_boxes,
    read_codes,
)
from model.frames.frames import FrameEntry, Truth
from model.frames.problems import Problems
from model.frames.tables import Row, read_table

log = logging.getLogger(__name__)

FOLDERS = ("train_images", "images")
FRAMES, EXTRA = "frames.csv", "extra.csv"
IMAGE_ENDINGS = (".jpg", ".jpeg", ".png")
NO_CORNER = "leave that corner out"


def read_layout(root: Path) -> list[FrameEntry]:
    """Every frame of a folder, from its tables alone: no image is opened, no code decoded.

    With frames.csv in its order and with its groups and folds; without it by name, all folds None, until
    `model.frames.folds` makes them. Raises FramesRefused with every problem, each with file and row.
    """
    problems = Problems(root)
    images = _images(root, problems)
    known = _Known(
        codes=read_codes(root, problems),
        boxes=read_boxes(root, problems),
        areas=read_areas(root, problems),
        problems=problems,
    )
    problems.refuse_if_any()
    listed = (root / FRAMES).is_file()
    entries = list(known.listed(root, images) if listed else known.implied(images))
    if (root / EXTRA).is_file():
        entries += known.extra(root, {e.image_id: e.listed_at for e in entries})
    problems.refuse_if_any()
    return entries


def _images(root: Path, problems: Problems) -> dict[str, Path]:
    folder = next((root / name for name in FOLDERS if (root / name).is_dir()), None)
    if folder is None:
        problems.add(str(root), f"is no folder that holds {' or '.join(f'{name}/' for name in FOLDERS)}")
        return {}
    images = {p.name: p for p in sorted(folder.iterdir()) if p.suffix.lower() in IMAGE_ENDINGS}
    if not images:
        problems.add(f"{folder.name}/", "holds no .jpg and no .png")
    return images


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """What the tables say of defects, and how it becomes entries."""

    codes: Codes
    boxes: BoxRows
    areas: Areas
    problems: Problems

    def implied(self, images: dict[str, Path]) -> Iterator[FrameEntry]:
        """Without frames.csv: every image, clean where train.csv is silent."""
        for image_id, codes in self.codes.items():
            if image_id not in images:
                first = next(iter(codes.values()))
                says = f"{image_id} is not among the images; add it, drop the row"
                self.problems.add(first.at, f"{says}, or list what is here in {FRAMES}")
        for image_id, path in images.items():
            codes = self.codes.get(image_id, {})
            classes, at = tuple(sorted(codes)), f"{path.parent.name}/{image_id}"
            truth: Truth = "mask" if codes else "clean"
            yield self._entry(image_id, path, truth, classes, at=at, group="", fold=None)

    def listed(self, root: Path, images: dict[str, Path]) -> Iterator[FrameEntry]:
        """What frames.csv lists, as it says."""
        seen: dict[str, str] = {}
        folder = next(iter(images.values())).parent
        for row in read_table(root / FRAMES, ("ImageId", "truth", "group", "fold", "classes"), self.problems):
            image_id = row["ImageId"]
            if image_id in seen:
                self.problems.add(row.at, f"lists {image_id} again, after {seen[image_id]}; drop one")
                continue
            seen[image_id] = row.at
            if image_id not in images:
                self.problems.add(row.at, f"{folder.name}/{image_id} is not there; add it or drop the row")
            elif not row["group"]:
                self.problems.add(
                    row.at, f"{image_id} has no group; a frame without near-duplicates is its own"
                )
            elif not (row["fold"].isascii() and row["fold"].isdigit()):
                self.problems.add(row.at, f"fold {row['fold']!r} of {image_id} is not a whole number from 0")
            else:
                yield from self._stated(row, images[image_id], fold=int(row["fold"]))
        others = sum(len(codes) for image_id, codes in self.codes.items() if image_id not in seen)
        if others:
            log.info("%s: %d rows are of frames that %s does not list: left out", TRAIN, others, FRAMES)

    def extra(self, root: Path, listed: dict[str, str]) -> Iterator[FrameEntry]:
        """What extra.csv lists: frames that only ever train, so none that is `listed` to be judged by."""
        for row in read_table(root / EXTRA, ("file", "ImageId", "truth", "classes"), self.problems):
            path = root / "extra" / row["file"]
            if not row["file"] or not path.is_file():
                self.problems.add(row.at, f"extra/{row['file']} is not there; add it or drop the row")
            elif row["ImageId"] in listed:
                self.problems.add(row.at, f"{row['ImageId']} is in {listed[row['ImageId']]} too; drop one")
            else:
                yield from self._stated(row, path, fold=None)

    def _stated(self, row: Row, path: Path, fold: int | None) -> Iterator[FrameEntry]:
        """The entry of a row with truth and classes, if they are what the other tables say too."""
        image_id, truth, words = row["ImageId"], row["truth"], row["classes"].split()
        if truth not in get_args(Truth):
            says = f"truth {truth!r} of {image_id} is none of {', '.join(get_args(Truth))}"
        elif not all(word.isascii() and word.isdigit() for word in words):
            says = f"classes {row['classes']!r} of {image_id} are not numbers with spaces between them"
        else:
            classes = tuple(sorted({int(word) for word in words}))
            says = self._contradiction(image_id, truth, classes)
        if says:
            self.problems.add(row.at, says)
            return
        yield self._entry(
            image_id,
            path,
            cast(Truth, truth),
            classes,
            at=row.at,
            group=row.cells.get("group", ""),
            fold=fold,
            marked_corner=NO_CORNER in row.cells.get("note", ""),
        )

    def _contradiction(self, image_id: str, truth: str, classes: tuple[int, ...]) -> str:
        """What another table says against this one, or nothing."""
        codes = self.codes.get(image_id, {})
        if truth == "clean":
            if classes:
                return f"{image_id} is `clean`, yet classes says {_spelled(classes)}"
            return f"{image_id} is `clean`, yet {_first(codes).at} has a mask for it" if codes else ""
        if not classes:
            return f"{image_id} is `{truth}`, yet classes is empty"
        if truth == "boxes":
            rows = len(self.boxes.get(image_id, ()))
            wanted = f"{BOXES} has {rows} rows for its {len(classes)} classes"
            return "" if rows == len(classes) else f"{image_id} is `boxes`, yet {wanted}"
        if absent := [c for c in classes if c not in codes]:
            return (
                f"{image_id} is `mask`, yet {TRAIN} has no mask of its class {_spelled(absent)}; "
                "add the row, or make it `boxes`"
            )
        if more := [c for c in codes if c not in classes]:
            return f"classes of {image_id} lacks {_spelled(more)}, yet {codes[more[0]].at} has its mask"
        return ""

    def _entry(
        self,
        image_id: str,
        path: Path,
        truth: Truth,
        classes: tuple[int, ...],
        *,
        at: str,
        group: str,
        fold: int | None,
        marked_corner: bool = False,
    ) -> FrameEntry:
        codes = self.codes.get(image_id, {}) if truth == "mask" else {}
        boxed = dict(zip(classes, self.boxes[image_id], strict=True)) if truth == "boxes" else {}
        areas = self.areas.get(image_id, {})
        return FrameEntry(
            image_id=image_id,
            path=path,
            truth=truth,
            fold=fold,
            classes=classes,
            group=group or image_id,
            rle_by_class={c: codes[c].rle for c in sorted(codes)},
            boxes_by_class={c: found.boxes for c, found in boxed.items()},
            area_px_by_class={c: areas[c] for c in boxed if c in areas},
            marked_corner=marked_corner,
            only_trains=path.parent.name == "extra",
            listed_at=at,
            drawn_at={c: drawn.at for c, drawn in (codes or boxed).items()},
        )


def _first(codes: dict[int, Code]) -> Code:
    return next(iter(codes.values()))


def _spelled(classes: tuple[int, ...] | list[int]) -> str:
    return ", ".join(map(str, classes))


def write_frames(entries: Sequence[FrameEntry], path: Path) -> None:
    """Write frames.csv: put beside train.csv, it keeps these groups and folds whatever frames come later."""
    with path.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(("ImageId", "truth", "group", "fold", "classes"))
        for e in entries:
            if e.fold is not None:
                rows.writerow((e.image_id, e.truth, e.group, e.fold, " ".join(map(str, e.classes))))
