"""Folds for frames that come without them: near-duplicates stay together, classes are spread evenly.

The hash is pHash (the signs of the 16x16 lowest frequencies of a 64x64 cosine transform, against their
median) from the `imagehash` package; the folds are scikit-learn's StratifiedGroupKFold.
"""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

import imagehash
import numpy as np
from numpy.typing import NDArray
from PIL import Image
from sklearn.model_selection import StratifiedGroupKFold

from model.frames.frames import FrameEntry

FOLDS: Final = 5
HASH_SIZE: Final = 16
NEAR_BITS: Final = 64
"""Of 256. Seen on 164 real frames: JPEG quality 20, 4 px aside and 15 % brighter change at most 64 bits; two
different frames differ in 124 (median), 99.9 % of all pairs in 94 or more. Moved by 16 rows along the strip,
a frame differs from itself in 122 (median): who has overlapping frames names them in frames.csv.
"""

_ROWS_AT_ONCE: Final = 1024


def perceptual_hash(pixels: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """(256,) bool of a grey (h, w) image; near-duplicates differ in few places. 0.8 ms for 128x800."""
    return np.asarray(imagehash.phash(Image.fromarray(pixels), hash_size=HASH_SIZE).hash, np.bool_).ravel()


def near_duplicates(hashes: NDArray[np.bool_], near_bits: int = NEAR_BITS) -> list[int]:
    """(N, bits) bool -> for each the index of its group's first; alike to one of a group is in the group."""
    first = list(range(len(hashes)))

    def root(index: int) -> int:
        while first[index] != index:
            first[index] = first[first[index]]
            index = first[index]
        return index

    bits = hashes.astype(np.float32)  # a product of matrices counts the differing bits of all pairs
    for start in range(0, len(bits), _ROWS_AT_ONCE):
        some = bits[start : start + _ROWS_AT_ONCE]
        differing = some @ (1 - bits).T + (1 - some) @ bits.T
        for row, column in np.argwhere(differing <= near_bits).tolist():
            a, b = sorted((root(start + row), root(column)))
            first[b] = a
    return [root(index) for index in range(len(first))]


def assign_folds(classes: Sequence[tuple[int, ...]], groups: Sequence[int], folds: int = FOLDS) -> list[int]:
    """A fold for each frame: no group in two, and each frame's rarest class (or being clean) spread evenly.

    The same for the same input, whatever the seed of the run. Raises ValueError for fewer groups than folds.
    """
    if len(set(groups)) < folds:
        raise ValueError(f"{len(set(groups))} different frames are too few for {folds} folds")
    seen = Counter(c for of_frame in classes for c in of_frame)
    strata = np.array([min(of_frame, key=lambda c: (seen[c], c), default=0) for of_frame in classes])
    fold_of = np.zeros(len(classes), np.int64)
    with warnings.catch_warnings():  # a class of fewer frames than folds: it is in as many as it can be
        warnings.filterwarnings("ignore", "The least populated class", UserWarning)
        parts = StratifiedGroupKFold(folds).split(np.zeros(len(classes)), strata, groups)
        for fold, (_, held_out) in enumerate(parts):
            fold_of[held_out] = fold
    return [int(fold) for fold in fold_of]


def with_folds(
    entries: Sequence[FrameEntry], pixels: Mapping[str, NDArray[np.uint8]], folds: int = FOLDS
) -> list[FrameEntry]:
    """The entries without a fold, now with group and fold. Raises ValueError for too few frames."""
    hashes = np.stack([perceptual_hash(pixels[e.image_id]) for e in entries])
    groups = near_duplicates(hashes)
    made = assign_folds([e.classes for e in entries], groups, folds)
    return [
        replace(e, fold=fold, group=entries[group].image_id)
        for e, group, fold in zip(entries, groups, made, strict=True)
    ]
