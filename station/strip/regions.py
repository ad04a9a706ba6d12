"""The regions of one coil in growing columns, and the defect events that they came with.

Nothing is ever taken out: an event that counts no more (its frame has a record that lies before it, or a
later inspection found it clean) is hidden, and may be shown again. A region's id is its row.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from contracts.results import DefectEvent, DefectRegion
from station.strip.contours import contours
from station.strip.frames import Place, place_of

MOST_REGIONS: Final = 100_000
"""Of one coil, and as many events: five times what the page is measured with."""

_LARGEST: Final = 1e9
"""mm or mm2. A strip is shorter; what a broken message says beyond it would overflow where it is rounded."""
_NONE: Final = -1


class RegionRow(NamedTuple):
    """One region as it is kept."""

    class_id: int
    along_min_mm: float
    along_max_mm: float
    across_min_mm: float
    across_max_mm: float
    area_mm2: float
    score: float
    contour: bytes
    """int16 pairs: column, row of the frame in px."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RegionColumns:
    """Regions as columns: the n-th value of each is of the n-th region."""

    row: NDArray[np.int64]
    class_id: NDArray[np.int16]
    camera: NDArray[np.uint8]
    frame_index: NDArray[np.int32]
    frame_along_mm: NDArray[np.float64]
    """Where row 0 of the frame lies: what a contour's rows count from."""
    along_min_mm: NDArray[np.float64]
    along_max_mm: NDArray[np.float64]
    across_min_mm: NDArray[np.float64]
    across_max_mm: NDArray[np.float64]
    area_mm2: NDArray[np.float64]
    score: NDArray[np.float64]
    partition: NDArray[np.int32]
    offset: NDArray[np.int64]
    contour_points: NDArray[np.int64]
    """How many points its contour has."""
    points: NDArray[np.int16]
    """Of all contours, one behind the other: (n, 2) column, row in px."""


