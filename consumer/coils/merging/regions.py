"""Regions of a defect event, in mm on the coil, and where each touches its frame's borders."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from consumer.coils.facts import AnyDefect, Borders, FrameRegions, Interval, RegionOnStrip, Sighting
from contracts.results import DefectEvent, DefectRegion

Run = tuple[int, int]
"""0-based first pixel and the one after the last, column-major over the frame."""

LEAST_MM2 = 1e-300
"""Area of a region of a frame whose own is 0 in floats: the contract allows such pixels, and no area of 0."""


class MaskUnreadable(Exception):
    """A region's RLE is no code of a mask of its frame's size."""


def read_regions(event: DefectEvent) -> FrameRegions:
    """The event's regions with their border intervals.

    A mask is decoded only where its box touches a border: few do, and a decoding costs more than all else
    that the tracker does with a region. Where it cannot be read, the box stands for it: a defect is rather
    merged with a neighbour than lost, or than the tracker stopped for ever on one record.
    """
    across, along = event.mm_per_px_across, event.mm_per_px_along
    along_mm = (event.position_mm, event.position_mm + event.height_px * along)
    across_mm = (event.offset_mm, event.offset_mm + event.width_px * across)
    return FrameRegions(
        camera_id=event.camera_id,
        frame_index=event.frame_index,
        along_min_mm=along_mm[0],
        along_max_mm=along_mm[1],
        across_min_mm=across_mm[0],
        across_max_mm=across_mm[1],
        mm_per_px_across=across,
        mm_per_px_along=along,
        regions=tuple([_on_strip(region, event, along_mm, across_mm) for region in event.regions]),
    )


def sightings_in(frame: FrameRegions, *, through: bool = True) -> Iterator[Sighting]:
    """Each region's class and middle; `through`: also of those from the frame's first row to its last."""
    for r in frame.regions:
        if through or r.borders is None or not (r.borders.top and r.borders.bottom):
            yield _sighting(r)


def sightings_of(defects: Iterable[AnyDefect]) -> list[Sighting]:
    """The same of merged defects: a scratch over 3,000 frames is seen once, not 3,000 times."""
    return [_sighting(defect) for defect in defects]


def _sighting(seen: RegionOnStrip | AnyDefect) -> Sighting:
    return Sighting(
        class_id=seen.class_id,
        along_mm=(seen.along_min_mm + seen.along_max_mm) / 2,
        across_mm=(seen.across_min_mm + seen.across_max_mm) / 2,
    )


def _on_strip(
    region: DefectRegion, event: DefectEvent, along_mm: Interval, across_mm: Interval
) -> RegionOnStrip:
    """Within its frame, whatever the event says: a sum of the largest floats would stop the tracker."""
    box, mm = region.box_px, region.box_mm
    frame_mm2 = (along_mm[1] - along_mm[0]) * (across_mm[1] - across_mm[0])
    touches = (
        box.row_min == 0
        or box.col_min == 0
        or box.row_max == event.height_px - 1
        or box.col_max == event.width_px - 1
    )
    return RegionOnStrip(
        class_id=region.class_id,
        score=region.score,
        area_mm2=min(region.area_mm2, frame_mm2) or LEAST_MM2,
        along_min_mm=_within(mm.along_min_mm, along_mm),
        along_max_mm=_within(mm.along_max_mm, along_mm),
        across_min_mm=_within(mm.across_min_mm, across_mm),
        across_max_mm=_within(mm.across_max_mm, across_mm),
        borders=_borders(region, event) if touches else None,
    )


def _within(value_mm: float, bounds_mm: Interval) -> float:
    low, high = bounds_mm
    return low if value_mm < low else high if value_mm > high else value_mm


def _borders(region: DefectRegion, event: DefectEvent) -> Borders:
    try:
        runs = _runs(region.mask_rle, event.height_px * event.width_px)
    except MaskUnreadable:
        runs = _box_runs(region, event)
    box, height, width = region.box_px, event.height_px, event.width_px
    across = (event.offset_mm, event.mm_per_px_across)
    along = (event.position_mm, event.mm_per_px_along)
    last = (width - 1) * height
    return Borders(
        top=_row(runs, 0, height, across) if box.row_min == 0 else (),
        bottom=_row(runs, height - 1, height, across) if box.row_max == height - 1 else (),
        left=_column(runs, 0, height, along) if box.col_min == 0 else (),
        right=_column(runs, last, height, along) if box.col_max == width - 1 else (),
    )


def _row(runs: list[Run], row: int, height: int, scale: tuple[float, float]) -> tuple[Interval, ...]:
    """Where a mask covers one row, across the strip. Columns are `height` apart in the code."""
    stretches: list[list[int]] = []
    for start, end in runs:
        first = -((row - start) // height)  # the first column whose pixel of this row is not before start
        after = (end - 1 - row) // height + 1
        if first >= after:
            continue
        if stretches and first <= stretches[-1][1]:
            stretches[-1][1] = after
        else:
            stretches.append([first, after])
    return _in_mm(stretches, scale)


def _column(runs: list[Run], first_px: int, height: int, scale: tuple[float, float]) -> tuple[Interval, ...]:
    """Where a mask covers one column, along the strip: the part of each run that lies in it."""
    stretches: list[list[int]] = []
    for start, end in runs:
        top, bottom = max(start - first_px, 0), min(end - first_px, height)
        if top >= bottom:
            continue
        if stretches and top <= stretches[-1][1]:
            stretches[-1][1] = bottom
        else:
            stretches.append([top, bottom])
    return _in_mm(stretches, scale)


def _in_mm(stretches: list[list[int]], scale: tuple[float, float]) -> tuple[Interval, ...]:
    origin_mm, mm_per_px = scale
    return tuple(
        [(origin_mm + first * mm_per_px, origin_mm + after * mm_per_px) for first, after in stretches]
    )


def _runs(rle: str, pixels: int) -> list[Run]:
    """Raises MaskUnreadable. Not by `model.rle`, whose numpy arrays take five times as long on a few runs."""
    try:
        numbers = list(map(int, rle.split()))
    except ValueError:
        raise MaskUnreadable from None
    runs = [
        (start - 1, start - 1 + length) for start, length in zip(numbers[::2], numbers[1::2], strict=False)
    ]
    behind = 0
    for start, end in runs:
        if start < behind or end <= start:
            raise MaskUnreadable
        behind = end
    if not runs or len(numbers) % 2 or behind > pixels:
        raise MaskUnreadable
    return runs


def _box_runs(region: DefectRegion, event: DefectEvent) -> list[Run]:
    """The whole box as a mask, cut to the frame."""
    box, height = region.box_px, event.height_px
    rows, cols = min(box.row_max + 1, height), min(box.col_max + 1, event.width_px)
    return [(col * height + box.row_min, col * height + rows) for col in range(box.col_min, cols)]
