"""A whole coil on one small canvas: what is large keeps its shape, what is tiny becomes a speck."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import ceil

import numpy as np
from numpy.typing import NDArray

from consumer.coils.facts import AnyDefect
from contracts.results import BoxMm, DefectEvent, DefectRegion

ALONG, ACROSS = 2000, 480
"""Canvas cells: as many as the picture has pixels."""

SPECK_CELLS = 24
"""A defect whose box covers fewer cells than this cannot be seen as a shape."""

Rows = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Speck:
    """The middle of a tiny defect."""

    class_id: int
    along_mm: float
    across_mm: float


class StripCanvas:
    """The strip as ACROSS x ALONG cells. Keeps no mask: 100,000 frames of them cost what one costs."""

    def __init__(self, length_mm: float, width_mm: float) -> None:
        self.length_mm = max(length_mm, 1.0)
        self.width_mm = max(width_mm, 1.0)
        self.by_class: dict[int, NDArray[np.bool_]] = {}
        """class_id -> (ACROSS, ALONG) bool."""

    def add(self, event: DefectEvent) -> None:
        """Paint the masks of a frame's regions."""
        for region in event.regions:
            covered = self._of_class(region.class_id)
            if self._is_dot(region.box_mm):
                self._fill(covered, region.box_mm)
            else:
                covered.reshape(-1)[self._cells(region, event)] = True

    def fill_gaps(self, defects: Iterable[AnyDefect]) -> None:
        """Paint the boxes of those defects of which no mask is there any more."""
        for defect in defects:
            covered = self._of_class(defect.class_id)
            if not covered[self._window(defect)].any():
                self._fill(covered, defect)

    def specks(self, defects: Iterable[AnyDefect]) -> list[Speck]:
        """Of those defects that are too small to be seen as a shape."""
        return [_speck(defect) for defect in defects if self._size(defect) < SPECK_CELLS]

    def _of_class(self, class_id: int) -> NDArray[np.bool_]:
        if class_id not in self.by_class:
            self.by_class[class_id] = np.zeros((ACROSS, ALONG), np.bool_)
        return self.by_class[class_id]

    def _is_dot(self, box: BoxMm) -> bool:
        """Less than two cells each way: its mask would say no more than its box."""
        along, across = box.along_max_mm - box.along_min_mm, box.across_max_mm - box.across_min_mm
        return along * ALONG < 2 * self.length_mm and across * ACROSS < 2 * self.width_mm

    def _fill(self, covered: NDArray[np.bool_], box: BoxMm | AnyDefect) -> None:
        covered[self._window(box)] = True

    def _window(self, box: BoxMm | AnyDefect) -> tuple[slice, slice]:
        """Every cell that the box touches; at least one."""
        return (
            _reach(box.across_min_mm, box.across_max_mm, self.width_mm, ACROSS),
            _reach(box.along_min_mm, box.along_max_mm, self.length_mm, ALONG),
        )

    def _size(self, box: AnyDefect) -> float:
        """In cells, not rounded."""
        return box.length_mm / self.length_mm * ALONG * (box.width_mm / self.width_mm * ACROSS)

    def _cells(self, region: DefectRegion, event: DefectEvent) -> NDArray[np.int64]:
        """Flat indices of the cells that a region covers. A pixel larger than a cell is taken in parts."""
        row_px, col_px = pixels(region.mask_rle, event.height_px)
        rows = _parts(row_px, ceil(event.mm_per_px_along / self.length_mm * ALONG))
        cols = _parts(col_px, ceil(event.mm_per_px_across / self.width_mm * ACROSS))
        along = (event.position_mm + rows * event.mm_per_px_along) / self.length_mm * ALONG
        across = (event.offset_mm + cols * event.mm_per_px_across) / self.width_mm * ACROSS
        x = along.astype(np.int64)[:, :, None]
        y = across.astype(np.int64)[:, None, :]
        inside = (along >= 0)[:, :, None] & (x < ALONG) & (across >= 0)[:, None, :] & (y < ACROSS)
        return (y * ALONG + x)[inside]


def pixels(mask_rle: str, height_px: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Rows and columns of a mask's pixels: the RLE is column-major, 1-based `start length` pairs."""
    numbers = np.array(mask_rle.split(), np.int64).reshape(-1, 2)
    starts, lengths = numbers[:, 0] - 1, numbers[:, 1]
    firsts = np.repeat(starts - np.cumsum(lengths) + lengths, lengths)
    flat = firsts + np.arange(firsts.size)
    return flat % height_px, flat // height_px


def _parts(pixel: NDArray[np.int64], number: int) -> Rows:
    """(pixels, number) middles of each pixel's parts, in pixels."""
    parts: Rows = pixel[:, None] + (np.arange(number) + 0.5) / number
    return parts


def _reach(from_mm: float, to_mm: float, whole_mm: float, cells: int) -> slice:
    first = min(max(int(from_mm / whole_mm * cells), 0), cells - 1)
    return slice(first, max(first + 1, min(ceil(to_mm / whole_mm * cells), cells)))


def _speck(defect: AnyDefect) -> Speck:
    return Speck(
        class_id=defect.class_id,
        along_mm=(defect.along_min_mm + defect.along_max_mm) / 2,
        across_mm=(defect.across_min_mm + defect.across_max_mm) / 2,
    )
