"""One held-out frame against its truth, in numbers: what every figure of masks and regions adds up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from model.evaluation.intervals import GroupedSample
from model.frames.frames import JudgedFrame, Truth
from model.inspector import FrameResult
from model.regions import class_masks

Mask = NDArray[np.bool_]
Masks = dict[int, Mask]


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameLabel:
    """Which frame it is, whose near-duplicates are in the same group, and which fold held it out."""

    image_id: str
    group: str
    fold: int
    truth: Truth


def sample_of(labels: Sequence[FrameLabel]) -> GroupedSample:
    """The frames as they are drawn again: near-duplicates together, folds and clean frames as many."""
    clean_groups = {label.group for label in labels if label.truth == "clean"}
    return GroupedSample(
        [label.group for label in labels], [(label.fold, label.group in clean_groups) for label in labels]
    )


def parts_of(groups: Sequence[str], parts: int) -> NDArray[np.int64]:
    """Each item's part, 0 .. parts - 1: whole groups in turn, in the order of their names."""
    _, group_of = np.unique(np.asarray(groups, dtype=str), return_inverse=True)
    return group_of % parts


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlap:
    """One class's true and found masks on one frame, in pixels of the full-size frame."""

    true_px: int
    found_px: int
    shared_px: int

    @property
    def dice(self) -> float:
        """2|A∩B| / (|A|+|B|); 1 where both are empty, as the competition counts."""
        total_px = self.true_px + self.found_px
        return 2 * self.shared_px / total_px if total_px else 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenRegion:
    """One connected component, true or found. on_px: the other side's class -> pixels under this one."""

    class_id: int
    area_px: int
    on_px: dict[int, int]

    def share_on(self, class_id: int) -> float:
        """The share of this region that the other side gives to that class."""
        return self.on_px.get(class_id, 0) / self.area_px


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """One frame under one setting. overlaps is None where the frame's masks are not known."""

    gate_score: float
    passed: bool
    overlaps: dict[int, Overlap] | None
    true_regions: tuple[SeenRegion, ...] = ()
    found_regions: tuple[SeenRegion, ...] = ()

    @property
    def found_classes(self) -> frozenset[int]:
        """Classes with a mask, where truth is known."""
        return frozenset(c for c, overlap in (self.overlaps or {}).items() if overlap.found_px)

    @property
    def positive_dice(self) -> float | None:
        """Mean Dice over the classes that are truly there; None without any."""
        values = [overlap.dice for overlap in (self.overlaps or {}).values() if overlap.true_px]
        return sum(values) / len(values) if values else None


def judge_frame(
    result: FrameResult,
    frame: JudgedFrame,
    class_ids: Sequence[int],
    size_px: tuple[int, int],
    *,
    with_regions: bool = True,
) -> Judgement:
    """Compare one result with its frame; size_px: (height, width) of the full-size frame.

    Without regions it takes a third of the time.
    """
    if frame.truth == "boxes":
        return Judgement(gate_score=result.gate_score, passed=result.defective, overlaps=None)
    found = class_masks(result.regions, *size_px)
    return Judgement(
        gate_score=result.gate_score,
        passed=result.defective,
        overlaps={c: overlap(found.get(c), frame.masks.get(c)) for c in class_ids},
        true_regions=regions_of(frame.masks, found) if with_regions else (),
        found_regions=regions_of(found, frame.masks) if with_regions else (),
    )


def overlap(found: Mask | None, truth: Mask | None) -> Overlap:
    """Compare two (H, W) masks; None is empty."""
    shared = 0 if found is None or truth is None else int(np.count_nonzero(found & truth))
    return Overlap(true_px=_pixels(truth), found_px=_pixels(found), shared_px=shared)


def regions_of(masks: Masks, other: Masks) -> tuple[SeenRegion, ...]:
    """The 8-connected components of each class's mask, with what `other` holds beneath them."""
    regions: list[SeenRegion] = []
    for class_id, mask in sorted(masks.items()):
        left, top, width, height = cv2.boundingRect(mask.view(np.uint8))
        box = (slice(top, top + height), slice(left, left + width))
        if not width:
            continue
        inside = np.ascontiguousarray(mask[box]).view(np.uint8)
        count, labels, stats, _ = cv2.connectedComponentsWithStats(inside, connectivity=8)
        beneath = {c: np.bincount(labels[under[box]], minlength=count) for c, under in other.items()}
        regions += [
            SeenRegion(
                class_id=class_id,
                area_px=int(stats[label, cv2.CC_STAT_AREA]),
                on_px={c: int(pixels[label]) for c, pixels in beneath.items() if pixels[label]},
            )
            for label in range(1, count)
        ]
    return tuple(regions)


def _pixels(mask: Mask | None) -> int:
    return 0 if mask is None else int(np.count_nonzero(mask))
