"""Regions that touch across frame borders become one defect on the coil. Pure, and the same in any order."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise

from consumer.coils.facts import Defect, FrameRegions
from consumer.coils.merging.seams import Seam, Seen, find_seams, join_across, seen_twice_mm2
from consumer.coils.merging.touching import Stretch, join_touching

LARGEST_GAP = 0.1
"""Of a frame's length: consecutive frames further apart than this, or overlapping by more, do not adjoin."""


class UnionFind:
    """Disjoint sets of 0 .. size - 1: union by size, path halving, no recursion.

    Source: Tarjan and van Leeuwen, "Worst-case analysis of set union algorithms", J. ACM 31 (1984).
    """

    def __init__(self, size: int) -> None:
        self._parent = list(range(size))
        self._size = [1] * size

    def find(self, item: int) -> int:
        """The item that stands for its set."""
        parent = self._parent
        while parent[item] != item:
            parent[item] = parent[parent[item]]
            item = parent[item]
        return item

    def join(self, one: int, other: int) -> None:
        """Make the two sets one."""
        one, other = self.find(one), self.find(other)
        if one == other:
            return
        if self._size[one] < self._size[other]:
            one, other = other, one
        self._parent[other] = one
        self._size[one] += self._size[other]

    def sets(self) -> Iterator[list[int]]:
        """Each set's items, in order."""
        members: dict[int, list[int]] = {}
        for item in range(len(self._parent)):
            root = self.find(item)
            if self._size[root] == 1:
                yield [item]
            else:
                members.setdefault(root, []).append(item)
        yield from members.values()


def merge(frames: Iterable[FrameRegions], class_names: Mapping[int, str]) -> list[Defect]:
    """All defects of a coil, sorted by where they begin; at most one `FrameRegions` a camera and index.

    Along the strip, regions of one class and camera are one defect when they touch across the border of two
    consecutive frames that adjoin: exactly what 8-connected labelling of the whole strip would give (a gap of
    half a pixel is rounding). Across, see `consumer.coils.merging.seams`. A defect's area is the sum of its
    regions', less what two cameras saw of it twice. Sums are exact (`math.fsum`): no order shows in them.
    """
    ordered = sorted(frames, key=lambda f: (f.camera_id, f.frame_index))
    seen = [(frame, region) for frame in ordered for region in frame.regions]
    joined = UnionFind(len(seen))
    _join_along(ordered, joined)
    seams = find_seams(ordered)
    if seams:
        join_across(seams, seen, joined.join)
    defects = [_defect([seen[i] for i in members], seams, class_names) for members in joined.sets()]
    defects.sort(key=_place)
    return defects


def _join_along(ordered: Sequence[FrameRegions], joined: UnionFind) -> None:
    first = 0  # the earlier frame's first region, as an index into all regions
    for frame, following in pairwise(ordered):
        after = first + len(frame.regions)
        if _adjoin(frame, following):
            _join_pair(frame, first, following, after, joined)
        first = after


def _adjoin(frame: FrameRegions, following: FrameRegions) -> bool:
    if frame.camera_id != following.camera_id or following.frame_index != frame.frame_index + 1:
        return False
    shorter_mm = min(frame.along_max_mm - frame.along_min_mm, following.along_max_mm - following.along_min_mm)
    return abs(following.along_min_mm - frame.along_max_mm) <= LARGEST_GAP * shorter_mm


def _join_pair(
    frame: FrameRegions, first: int, following: FrameRegions, after: int, joined: UnionFind
) -> None:
    bottoms: dict[int, list[Stretch]] = {}
    for owner, region in enumerate(frame.regions, first):
        if region.borders is not None and region.borders.bottom:
            stretches = bottoms.setdefault(region.class_id, [])
            stretches += [(*interval, owner) for interval in region.borders.bottom]
    if not bottoms:
        return
    tops: dict[int, list[Stretch]] = {}
    for owner, region in enumerate(following.regions, after):
        if region.borders is not None and region.borders.top and region.class_id in bottoms:
            stretches = tops.setdefault(region.class_id, [])
            stretches += [(*interval, owner) for interval in region.borders.top]
    slack_mm = max(frame.mm_per_px_across, following.mm_per_px_across) / 2
    for class_id, stretches in tops.items():
        join_touching(bottoms[class_id], stretches, slack_mm, joined.join)


def _defect(parts: Sequence[Seen], seams: Sequence[Seam], class_names: Mapping[int, str]) -> Defect:
    frame, region = parts[0]
    name = class_names.get(region.class_id) or f"class {region.class_id}"
    if len(parts) == 1:  # nearly all are, of 200,000: the general way takes three times as long
        return Defect(
            class_id=region.class_id,
            class_name=name,
            along_min_mm=region.along_min_mm,
            along_max_mm=region.along_max_mm,
            across_min_mm=region.across_min_mm,
            across_max_mm=region.across_max_mm,
            area_mm2=region.area_mm2,
            frames=1,
            regions=1,
            cameras=(frame.camera_id,),
            first_frame_index=frame.frame_index,
            last_frame_index=frame.frame_index,
        )
    cameras = sorted({f.camera_id for f, _ in parts})
    area_mm2 = math.fsum(r.area_mm2 for _, r in parts)
    if len(cameras) > 1:
        area_mm2 -= seen_twice_mm2(seams, parts)
    return Defect(
        class_id=region.class_id,
        class_name=name,
        along_min_mm=min(r.along_min_mm for _, r in parts),
        along_max_mm=max(r.along_max_mm for _, r in parts),
        across_min_mm=min(r.across_min_mm for _, r in parts),
        across_max_mm=max(r.across_max_mm for _, r in parts),
        area_mm2=area_mm2,
        frames=len({(f.camera_id, f.frame_index) for f, _ in parts}),
        regions=len(parts),
        cameras=tuple(cameras),
        first_frame_index=min(f.frame_index for f, _ in parts),
        last_frame_index=max(f.frame_index for f, _ in parts),
    )


def _place(defect: Defect) -> tuple[float, float, int, float, float, float, tuple[str, ...]]:
    """A total order but for twins."""
    return (
        defect.along_min_mm,
        defect.across_min_mm,
        defect.class_id,
        defect.along_max_mm,
        defect.across_max_mm,
        defect.area_mm2,
        defect.cameras,
    )
