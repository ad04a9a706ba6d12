"""Labelled frames: what is known of one on disk, what training and judging hold of it in memory."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from model import rle
from model.card import InputSpec
from model.images import decode_grey

Truth = Literal["mask", "clean", "boxes"]
Box = tuple[int, int, int, int]
"""Inclusive `row_min, col_min, row_max, col_max` in pixels of the full-size frame."""

UNKNOWN: Final = 255
"""In a class map: inside the box of a defect whose mask is not known."""

TITLE_HEIGHT_PX, TITLE_WIDTH_PX = 41, 79
"""The corner that a printed panel's title reaches, at full size (extra.csv, column `note`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameEntry:
    """One labelled frame on disk. `fold` is None for frames that only ever train, and until folds are made.

    truth: `mask` (each class has its RLE), `clean`, or `boxes` (each class has the boxes of its 8-connected
    components and, where labels.csv says so, its true area at full size).
    marked_corner: cut from a printed panel whose title left traces in rows 0-40, columns 0-78.
    listed_at: "file:line" of what says that the frame is there; drawn_at: that of each class's RLE or boxes.
    """

    image_id: str
    path: Path
    truth: Truth
    fold: int | None
    classes: tuple[int, ...]
    group: str = ""
    rle_by_class: dict[int, str] = field(default_factory=dict)
    boxes_by_class: dict[int, tuple[Box, ...]] = field(default_factory=dict)
    area_px_by_class: dict[int, int] = field(default_factory=dict)
    marked_corner: bool = False
    only_trains: bool = False
    listed_at: str = ""
    drawn_at: dict[int, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledFrame:
    """One frame in memory, to learn from.

    pixels: (h, w) uint8, as the bundle decodes it. class_map: (h, w) uint8, 0 background, else the class,
    UNKNOWN in the box of a defect whose mask is not known. Boxes and areas are in pixels of the full size.
    """

    image_id: str
    truth: Truth
    fold: int | None
    classes: tuple[int, ...]
    pixels: NDArray[np.uint8]
    class_map: NDArray[np.uint8]
    boxes_by_class: dict[int, tuple[Box, ...]] = field(default_factory=dict)
    area_px_by_class: dict[int, int] = field(default_factory=dict)

    @property
    def defective(self) -> bool:
        """Whether the frame shows any defect."""
        return self.truth != "clean"


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedFrame:
    """A held-out frame. pixels: (h, w) uint8, as the inspector takes it; masks: class -> (H, W) bool.

    Masks are known when truth is `mask` (then only classes that are there have one) or `clean` (then none);
    a frame of truth `boxes` has the boxes of each class instead.
    """

    image_id: str
    truth: Truth
    pixels: NDArray[np.uint8]
    masks: dict[int, NDArray[np.bool_]]
    boxes_by_class: dict[int, tuple[Box, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameSplit:
    """Frames to learn from, frames to be judged by (never learnt from), and what a card says of both.

    entries: all of them as they were read, with their folds; none where frames are drawn.
    """

    train: Sequence[LabelledFrame]
    judged: Sequence[JudgedFrame]
    described: dict[str, Any] = field(default_factory=dict)
    entries: Sequence[FrameEntry] = ()


def half_size(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """(H, W) bool -> (H/2, W/2) bool: set where at least two of four pixels are."""
    px = mask.view(np.uint8)  # five times as fast as a sum over axes of a reshaped mask
    covered_px: NDArray[np.uint8] = px[::2, ::2] + px[::2, 1::2] + px[1::2, ::2] + px[1::2, 1::2]
    return covered_px >= 2


def class_map(entry: FrameEntry, spec: InputSpec) -> NDArray[np.uint8]:
    """(H/reduce, W/reduce) uint8: the class of each pixel, UNKNOWN inside boxes without a mask."""
    reduce = spec.reduce
    classes = np.zeros((spec.height_px // reduce, spec.width_px // reduce), np.uint8)
    for boxes in entry.boxes_by_class.values():
        for row_min, col_min, row_max, col_max in boxes:
            rows = slice(row_min // reduce, row_max // reduce + 1)
            classes[rows, col_min // reduce : col_max // reduce + 1] = UNKNOWN
    for class_id, encoded in entry.rle_by_class.items():
        mask = rle.decode(encoded, spec.height_px, spec.width_px)
        classes[half_size(mask) if reduce == 2 else mask] = class_id
    return classes


def decode(entry: FrameEntry, spec: InputSpec) -> NDArray[np.uint8]:
    """The frame's pixels as a bundle of this input sees them. Raises OSError, model.images.ImageInvalid."""
    encoded = entry.path.read_bytes()
    pixels = decode_grey(encoded, width_px=spec.width_px, height_px=spec.height_px, reduce=spec.reduce)
    if entry.marked_corner:
        height, width = math.ceil(TITLE_HEIGHT_PX / spec.reduce), math.ceil(TITLE_WIDTH_PX / spec.reduce)
        pixels[:height, :width] = pixels[:height, width : 2 * width]
    return pixels


def labelled(entry: FrameEntry, pixels: NDArray[np.uint8], spec: InputSpec) -> LabelledFrame:
    """A decoded frame with its labels, to learn from."""
    return LabelledFrame(
        image_id=entry.image_id,
        truth=entry.truth,
        fold=entry.fold,
        classes=entry.classes,
        pixels=pixels,
        class_map=class_map(entry, spec),
        boxes_by_class=entry.boxes_by_class,
        area_px_by_class=entry.area_px_by_class,
    )


def judged(entry: FrameEntry, pixels: NDArray[np.uint8], spec: InputSpec) -> JudgedFrame:
    """A decoded frame with its full-size masks, to be judged by."""
    size = spec.height_px, spec.width_px
    return JudgedFrame(
        image_id=entry.image_id,
        truth=entry.truth,
        pixels=pixels,
        masks={c: rle.decode(coded, *size) for c, coded in entry.rle_by_class.items()},
        boxes_by_class=entry.boxes_by_class,
    )


def load(entry: FrameEntry, spec: InputSpec) -> LabelledFrame:
    """Decode one frame with its labels. Raises OSError, model.images.ImageInvalid."""
    return labelled(entry, decode(entry, spec), spec)


def split(
    entries: Sequence[FrameEntry],
    held_out_fold: int,
    spec: InputSpec,
    *,
    pixels: Mapping[str, NDArray[np.uint8]] | None = None,
) -> FrameSplit:
    """Everything but a fold to learn from, the fold to be judged by, both in memory, in the entries' order.

    `pixels` by image id saves decoding them again. A half-size frame and its class map take 205 kB; a frame
    to be judged by takes 410 kB for each of its masks. Raises OSError, model.images.ImageInvalid.
    """
    learnt = [e for e in entries if e.fold != held_out_fold]
    held_out = [e for e in entries if e.fold == held_out_fold]

    def seen(entry: FrameEntry) -> NDArray[np.uint8]:
        return decode(entry, spec) if pixels is None else pixels[entry.image_id]

    return FrameSplit(
        train=[labelled(entry, seen(entry), spec) for entry in learnt],
        judged=[judged(entry, seen(entry), spec) for entry in held_out],
        described={
            "held_out_fold": held_out_fold,
            "held_out_sha256": ids_sha256(held_out),
            "learnt_from": counted(learnt),
            "judged_by": counted(held_out),
        },
        entries=tuple(entries),
    )


def ids_sha256(entries: Iterable[FrameEntry]) -> str:
    """One value for a set of frames, whatever their order: whether a fold still holds what was held out."""
    return hashlib.sha256("\n".join(sorted(e.image_id for e in entries)).encode()).hexdigest()


def counted(entries: Sequence[FrameEntry]) -> dict[str, Any]:
    """How many frames there are, by truth and by class."""
    classes = sorted({c for e in entries for c in e.classes})
    return {
        "frames": len(entries),
        "by_truth": {t: sum(e.truth == t for e in entries) for t in ("mask", "boxes", "clean")},
        "by_class": {str(c): sum(c in e.classes for e in entries) for c in classes},
    }
