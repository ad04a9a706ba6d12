"""A region's mask as a few points to draw: the outline of its largest part."""

from __future__ import annotations

import re
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

MOST_POINTS: Final = 24
"""Of one outline. At the size of a page more cannot be told apart."""

MOST_PX: Final = 4_194_304
"""Of the columns that a region lies in. A larger one is its box: decoding 16,384 px a side takes 800 MB."""

_LARGEST: Final = 2**40
"""No start and no length: sums of two stay far from an overflow."""

_PLAIN: Final = re.compile(r"[0-9 ]+")
_FINEST_PX: Final = 1.0
_COARSER: Final = 1.6

Points = NDArray[np.int16]
"""(n, 2): column (across), row (along) of the frame, in px."""


def contours(mask_rle: str, height_px: int, width_px: int) -> Points:
    """The outer ring of the largest component, within 1 px where `MOST_POINTS` suffice.

    It runs through the middles of the outermost pixels. No points when the code is not one of a mask of that
    size (what `model.rle.decode` refuses), or when it is too large: its box is still there to be drawn.
    """
    decoded = _decode(mask_rle, height_px, width_px)
    if decoded is None:
        return np.empty((0, 2), np.int16)
    columns, first_col = decoded
    # Columns of the frame are rows here: rle runs down the columns, and nothing has to be turned round.
    rings, _ = cv2.findContours(columns, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE, offset=(0, first_col))
    ring = max(rings, key=_size)
    return np.ascontiguousarray(_simplified(ring)[:, 0, ::-1], np.int16)


def _decode(mask_rle: str, height_px: int, width_px: int) -> tuple[NDArray[np.uint8], int] | None:
    """The columns that the mask covers, as (columns, height_px), and which one is the first.

    `model.rle.decode` gives the whole frame, most of it empty: 1 ms, where 5,000 events a second leave .2 ms.
    """
    if _PLAIN.fullmatch(mask_rle) is None:
        return None
    numbers = np.fromstring(mask_rle, np.int64, sep=" ")
    if not numbers.size or numbers.size % 2 or numbers.min() < 1 or numbers.max() > _LARGEST:
        return None
    starts = numbers[0::2] - 1
    ends = starts + numbers[1::2]
    if ends[-1] > height_px * width_px or (starts[1:] < ends[:-1]).any():
        return None
    first_col, last_col = int(starts[0]) // height_px, (int(ends[-1]) - 1) // height_px
    pixels = (last_col - first_col + 1) * height_px
    if pixels > MOST_PX:
        return None
    flat = bytearray(pixels)
    origin = first_col * height_px
    for start, end in zip((starts - origin).tolist(), (ends - origin).tolist(), strict=True):
        flat[start:end] = b"\1" * (end - start)
    return np.frombuffer(flat, np.uint8).reshape(-1, height_px), first_col


def _size(ring: NDArray[np.int32]) -> tuple[float, int]:
    """A line of pixels has no area, but a length."""
    return cv2.contourArea(ring), len(ring)


def _simplified(ring: NDArray[np.int32]) -> NDArray[np.int32]:
    epsilon_px = _FINEST_PX
    found: NDArray[np.int32] = cv2.approxPolyDP(ring, epsilon_px, True)
    while len(found) > MOST_POINTS:
        epsilon_px *= _COARSER
        found = cv2.approxPolyDP(ring, epsilon_px, True)
    return found
