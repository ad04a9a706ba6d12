"""One pass over the images that are here: each is decoded once, hashed, and its masks are measured."""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from model import rle
from model.analysis.dataset import Dataset
from model.analysis.margins import Measured, measured
from model.analysis.surroundings import likeness, strip_columns, surface_of
from model.card import InputSpec
from model.frames import frames
from model.frames.folds import perceptual_hash
from model.frames.frames import FrameEntry
from model.frames.problems import Problems
from model.images import ImageInvalid

log = logging.getLogger(__name__)

ON_CLEAN = 1000
"""So many masked frames lend their masks to clean frames; more would not move the medians."""

_LOGGED_EVERY = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What is kept of one image. phash: (256,) bool. steel_columns: how many columns are strip, not black.

    off_strip: class -> share of its mask that lies on the black beside the strip.
    """

    image_id: str
    phash: NDArray[np.bool_]
    mean_grey: float
    steel_columns: int
    off_strip: dict[int, float]
    masks: tuple[Measured, ...]
    lent: tuple[Measured, ...] = ()


def spec_of(dataset: Dataset) -> InputSpec:
    """Frames at full size, as they are."""
    return InputSpec(width_px=dataset.width_px, height_px=dataset.height_px, reduce=1, mean=0, std=1)


def masks_of(entry: FrameEntry, spec: InputSpec) -> dict[int, NDArray[np.bool_]]:
    """Class -> (H, W) bool."""
    return {c: rle.decode(coded, spec.height_px, spec.width_px) for c, coded in entry.rle_by_class.items()}


def see_all(dataset: Dataset, problems: Problems) -> list[Seen]:
    """Look at every image on all cores; what cannot be read is a problem. About 50 ms each on one core."""
    entries = list(dataset.entries.values())
    lent = _lent(entries)
    spec = spec_of(dataset)

    def one(entry: FrameEntry) -> Seen | str:
        try:
            return see(entry, lent.get(entry.image_id, ()), spec)
        except OSError as unreadable:
            return f"cannot be read: {unreadable.strerror}; bring it anew or take it out"
        except ImageInvalid as invalid:
            says = f"{invalid.kind.replace('_', ' ')}: {invalid.detail}"
            return f"{says}; bring it anew or take it out"

    seen: list[Seen] = []
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for number, (entry, found) in enumerate(zip(entries, pool.map(one, entries), strict=True), start=1):
            if isinstance(found, str):
                problems.add(f"{entry.path.parent.name}/{entry.path.name}", found)
            else:
                seen.append(found)
            if number % _LOGGED_EVERY == 0:
                log.info("looked at %d of %d images", number, len(entries))
    return seen


def see(entry: FrameEntry, lent: Sequence[FrameEntry], spec: InputSpec) -> Seen:
    """One image. lent: frames whose masks are laid on this clean one. Raises OSError, ImageInvalid."""
    pixels = frames.decode(entry, spec)
    columns = strip_columns(pixels)
    masks = masks_of(entry, spec)
    half = cv2.resize(pixels, (spec.width_px // 2, spec.height_px // 2), interpolation=cv2.INTER_AREA)
    return Seen(
        image_id=entry.image_id,
        phash=perceptual_hash(np.asarray(half, np.uint8)),
        mean_grey=round(float(pixels[:, columns].mean()), 2) if columns.any() else 0.0,
        steel_columns=int(columns.sum()),
        off_strip={c: round(float(mask[:, ~columns].sum() / mask.sum()), 4) for c, mask in masks.items()},
        masks=_measure(pixels, entry, masks),
        lent=tuple(m for other in lent for m in _measure(pixels, other, masks_of(other, spec))),
    )


def _measure(
    pixels: NDArray[np.uint8], entry: FrameEntry, masks: dict[int, NDArray[np.bool_]]
) -> tuple[Measured, ...]:
    if not masks:
        return ()
    surface = surface_of(pixels, np.logical_or.reduce(list(masks.values())))
    if surface is None:
        return ()
    found = {c: likeness(surface, mask) for c, mask in masks.items()}
    return tuple(
        measured(entry.image_id, c, entry.drawn_at[c], one) for c, one in found.items() if one is not None
    )


def _lent(entries: Sequence[FrameEntry]) -> dict[str, list[FrameEntry]]:
    """Which clean frame is lent whose masks: each masked frame's go to one, in turn."""
    clean = [e.image_id for e in entries if e.truth == "clean"]
    masked = [e for e in entries if e.truth == "mask"]
    lent: dict[str, list[FrameEntry]] = {image_id: [] for image_id in clean}
    if not clean:
        return lent
    step = max(1, -(-len(masked) // ON_CLEAN))
    for number, entry in enumerate(masked[::step]):
        lent[clean[number % len(clean)]].append(entry)
    return lent
