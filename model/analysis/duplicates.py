"""Near-duplicates among the images: found by perceptual hash, held against the groups of frames.csv."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from model.analysis.dataset import Dataset
from model.analysis.images import Seen
from model.frames.folds import NEAR_BITS, near_duplicates

SAME_BITS: Final = 24
"""So few only differ between two copies of one picture: other JPEG quality, a little brighter."""


def find(dataset: Dataset, seen: Sequence[Seen]) -> dict[str, Any]:
    """Groups of two or more, and where they differ from frames.csv; none of it without two images."""
    ids = [one.image_id for one in seen]
    first = near_duplicates(np.stack([one.phash for one in seen])) if seen else []
    of = {image_id: ids[root] for image_id, root in zip(ids, first, strict=True)}
    groups = sorted(_groups(of), key=lambda group: _least_bits(seen, group))
    found: dict[str, Any] = {
        "images": len(ids),
        "near_bits": NEAR_BITS,
        "groups": [_described(dataset, seen, group) for group in groups],
        "same_bits": SAME_BITS,
        "groups_of_one_picture": sum(_least_bits(seen, group) <= SAME_BITS for group in groups),
        "frames_in_groups": sum(map(len, groups)),
        "groups_by_size": {str(n): k for n, k in sorted(Counter(map(len, groups)).items())},
        "stated": None,
    }
    if dataset.grouped:
        stated = {e.image_id: e.group for e in dataset.entries.values() if not e.only_trains}
        found["stated"] = _compare(of, stated)
    return found


def _groups(of: dict[str, str]) -> list[list[str]]:
    """Largest first."""
    members: dict[str, list[str]] = {}
    for image_id, group in of.items():
        members.setdefault(group, []).append(image_id)
    return sorted((m for m in members.values() if len(m) > 1), key=lambda m: (-len(m), m))


def _described(dataset: Dataset, seen: Sequence[Seen], group: list[str]) -> dict[str, Any]:
    entries = [dataset.entries[image_id] for image_id in group]
    return {
        "image_ids": group,
        "classes": [list(e.classes) for e in entries],
        "least_bits": _least_bits(seen, group),
        "labels_agree": len({e.classes for e in entries}) == 1,
        "in_several_folds": len({e.fold for e in entries if e.fold is not None}) > 1,
        "stated_as_one": len({e.group for e in entries if not e.only_trains}) == 1,
    }


def _least_bits(seen: Sequence[Seen], group: list[str]) -> int:
    phash = [one.phash for one in seen if one.image_id in group]
    return min(int((a != b).sum()) for i, a in enumerate(phash) for b in phash[:i])


def _compare(of: dict[str, str], stated: dict[str, str]) -> dict[str, Any]:
    """Pairs, because a group can be split in many ways."""
    found, named = _pairs({i: of[i] for i in stated if i in of}), _pairs(stated)
    return {
        "groups": sum(n > 1 for n in Counter(stated.values()).values()),
        "pairs_in_both": len(found & named),
        "pairs_only_found": sorted(map(list, found - named)),
        "pairs_only_stated": sorted(map(list, named - found)),
    }


def _pairs(of: dict[str, str]) -> set[tuple[str, str]]:
    return {(min(a, b), max(a, b)) for group in _groups(of) for i, a in enumerate(group) for b in group[:i]}
