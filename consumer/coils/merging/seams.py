"""Where the fields of view of neighbouring cameras meet, and what of a defect both of them saw."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from consumer.coils.facts import FrameRegions, RegionOnStrip
from consumer.coils.merging.touching import Box, Join, Stretch, join_overlapping, join_touching

SAME_STRETCH = 0.5
"""Cameras that share more than half of the narrower field of view do not stand beside each other: they look
at the same stretch, as from above and below, and their defects are two."""

Seen = tuple[FrameRegions, RegionOnStrip]


@dataclass(frozen=True, slots=True, kw_only=True)
class Seam:
    """Two neighbouring cameras, and the stretch across the strip that both see (`from > to`: a gap)."""

    left: str
    right: str
    from_mm: float
    to_mm: float
    pixel_mm: float
    """The coarsest pixel at the seam, the larger of across and along."""

    @property
    def overlaps(self) -> bool:
        """Both see a stretch of more than a pixel; else they abut."""
        return self.to_mm - self.from_mm > self.pixel_mm


@dataclass(slots=True)
class _Field:
    camera_id: str
    from_mm: float
    to_mm: float
    pixel_mm: float


def find_seams(frames: Iterable[FrameRegions]) -> list[Seam]:
    """Pairs of cameras whose fields of view abut (within a pixel) or overlap, by geometry alone."""
    fields = sorted(_fields(frames), key=lambda f: (f.from_mm, f.to_mm, f.camera_id))
    return [seam for i, left in enumerate(fields) for seam in _seams_of(left, fields[i + 1 :])]


def join_across(seams: Iterable[Seam], seen: Sequence[Seen], join: Join) -> None:
    """Join, by their index in `seen`, the regions of one class that are one defect over a seam.

    Where the fields abut: a right border that touches a left border. Where they overlap: boxes that overlap
    there. Half a pixel of gap is rounding.
    """
    owners: dict[str, dict[int, list[int]]] = defaultdict(lambda: defaultdict(list))
    for index, (frame, region) in enumerate(seen):
        owners[frame.camera_id][region.class_id].append(index)
    for seam in seams:
        left, right = owners[seam.left], owners[seam.right]
        for class_id in left.keys() & right.keys():
            _join_over(seam, seen, left[class_id], right[class_id], join)


def _join_over(
    seam: Seam, seen: Sequence[Seen], left: Sequence[int], right: Sequence[int], join: Join
) -> None:
    slack_mm = seam.pixel_mm / 2
    if seam.overlaps:
        join_overlapping(_boxes_at(seam, seen, left), _boxes_at(seam, seen, right), slack_mm, join)
    else:
        join_touching(_borders_of(seen, left, "right"), _borders_of(seen, right, "left"), slack_mm, join)


def seen_twice_mm2(seams: Iterable[Seam], parts: Sequence[Seen]) -> float:
    """How much of one defect's area is in its parts twice, because two cameras saw it.

    A part's area inside a seam is taken by the share of its box there; of what the two cameras say of the
    seam, the larger counts, so the smaller is what is there twice. Never more than leaves the largest that
    one camera saw alone.
    """
    of_camera: dict[str, list[RegionOnStrip]] = defaultdict(list)
    for frame, region in parts:
        of_camera[frame.camera_id].append(region)
    twice = [
        min(_area_inside(seam, of_camera[seam.left]), _area_inside(seam, of_camera[seam.right]))
        for seam in seams
        if seam.overlaps and seam.left in of_camera and seam.right in of_camera
    ]
    totals = [math.fsum(r.area_mm2 for r in regions) for regions in of_camera.values()]
    return min(math.fsum(twice), math.fsum(totals) - max(totals))


def _fields(frames: Iterable[FrameRegions]) -> Iterable[_Field]:
    fields: dict[str, _Field] = {}
    for f in frames:
        pixel_mm = max(f.mm_per_px_across, f.mm_per_px_along)
        field = fields.get(f.camera_id)
        if field is None:
            fields[f.camera_id] = _Field(f.camera_id, f.across_min_mm, f.across_max_mm, pixel_mm)
        else:
            field.from_mm = min(field.from_mm, f.across_min_mm)
            field.to_mm = max(field.to_mm, f.across_max_mm)
            field.pixel_mm = max(field.pixel_mm, pixel_mm)
    return fields.values()


def _seams_of(left: _Field, to_the_right: Iterable[_Field]) -> Iterator[Seam]:
    for right in to_the_right:
        pixel_mm = max(left.pixel_mm, right.pixel_mm)
        if right.from_mm - left.to_mm > pixel_mm:
            return  # sorted: all others begin further off
        shared_mm = min(left.to_mm, right.to_mm) - right.from_mm
        narrower_mm = min(left.to_mm - left.from_mm, right.to_mm - right.from_mm)
        if shared_mm <= SAME_STRETCH * narrower_mm:
            yield Seam(
                left=left.camera_id,
                right=right.camera_id,
                from_mm=right.from_mm,
                to_mm=left.to_mm,
                pixel_mm=pixel_mm,
            )


def _boxes_at(seam: Seam, seen: Sequence[Seen], owners: Iterable[int]) -> Iterator[Box]:
    """The parts of boxes that lie in the seam."""
    slack_mm = seam.pixel_mm / 2
    for owner in owners:
        _, r = seen[owner]
        from_mm, to_mm = max(r.across_min_mm, seam.from_mm), min(r.across_max_mm, seam.to_mm)
        if from_mm - to_mm <= slack_mm:
            yield Box(r.along_min_mm, r.along_max_mm, from_mm, to_mm, owner)


def _borders_of(seen: Sequence[Seen], owners: Iterable[int], side: str) -> Iterator[Stretch]:
    for owner in owners:
        borders = seen[owner][1].borders
        if borders is not None:
            for from_mm, to_mm in borders.right if side == "right" else borders.left:
                yield from_mm, to_mm, owner


def _area_inside(seam: Seam, regions: Iterable[RegionOnStrip]) -> float:
    return math.fsum(
        r.area_mm2
        * max(0.0, min(r.across_max_mm, seam.to_mm) - max(r.across_min_mm, seam.from_mm))
        / (r.across_max_mm - r.across_min_mm)
        for r in regions
        if r.across_max_mm > r.across_min_mm
    )
