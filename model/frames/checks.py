"""What must hold before training starts: masks that can be, images that can be read, folds that hold."""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from model import rle
from model.card import InputSpec
from model.frames.frames import FrameEntry, decode
from model.frames.problems import Problems
from model.images import ImageInvalid


def check_classes(entries: Sequence[FrameEntry], class_ids: Collection[int], problems: Problems) -> None:
    """Every class on a frame is one of the recipe's."""
    known = ", ".join(map(str, class_ids))
    for entry in entries:
        for class_id in entry.classes:
            if class_id not in class_ids:
                at = entry.drawn_at.get(class_id, entry.listed_at)
                says = f"class {class_id} of {entry.image_id} is not one of the recipe's classes ({known})"
                problems.add(at, f"{says}; add it there or drop the row")


def check_masks(entries: Sequence[FrameEntry], spec: InputSpec, problems: Problems) -> None:
    """Every code is in range, sorted and free of overlaps, and no pixel has two classes. 1 ms a code."""
    for entry in entries:
        covered: dict[int, NDArray[np.bool_]] = {}
        for class_id, code in entry.rle_by_class.items():
            said = f"the mask of class {class_id} of {entry.image_id}"
            try:
                mask = rle.decode(code, spec.height_px, spec.width_px)
            except ValueError as wrong:
                problems.add(entry.drawn_at[class_id], f"{said} cannot be: {wrong}; correct or drop the row")
                continue
            for other, pixels in covered.items():
                if shared := int((mask & pixels).sum()):
                    says = f"{said} covers {shared} px of its class {other} ({entry.drawn_at[other]})"
                    problems.add(entry.drawn_at[class_id], f"{says}; a pixel has one class")
            covered[class_id] = mask


def check_boxes(entries: Sequence[FrameEntry], spec: InputSpec, problems: Problems) -> None:
    """Every box lies on its frame, and holds the area that its class is said to have."""
    for entry in entries:
        for class_id, boxes in entry.boxes_by_class.items():
            at, said = entry.drawn_at[class_id], f"class {class_id} of {entry.image_id}"
            if any(box[2] >= spec.height_px or box[3] >= spec.width_px for box in boxes):
                says = f"a box of {said} ends beyond {spec.height_px}x{spec.width_px} px"
                problems.add(at, f"{says}; boxes are [row, column, last row, last column]")
            room_px = sum((r1 - r0 + 1) * (c1 - c0 + 1) for r0, c0, r1, c1 in boxes)
            if (area_px := entry.area_px_by_class.get(class_id, 0)) > room_px:
                says = f"the boxes of {said} hold {room_px} px, yet labels.csv says {area_px} px"
                problems.add(at, f"{says}; are the rows of its classes in ascending order?")


def decode_all(
    entries: Sequence[FrameEntry], spec: InputSpec, problems: Problems
) -> dict[str, NDArray[np.uint8]]:
    """Image id -> (h, w) uint8 of every image that can be read; each is decoded once, on all cores."""

    def one(entry: FrameEntry) -> NDArray[np.uint8] | str:
        try:
            return decode(entry, spec)
        except OSError as unreadable:
            return f"cannot be read: {unreadable.strerror}"
        except ImageInvalid as invalid:
            says = f"{invalid.kind.replace('_', ' ')}: {invalid.detail}"
            return f"{says}, the recipe's input" if invalid.kind == "wrong_size" else says

    pixels: dict[str, NDArray[np.uint8]] = {}
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for entry, seen in zip(entries, pool.map(one, entries), strict=True):
            if isinstance(seen, str):
                place = f"{entry.path.parent.name}/{entry.path.name}"
                row = "" if entry.listed_at == place else f"{entry.listed_at}, "
                problems.add(f"{row}{place}", f"{seen}; bring it anew or take it out")
            else:
                pixels[entry.image_id] = seen
    return pixels


def check_folds(entries: Sequence[FrameEntry], problems: Problems) -> None:
    """No group of near-duplicates has frames in two folds."""
    first: dict[str, FrameEntry] = {}
    for entry in (e for e in entries if e.fold is not None):
        before = first.setdefault(entry.group, entry)
        if entry.fold != before.fold:
            problems.add(
                entry.listed_at,
                f"{entry.image_id} is in fold {entry.fold}, yet {before.image_id} of its group "
                f"{entry.group!r} is in fold {before.fold} ({before.listed_at}); put them in one",
            )


def check_held_out(
    entries: Sequence[FrameEntry], held_out_fold: int, class_ids: Collection[int], problems: Problems
) -> None:
    """The held-out fold is there, and what is left shows every class."""
    folds = sorted({e.fold for e in entries if e.fold is not None})
    learnt = [e for e in entries if e.fold != held_out_fold]
    if held_out_fold not in folds or not learnt:
        there = f"there are folds {', '.join(map(str, folds))}" if folds else "no frame has a fold"
        problems.add("frames.csv", f"fold {held_out_fold} cannot be held out: {there}")
        return
    for class_id in class_ids:
        if any(class_id in e.classes for e in learnt):
            continue
        held = next((e for e in entries if class_id in e.classes), None)
        if held is None:
            at, where = "train.csv", "on no frame"
        else:
            at, where = (
                held.drawn_at.get(class_id, held.listed_at),
                f"only in the held-out fold {held_out_fold}",
            )
        says = f"class {class_id} is {where}, so it cannot be learnt"
        problems.add(at, f"{says}; hold out another fold, add frames, or take it out of the recipe")
