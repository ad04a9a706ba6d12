"""What the models say of one picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from model import rle
from model.card import Card, OperatingPoint
from model.inspector import Region
from station.strip.contours import contours
from station.trial.reading import Fitted

MAX_REGIONS: Final = 500
"""In one result, largest first: noise can make thousands, and nobody looks at them one by one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TriedRegion:
    """One region, in px of the bundle's frame, bounds inclusive."""

    class_id: int
    name: str
    score: float
    area_px: int
    row_min: int
    col_min: int
    row_max: int
    col_max: int
    contour: tuple[tuple[int, int], ...]
    """(column, row) of the largest part's outline; may be empty, the box is always there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialResult:
    """One picture through one bundle, as the line would inspect it."""

    bundle: str
    preset: str
    bundle_version: str
    width_px: int
    height_px: int
    """Of the frame that regions are in."""
    fitted: Fitted | None
    """None when the picture was such a frame itself."""
    gate_score: float
    gate_threshold: float
    passed: bool
    """Whether it reached the threshold: only then it was segmented, as on the line."""
    regions: tuple[TriedRegion, ...]
    """Largest first; a picture can pass and turn out to hold none."""
    regions_left_out: int
    decode_ms: float
    gate_ms: float
    segment_ms: float | None


def tried_regions(regions: Sequence[Region], card: Card) -> tuple[TriedRegion, ...]:
    """The `MAX_REGIONS` largest, with names and contours."""
    names = {kind.class_id: kind.name for kind in card.classes}
    largest = sorted(regions, key=lambda region: -region.area_px)[:MAX_REGIONS]
    return tuple(_tried(region, names[region.class_id], card) for region in largest)


def _tried(region: Region, name: str, card: Card) -> TriedRegion:
    points = contours(region.rle, card.input.height_px, card.input.width_px)
    return TriedRegion(
        class_id=region.class_id,
        name=name,
        score=region.score,
        area_px=region.area_px,
        row_min=region.row_min,
        col_min=region.col_min,
        row_max=region.row_max,
        col_max=region.col_max,
        contour=tuple((int(col), int(row)) for col, row in points),
    )


def within_picture(
    regions: Sequence[Region], fitted: Fitted, card: Card, point: OperatingPoint
) -> list[Region]:
    """The regions without what lies on the mirror image beside a fitted picture.

    A class needs its least area on the picture itself: its mirror images have counted for it so far.
    """
    cut = [part for region in regions if (part := _cut(region, fitted, card)) is not None]
    least = {kind.class_id: rule.min_area_px for kind, rule in zip(card.classes, point.masks, strict=True)}
    areas = {class_id: sum(one.area_px for one in cut if one.class_id == class_id) for class_id in least}
    return [region for region in cut if areas[region.class_id] >= least[region.class_id]]


def _cut(region: Region, fitted: Fitted, card: Card) -> Region | None:
    if region.row_max < fitted.height_px and region.col_max < fitted.width_px:
        return region
    if region.row_min >= fitted.height_px or region.col_min >= fitted.width_px:
        return None
    mask = rle.decode(region.rle, card.input.height_px, card.input.width_px)
    mask[fitted.height_px :] = False
    mask[:, fitted.width_px :] = False
    rows, cols = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not rows.size:
        return None
    return replace(
        region,
        area_px=int(np.count_nonzero(mask)),
        row_min=int(rows[0]),
        col_min=int(cols[0]),
        row_max=int(rows[-1]),
        col_max=int(cols[-1]),
        rle=rle.encode(mask),
    )
