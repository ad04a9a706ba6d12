"""Regions found and missed, by class and size, and which class was taken for which."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from model.evaluation.gate_figures import rounded, rounded_pair
from model.evaluation.intervals import GroupedSample, bootstrap, ratio, wilson
from model.evaluation.judgement import FrameLabel, Judgement, SeenRegion, sample_of

COVERED = 0.5
"""A true region is found when found masks of its class cover half of it; a found one is right when half of it
lies on true masks of its class. Not IoU: of 957 frames' masks, annotators join in one what they split in the
next, and one long found region over three true ones finds all three. Painting everything does not pay: what
recall gains so, precision loses."""

SIZE_EDGES_PX = (1_000, 3_000, 10_000)
"""Near the quarters of the 2,932 true regions (1,160, 3,250 and 6,390 px); the last is for the large ones."""

NONE = "none"

Table = dict[str, dict[str, Any]]
"""Class id or `all` -> size or `all` -> a share with its interval."""


def judge_regions(
    judgements: Sequence[Judgement], labels: Sequence[FrameLabel], class_ids: Sequence[int]
) -> dict[str, Any]:
    """Recall and precision of regions, and the confusion of classes, over frames whose masks are known."""
    known = [i for i, judgement in enumerate(judgements) if judgement.overlaps is not None]
    judgements, labels = [judgements[i] for i in known], [labels[i] for i in known]
    sample, sizes = sample_of(labels), size_names()
    recall: Table = {row: {} for row in ("all", *map(str, class_ids))}
    precision: Table = {row: {} for row in recall}
    for row in recall:
        of_class = [int(row)] if row != "all" else list(class_ids)
        for size in ["all", *sizes]:

            def kept(region: SeenRegion, of_class: list[int] = of_class, size: str = size) -> bool:
                return region.class_id in of_class and size in ("all", size_of(region))

            recall[row][size] = _share(sample, [j.true_regions for j in judgements], kept)
            precision[row][size] = _share(sample, [j.found_regions for j in judgements], kept)
    return {
        "found_when_covered": COVERED,
        "sizes_px": sizes,
        "recall": recall,
        "precision": precision,
        "confusion": confusion(judgements, class_ids),
    }


def size_names() -> list[str]:
    """The size buckets in words, smallest first."""
    low = [f"{edge:,}" for edge in SIZE_EDGES_PX]
    between = [f"{a}-{b}" for a, b in pairwise(low)]
    return [f"< {low[0]}", *between, f">= {low[-1]}"]


def size_of(region: SeenRegion) -> str:
    """The bucket of a region."""
    return size_names()[int(np.searchsorted(SIZE_EDGES_PX, region.area_px, side="right"))]


def confusion(judgements: Iterable[Judgement], class_ids: Sequence[int]) -> dict[str, dict[str, int]]:
    """True class -> class that covers at least half of the region, or `none` -> regions.

    Row `none` counts found regions that lie for the most part on no defect at all, by their class.
    """
    columns = [*(str(c) for c in class_ids), NONE]
    table = {row: dict.fromkeys(columns, 0) for row in columns}
    for judgement in judgements:
        for region in judgement.true_regions:
            table[str(region.class_id)][_most(region)] += 1
        for region in judgement.found_regions:
            if sum(region.on_px.values()) < COVERED * region.area_px:
                table[NONE][str(region.class_id)] += 1
    return table


def _most(region: SeenRegion) -> str:
    best = max(region.on_px, key=region.on_px.__getitem__, default=None)
    return str(best) if best is not None and region.share_on(best) >= COVERED else NONE


def _share(
    sample: GroupedSample,
    regions: Sequence[Sequence[SeenRegion]],
    kept: Callable[[SeenRegion], bool],
) -> dict[str, Any]:
    """How many of the kept regions the other side agrees with; drawn again by frame, not by region."""
    counted = np.array([sum(kept(r) for r in frame) for frame in regions], np.float64)
    agreed = np.array(
        [sum(kept(r) and r.share_on(r.class_id) >= COVERED for r in frame) for frame in regions], np.float64
    )
    n = int(counted.sum())
    if not n:
        return {"n": 0, "share": None, "interval_95": None}
    hits = int(agreed.sum())
    # Of none, or of all, a bootstrap would say "certainly": resamples never hold what was not seen.
    interval = bootstrap(ratio(agreed, counted), sample) if 0 < hits < n else wilson(hits, n)
    return {"n": n, "share": rounded(hits / n), "interval_95": rounded_pair(interval)}
