"""Labels that a person should look at again, by what is odd about them; each with file and row."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import numpy as np

from model import rle
from model.analysis.dataset import Dataset
from model.analysis.duplicates import SAME_BITS
from model.analysis.images import Seen
from model.analysis.margins import Measured
from model.analysis.shapes import SPECK_PX, Shape
from model.frames.annotations import LABELS
from model.frames.frames import Box

KINDS: Final[Mapping[str, str]] = {
    "wide": "Areas in which nothing stands out: as like their surroundings as masks laid on clean steel are",
    "rectangle": "Areas with parts that fill their box to 99 %: drawn as boxes, not along the defect",
    "off_strip": "Areas that lie on the black beside the strip",
    "speck": f"Areas with parts of less than {SPECK_PX} px",
    "overlap": "Pixels with two classes",
    "disagree": "Tables that contradict each other",
    "duplicate": "One picture twice, with different classes",
    "scores_high": "Frames labelled clean that the bundle's gate passes on",
    "scores_low": "Frames labelled defective that the bundle's gate stops",
}
LISTED: Final = 40
LEAST_OFF_STRIP: Final = 0.05

Item = dict[str, Any]
"""image_id, class_id (None: the frame), at, says, weight (the higher the odder)."""


def collect(
    dataset: Dataset,
    shapes: Sequence[Shape],
    seen: Sequence[Seen],
    duplicates: Mapping[str, Any] | None,
    scored: Mapping[str, Any] | None,
) -> dict[str, Any]:
    """Kind -> how many, and the oddest of them; a kind that could not be looked for is absent."""
    found: dict[str, list[Item]] = {}
    if shapes:
        found["rectangle"] = list(_rectangles(shapes))
        found["speck"] = list(_specks(shapes))
        found["overlap"] = list(_overlaps(dataset))
        found["disagree"] = list(_disagreements(dataset, shapes))
    if seen:
        found["wide"] = list(_wide(seen))
        found["off_strip"] = list(_off_strip(dataset, seen))
    if duplicates:
        found["duplicate"] = list(_duplicates(dataset, duplicates))
    if scored:
        found["scores_high"] = list(_scored(scored["clean_that_pass"], scored["gate_threshold"]))
        found["scores_low"] = list(_scored(scored["defective_that_do_not"], scored["gate_threshold"]))
    return {
        kind: {
            "says": says,
            "n": len(found[kind]),
            "image_ids": sorted({item["image_id"] for item in found[kind]}),
            "listed": sorted(found[kind], key=lambda item: -item["weight"])[:LISTED],
        }
        for kind, says in KINDS.items()
        if kind in found
    }


def _item(image_id: str, class_id: int | None, at: str, says: str, weight: float) -> Item:
    return {"image_id": image_id, "class_id": class_id, "at": at, "says": says, "weight": round(weight, 4)}


def _wide(seen: Sequence[Seen]) -> Iterator[Item]:
    """More like their surroundings than half of all masks of their class are on clean steel."""
    null: dict[int, list[float]] = {}
    for mask in (m for one in seen for m in one.lent):
        null.setdefault(mask.class_id, []).append(mask.like_share)
    usual = {c: float(np.median(shares)) for c, shares in null.items()}
    for mask in (m for one in seen for m in one.masks):
        if mask.class_id in usual and mask.like_share >= usual[mask.class_id]:
            yield _item(mask.image_id, mask.class_id, mask.at, _how_like(mask), mask.like_share)


def _how_like(mask: Measured) -> str:
    edge = "no edge stands out"
    if mask.margin_px is not None:
        side = "inside" if mask.margin_px >= 0 else "outside"
        edge = f"strongest gradient {abs(mask.margin_px):.0f} px {side} its edge"
    return f"{100 * mask.like_share:.0f} % of it looks like the steel around it; {edge}"


def _rectangles(shapes: Sequence[Shape]) -> Iterator[Item]:
    for shape in shapes:
        if boxes := [part for part in shape.parts if part.is_rectangle]:
            area_px = sum(part.area_px for part in boxes)
            says = f"{len(boxes)} of {len(shape.parts)} parts, {area_px:,} px"
            yield _item(shape.image_id, shape.class_id, shape.at, says, area_px)


def _specks(shapes: Sequence[Shape]) -> Iterator[Item]:
    for shape in shapes:
        if small := [part.area_px for part in shape.parts if part.area_px < SPECK_PX]:
            says = f"{len(small)} of {len(shape.parts)} parts, the smallest {min(small)} px"
            yield _item(shape.image_id, shape.class_id, shape.at, says, len(small))


def _overlaps(dataset: Dataset) -> Iterator[Item]:
    size = dataset.height_px, dataset.width_px
    for image_id, by_class in dataset.codes.items():
        if len(by_class) < 2:
            continue
        masks = {c: rle.decode(code.rle, *size) for c, code in sorted(by_class.items())}
        for one in masks:
            for other in (c for c in masks if c > one):
                if shared := int((masks[one] & masks[other]).sum()):
                    says = f"{shared:,} px are class {one} ({by_class[one].at}) and class {other}"
                    yield _item(image_id, other, by_class[other].at, says, shared)


def _disagreements(dataset: Dataset, shapes: Sequence[Shape]) -> Iterator[Item]:
    """train.csv against labels.csv (area, classes) and boxes.csv (parts)."""
    for shape in shapes:
        if not dataset.areas_px:
            return
        stated = dataset.areas_px.get(shape.image_id)
        if stated is None:
            says, off = f"{LABELS} does not list the frame", shape.area_px
        elif (area_px := stated.get(shape.class_id, 0)) != shape.area_px:
            where = f"{LABELS} ({dataset.labelled_at[shape.image_id]})"
            says, off = (
                f"{shape.area_px:,} px drawn, {where} says {area_px:,} px",
                abs(area_px - shape.area_px),
            )
        elif not _same_boxes(dataset.boxes.get(shape.image_id, {}).get(shape.class_id), shape):
            says, off = f"boxes.csv has other boxes than its {len(shape.parts)} parts", len(shape.parts)
        else:
            continue
        yield _item(shape.image_id, shape.class_id, shape.at, says, off)


def _same_boxes(stated: tuple[Box, ...] | None, shape: Shape) -> bool:
    return stated is None or sorted(stated) == sorted(part.box for part in shape.parts)


def _off_strip(dataset: Dataset, seen: Sequence[Seen]) -> Iterator[Item]:
    for one in seen:
        for class_id, share in one.off_strip.items():
            if share >= LEAST_OFF_STRIP:
                at = dataset.entries[one.image_id].drawn_at[class_id]
                yield _item(
                    one.image_id, class_id, at, f"{100 * share:.0f} % of it lies beside the strip", share
                )


def _duplicates(dataset: Dataset, duplicates: Mapping[str, Any]) -> Iterator[Item]:
    for group in duplicates["groups"]:
        if group["least_bits"] <= SAME_BITS and not group["labels_agree"]:
            ids, kinds = group["image_ids"], group["classes"]
            told = (f"{i} {', '.join(map(str, k)) or 'clean'}" for i, k in zip(ids, kinds, strict=True))
            at = dataset.entries[ids[0]].listed_at
            yield _item(ids[0], None, at, "; ".join(told), 256 - group["least_bits"])


def _scored(frames: Sequence[Mapping[str, Any]], threshold: float) -> Iterator[Item]:
    for rank, one in enumerate(frames):
        found = ", ".join(f"class {c} on {px:,} px" for c, px in one["found_px_by_class"].items())
        labelled = ", ".join(map(str, one["classes"])) or "clean"
        learnt = {True: "held out", False: "learnt from", None: ""}[one["held_out"]]
        says = [
            f"labelled {labelled}",
            f"gate {one['gate_score']:.3f}, threshold {threshold:.3f}",
            found,
            learnt,
        ]
        yield _item(one["image_id"], None, one["at"], "; ".join(s for s in says if s), -rank)
