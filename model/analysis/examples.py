"""Frames to look at: typical ones of each class, areas drawn wide, whatever is suspicious."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from model.analysis.dataset import Dataset
from model.analysis.images import Seen, masks_of, spec_of
from model.analysis.surroundings import likeness, surface_of
from model.evaluation.pictures import data_uri, draw
from model.frames import frames
from model.frames.annotations import Areas
from model.overlays import class_colour

SIZES: Final = (("small", 0.1), ("middle", 0.5), ("large", 0.9))
WINDOW_PX: Final = 480
PER_KIND: Final = 6
_TINT: Final = (66, 228, 240)
"""Okabe and Ito's yellow, as BGR: no class has it."""
_GAP_PX: Final = 8
_PAPER: Final = 255


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One picture: a data URI of a frame or of a window in it, and what stands under it."""

    image_id: str
    says: str
    uri: str


def typical(dataset: Dataset, areas_px: Areas, names: Mapping[str, str]) -> list[Example]:
    """Of each class a small, a middle and a large one by area, then frames with the most classes."""
    masked = {i: e for i, e in dataset.entries.items() if e.truth == "mask" and not e.only_trains}
    chosen: dict[str, str] = {}
    for class_id in sorted({c for e in masked.values() for c in e.classes}):
        own = sorted(
            (areas_px.get(i, {}).get(class_id, 0), i) for i, e in masked.items() if e.classes == (class_id,)
        )
        for size, quantile in SIZES if own else ():
            area_px, image_id = own[int(quantile * (len(own) - 1))]
            chosen.setdefault(image_id, f"{names[str(class_id)]}, {size}: {area_px:,} px")
    several = sorted(masked.values(), key=lambda e: (-len(e.classes), e.image_id))
    for entry in [e for e in several if len(e.classes) > 1][:3]:
        chosen.setdefault(entry.image_id, " and ".join(names[str(c)] for c in entry.classes))
    return [_whole(dataset, image_id, says) for image_id, says in chosen.items()]


def drawn_wide(dataset: Dataset, seen: Sequence[Seen], names: Mapping[str, str]) -> list[Example]:
    """Of each class its median area by likeness and its most alike one: a window, and what is like tinted."""
    by_class: dict[int, list[tuple[float, str]]] = {}
    for mask in (m for one in seen for m in one.masks):
        by_class.setdefault(mask.class_id, []).append((mask.like_share, mask.image_id))
    shown = []
    for class_id, some in sorted(by_class.items()):
        ranked = sorted(some)
        for word, index in {"a usual one": len(ranked) // 2, "the widest": len(ranked) - 1}.items():
            shown.append(_window(dataset, ranked[index][1], class_id, f"{names[str(class_id)]}, {word}"))
    return [one for one in shown if one is not None]


def suspicious(dataset: Dataset, kinds: Mapping[str, Any]) -> dict[str, list[Example]]:
    """Kind -> pictures of its oddest frames, where their images are here."""
    shown: dict[str, list[Example]] = {}
    for kind, found in kinds.items():
        here: dict[str, str] = {}
        for item in found["listed"]:
            if item["image_id"] in dataset.entries:
                what = "" if item["class_id"] is None else f"class {item['class_id']}: "
                here.setdefault(item["image_id"], f"{what}{item['says']}")
        some = list(here.items())[:PER_KIND]
        shown[kind] = [_whole(dataset, image_id, says) for image_id, says in some]
    return shown


def duplicates(dataset: Dataset, found: Mapping[str, Any], groups: int = 3, each: int = 2) -> list[Example]:
    """Two frames of each of the largest groups."""
    return [
        _whole(dataset, image_id, f"one of {len(group['image_ids'])}, {group['least_bits']} bits apart")
        for group in found["groups"][:groups]
        for image_id in group["image_ids"][:each]
    ]


def _whole(dataset: Dataset, image_id: str, says: str) -> Example:
    entry, spec = dataset.entries[image_id], spec_of(dataset)
    boxes = dataset.boxes.get(image_id, {}) if entry.truth == "boxes" else {}
    picture = draw(frames.decode(entry, spec), (), masks_of(entry, spec), boxes)
    return Example(image_id=image_id, says=says, uri=data_uri(picture))


def _window(dataset: Dataset, image_id: str, class_id: int, says: str) -> Example | None:
    """The area's densest WINDOW_PX columns twice: outlined, and tinted where it is like its surroundings."""
    entry, spec = dataset.entries[image_id], spec_of(dataset)
    pixels, masks = frames.decode(entry, spec), masks_of(entry, spec)
    surface = surface_of(pixels, np.logical_or.reduce(list(masks.values())))
    found = likeness(surface, masks[class_id]) if surface else None
    if found is None:
        return None
    width = min(WINDOW_PX, dataset.width_px)
    filled = np.convolve(masks[class_id].sum(axis=0), np.ones(width, np.int64), "valid")
    # The middle of the best places: a small area then lies in the middle of its window.
    best = np.flatnonzero(filled == filled.max())
    window = slice(left := int(best[len(best) // 2]), left + width)
    plain = cv2.cvtColor(np.ascontiguousarray(pixels[:, window]), cv2.COLOR_GRAY2BGR)
    tinted = plain.copy()
    like = found.like[:, window]
    tinted[like] = (0.55 * tinted[like] + 0.45 * np.array(_TINT)).astype(np.uint8)
    for picture in (plain, tinted):
        _outline(picture, masks[class_id][:, window], class_colour(class_id))
    gap = np.full((plain.shape[0], _GAP_PX, 3), _PAPER, np.uint8)
    told = f"{says}: {100 * found.like_share:.0f} % like its surroundings"
    if found.margin_px is not None:
        told += f", strongest gradient {found.margin_px:+.0f} px"
    return Example(image_id=image_id, says=told, uri=data_uri(np.hstack([plain, gap, tinted])))


def _outline(picture: NDArray[np.uint8], mask: NDArray[np.bool_], colour: tuple[int, int, int]) -> None:
    contours, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    cv2.drawContours(picture, contours, -1, colour, thickness=1, lineType=cv2.LINE_AA)
