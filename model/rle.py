"""Run-length codes of masks: column-major, 1-based `start length` pairs, as in the Severstal competition."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def encode(mask: NDArray[np.bool_]) -> str:
    """Code a (H, W) bool mask; an empty mask gives an empty string. Raises ValueError when it is not 2-D."""
    if mask.ndim != 2:
        raise ValueError(f"a mask has two dimensions, not {mask.ndim}")
    column_major = mask.T.astype(np.bool_, copy=False).ravel()
    return to_text(*_runs(column_major))


def encode_crop(crop: NDArray[np.bool_], *, row_px: int, col_px: int, height_px: int) -> str:
    """Code a mask of which only a crop is given, as `encode` would code the whole (`height_px` tall) mask.

    `row_px, col_px` is where the crop's corner lies in it. A region's crop is far smaller than its frame.
    """
    rows = crop.shape[0]
    if row_px < 0 or col_px < 0 or row_px + rows > height_px:
        raise ValueError(f"a crop of {rows} rows at row {row_px} does not fit into {height_px} rows")
    if rows < height_px:  # a row of zeros under the crop keeps runs of neighbouring columns apart
        padded = np.zeros((crop.shape[1], rows + 1), np.bool_)
        padded[:, :rows] = crop.T
        starts, lengths = _runs(padded.ravel())
        columns, within = np.divmod(starts, rows + 1)
    else:
        starts, lengths = _runs(crop.T.astype(np.bool_, copy=False).ravel())
        columns, within = np.divmod(starts, rows)
    return to_text((columns + col_px) * height_px + row_px + within, lengths)


def decode(rle: str, height_px: int, width_px: int) -> NDArray[np.bool_]:
    """Read a code into a (height_px, width_px) bool mask; an empty or blank string gives an empty mask.

    Raises ValueError that says what is wrong: not numbers, an odd count, a start or a length below 1, a run
    beyond the mask, runs that overlap or go backwards.
    """
    starts, lengths = _parse(rle)
    pixels = height_px * width_px
    ends = starts + lengths
    # Numbers are below 2**62 here, so that no sum can wrap around.
    if starts.size and int(ends.max()) > pixels:
        worst = int(ends.argmax())
        raise ValueError(
            f"run {worst} ({starts[worst] + 1} {lengths[worst]}) ends beyond {height_px}x{width_px} px"
        )
    if (behind := starts[1:] < ends[:-1]).any():
        first = int(behind.argmax())
        raise ValueError(f"run {first + 1} starts at {starts[first + 1] + 1}, before run {first} has ended")
    edges = np.zeros(pixels + 1, np.int8)
    np.add.at(edges, starts, 1)
    np.add.at(edges, ends, -1)  # adjoining runs cancel out, which is right
    return np.cumsum(edges[:-1], dtype=np.int8).astype(np.bool_).reshape(width_px, height_px).T


def to_text(starts: NDArray[np.int64], lengths: NDArray[np.int64]) -> str:
    """0-based starts and their lengths as text."""
    pairs = np.empty(2 * starts.size, np.int64)
    pairs[0::2] = starts + 1
    pairs[1::2] = lengths
    return " ".join(map(str, pairs.tolist()))


def _runs(flat: NDArray[np.bool_]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    bordered = np.zeros(flat.size + 2, np.int8)
    bordered[1:-1] = flat
    edges = np.flatnonzero(np.diff(bordered))
    return edges[0::2], edges[1::2] - edges[0::2]


def _parse(rle: str) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    words = rle.split()
    if len(words) % 2:
        raise ValueError(f"{len(words)} numbers: they must come in `start length` pairs")
    for word in words:
        if not (word.isascii() and word.isdigit() and len(word) <= 18):
            raise ValueError(f"{word[:20]!r} is not a positive whole number")
    numbers = np.array([int(word) for word in words], np.int64)
    starts, lengths = numbers[0::2], numbers[1::2]
    if (starts < 1).any():
        raise ValueError(f"run {int((starts < 1).argmax())} starts at 0: starts count from 1")
    if (lengths < 1).any():
        raise ValueError(f"run {int((lengths < 1).argmax())} has length 0")
    return starts - 1, lengths
