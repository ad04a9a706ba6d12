"""Masks of a whole coil on one small canvas: what is large keeps its shape, what is tiny becomes a speck."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from contracts.results import DefectEvent, DefectRegion

MAX_ALONG, MAX_ACROSS = 2000, 480
"""Canvas cells: as many as the picture has pixels."""

SPECK_CELLS = 24
"""A region that covers fewer cells than this cannot be seen as a shape."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Speck:
    """The middle of a tiny region."""

    class_id: int
    along_mm: float
    across_mm: float


@dataclass(frozen=True, slots=True, kw_only=True)
class StripRaster:
    """`by_class`: (across, along) bool for each class; `specks` beside it."""

    shape: tuple[int, int]
    by_class: dict[int, NDArray[np.bool_]]
    specks: tuple[Speck, ...]


def rasterise(events: Sequence[DefectEvent], *, length_mm: float, width_mm: float) -> StripRaster:
    """All regions of a coil on a canvas that spans the whole strip."""
    shape = _shape(events, length_mm, width_mm)
    by_class: dict[int, NDArray[np.bool_]] = {}
    specks: list[Speck] = []
    for event in events:
        for region in event.regions:
            canvas = by_class.setdefault(region.class_id, np.zeros(shape, np.bool_))
            cells = _cells(region, event, shape, length_mm, width_mm)
            canvas.reshape(-1)[cells] = True
            if cells.size < SPECK_CELLS:
                specks.append(_speck(region))
    return StripRaster(shape=shape, by_class=by_class, specks=tuple(specks))


def _shape(events: Sequence[DefectEvent], length_mm: float, width_mm: float) -> tuple[int, int]:
    """(across, along) cells. Never finer than the frames' pixels, or masks would have gaps."""
    along_px = min((length_mm / event.mm_per_px_along for event in events), default=MAX_ALONG)
    across_px = min((width_mm / event.mm_per_px_across for event in events), default=MAX_ACROSS)
    return max(1, min(MAX_ACROSS, int(across_px))), max(1, min(MAX_ALONG, int(along_px)))


def _cells(
    region: DefectRegion, event: DefectEvent, shape: tuple[int, int], length_mm: float, width_mm: float
) -> NDArray[np.int64]:
    """Flat indices of the canvas cells that a region covers, each once."""
    row_px, col_px = pixels(region.mask_rle, event.height_px)
    along = (event.position_mm + (row_px + 0.5) * event.mm_per_px_along) / length_mm * shape[1]
    across = (event.offset_mm + (col_px + 0.5) * event.mm_per_px_across) / width_mm * shape[0]
    inside = (along >= 0) & (along < shape[1]) & (across >= 0) & (across < shape[0])
    return np.unique(across[inside].astype(np.int64) * shape[1] + along[inside].astype(np.int64))


def pixels(mask_rle: str, height_px: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Rows and columns of a mask's pixels: the RLE is column-major, 1-based `start length` pairs."""
    numbers = np.array(mask_rle.split(), np.int64).reshape(-1, 2)
    starts, lengths = numbers[:, 0] - 1, numbers[:, 1]
    firsts = np.repeat(starts - np.cumsum(lengths) + lengths, lengths)
    flat = firsts + np.arange(firsts.size)
    return flat % height_px, flat // height_px


def _speck(region: DefectRegion) -> Speck:
    box = region.box_mm
    return Speck(
        class_id=region.class_id,
        along_mm=(box.along_min_mm + box.along_max_mm) / 2,
        across_mm=(box.across_min_mm + box.across_max_mm) / 2,
    )