class EventTable:
    """Defect events with their regions. Which of them are shown, the coil decides."""

    def __init__(self) -> None:
        self.shown_by_class: Counter[int] = Counter()
        """class_id -> regions that are shown."""
        self._partition = array("i")
        self._offset = array("q")
        self._at_ns = array("q")
        self._camera = array("B")
        self._frame_index = array("i")
        self._position_mm = array("d")
        self._changed = array("q")
        self._shown = bytearray()
        self._next = array("i")
        self._first = array("i", [0])
        """Row of its first region; one more than there are events."""
        self._event = array("i")
        self._class_id = array("h")
        self._numbers = tuple(array("d") for _ in range(6))
        """Along and across from and to, area, score."""
        self._contour_from = array("i", [0])
        self._points = array("h")

    def __len__(self) -> int:
        return len(self._shown)

    @property
    def regions(self) -> int:
        """Rows, hidden ones too."""
        return len(self._event)

    def place(self, event: int) -> Place:
        """The record of the frame it is about."""
        return Place(self._partition[event], self._offset[event])

    def frame(self, event: int) -> tuple[int, int]:
        """Number of the camera, index of the frame."""
        return self._camera[event], self._frame_index[event]

    def chain(self, first: int | None) -> Iterator[int]:
        """The events of one frame."""
        event = _NONE if first is None else first
        while event != _NONE:
            yield event
            event = self._next[event]

    def append(self, message: DefectEvent, camera: int, rows: Sequence[RegionRow], chain: int | None) -> int:
        """Keep an event, hidden, as the first of its frame's chain."""
        event, place = len(self), place_of(message.source)
        self._partition.append(place.partition)
        self._offset.append(place.offset)
        self._at_ns.append(message.inspected_at_ns)
        self._camera.append(camera)
        self._frame_index.append(message.frame_index)
        self._position_mm.append(message.position_mm)
        self._changed.append(0)
        self._shown.append(0)
        self._next.append(_NONE if chain is None else chain)
        for row in rows:
            self._append_region(event, row)
        self._first.append(len(self._event))
        return event

    def unlink(self, first: int | None, event: int) -> int | None:
        """Take an event out of its frame's chain, which begins with `first`; what it begins with then."""
        kept = [each for each in self.chain(first) if each != event]
        for number, one in enumerate(kept):
            self._next[one] = kept[number + 1] if number + 1 < len(kept) else _NONE
        return kept[0] if kept else None

    def is_older(self, event: int, message: DefectEvent, rows: Sequence[RegionRow]) -> bool:
        """Whether what is kept of a record is older than the message; of one time the contents decide."""
        if self._at_ns[event] != message.inspected_at_ns:
            return self._at_ns[event] < message.inspected_at_ns
        return (self._position_mm[event], self.rows_of(event)) < (message.position_mm, list(rows))

    def show(self, event: int, shown: bool, tick: int) -> bool:
        """Whether that changed anything."""
        if bool(self._shown[event]) == shown:
            return False
        self._shown[event] = shown
        self._changed[event] = tick
        of_class = Counter(self._class_id[self._first[event] : self._first[event + 1]])
        if shown:
            self.shown_by_class.update(of_class)
        else:
            self.shown_by_class -= of_class
        return True

    def rows_of(self, event: int) -> list[RegionRow]:
        """Its regions as they were appended."""
        return [self._row(row) for row in range(self._first[event], self._first[event + 1])]

    def gone_since(self, tick: int) -> list[int]:
        """Rows that are hidden, and were changed after it."""
        changed, shown = self._views()
        gone = (changed > tick) & ~shown
        return np.flatnonzero(gone[np.frombuffer(self._event, np.int32)]).tolist()

    def columns_since(self, tick: int) -> RegionColumns:
        """Regions that are shown, and were changed after it; after 0 all that are shown."""
        changed, shown = self._views()
        event = np.frombuffer(self._event, np.int32)
        row = np.flatnonzero(((changed > tick) & shown)[event])
        of = event[row]
        numbers = [np.frombuffer(column, np.float64)[row] for column in self._numbers]
        counts, points = self._contours(row)
        return RegionColumns(
            row=row,
            class_id=np.frombuffer(self._class_id, np.int16)[row],
            camera=np.frombuffer(self._camera, np.uint8)[of],
            frame_index=np.frombuffer(self._frame_index, np.int32)[of],
            frame_along_mm=np.frombuffer(self._position_mm, np.float64)[of],
            along_min_mm=numbers[0],
            along_max_mm=numbers[1],
            across_min_mm=numbers[2],
            across_max_mm=numbers[3],
            area_mm2=numbers[4],
            score=numbers[5],
            partition=np.frombuffer(self._partition, np.int32)[of],
            offset=np.frombuffer(self._offset, np.int64)[of],
            contour_points=counts,
            points=points,
        )

    def _append_region(self, event: int, row: RegionRow) -> None:
        self._event.append(event)
        self._class_id.append(row.class_id)
        for column, number in zip(self._numbers, row[1:7], strict=True):
            column.append(number)
        self._points.frombytes(row.contour)
        self._contour_from.append(len(self._points) // 2)

    def _row(self, row: int) -> RegionRow:
        begin, end = (2 * each for each in self._contour_from[row : row + 2])
        along_min, along_max, across_min, across_max, area, score = (each[row] for each in self._numbers)
        return RegionRow(
            class_id=self._class_id[row],
            along_min_mm=along_min,
            along_max_mm=along_max,
            across_min_mm=across_min,
            across_max_mm=across_max,
            area_mm2=area,
            score=score,
            contour=self._points[begin:end].tobytes(),
        )

    def _views(self) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        return np.frombuffer(self._changed, np.int64), np.frombuffer(self._shown, np.bool_)

    def _contours(self, row: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int16]]:
        """Points of each contour, and all of them one behind the other."""
        begins = np.frombuffer(self._contour_from, np.int32).astype(np.int64)
        counts = np.diff(begins)[row]
        behind = np.cumsum(counts) - counts  # points before each contour, among those that are wanted
        wanted = np.arange(counts.sum()) + np.repeat(begins[row] - behind, counts)
        return counts, np.frombuffer(self._points, np.int16).reshape(-1, 2)[wanted]


def rows_of(message: DefectEvent) -> list[RegionRow]:
    """The regions of a message as they are kept, contours drawn."""
    return [_row_of(region, message.height_px, message.width_px) for region in message.regions]


def _row_of(region: DefectRegion, height_px: int, width_px: int) -> RegionRow:
    box = region.box_mm
    return RegionRow(
        class_id=region.class_id,
        along_min_mm=_within(box.along_min_mm),
        along_max_mm=_within(box.along_max_mm),
        across_min_mm=_within(box.across_min_mm),
        across_max_mm=_within(box.across_max_mm),
        area_mm2=_within(region.area_mm2),
        score=region.score,
        contour=contours(region.mask_rle, height_px, width_px).tobytes(),
    )


def _within(number: float) -> float:
    return max(-_LARGEST, min(_LARGEST, number))
