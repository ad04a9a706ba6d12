"""The events of one lane: sightings of one class, clusters counted once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from consumer.coils.facts import Sighting

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(slots=True, kw_only=True)
class Events:
    """Sightings as columns of equal length (n,), sorted along the strip; `id` is unique on the coil."""

    id: Ints
    class_id: Ints
    along_mm: Floats
    across_mm: Floats

    def __len__(self) -> int:
        return len(self.id)

    def taken(self, which: NDArray[np.bool_] | Ints | slice) -> Events:
        """Those."""
        return Events(
            id=self.id[which],
            class_id=self.class_id[which],
            along_mm=self.along_mm[which],
            across_mm=self.across_mm[which],
        )


def sorted_events(sightings: list[Sighting], first_id: int) -> Events:
    """By place along the strip; what lies at the same place by its place across and its class."""
    rows = np.array([(s.along_mm, s.across_mm, s.class_id) for s in sightings], dtype=np.float64).reshape(
        -1, 3
    )
    rows = rows[np.lexsort((rows[:, 2], rows[:, 1], rows[:, 0]))]
    return Events(
        id=np.arange(first_id, first_id + len(rows), dtype=np.int64),
        class_id=rows[:, 2].astype(np.int64),
        along_mm=np.ascontiguousarray(rows[:, 0]),
        across_mm=np.ascontiguousarray(rows[:, 1]),
    )


def end_to_end(parts: list[Events]) -> Events:
    """Columns of all, in this order."""
    return Events(
        id=np.concatenate([part.id for part in parts]),
        class_id=np.concatenate([part.class_id for part in parts]),
        along_mm=np.concatenate([part.along_mm for part in parts]),
        across_mm=np.concatenate([part.across_mm for part in parts]),
    )


class LaneKey(NamedTuple):
    """A class and a window across the strip, from `window` half lanes to `window + 2`."""

    class_id: int
    window: int


@dataclass(slots=True, kw_only=True)
class Lane:
    """Its events along the strip, and how many of them the trains have met."""

    number: int
    along_mm: Floats = field(default_factory=lambda: np.empty(0))
    id: Ints = field(default_factory=lambda: np.empty(0, np.int64))
    met: int = 0
    latest_mm: float = -np.inf
    """Of its sightings, also those that were counted with the one before."""

    def append(self, along_mm: Floats, ids: Ints, cluster_mm: float) -> None:
        """Sightings behind all earlier ones. Those less than `cluster_mm` behind another are of its event.

        So a scratch the length of the coil is one event, whatever its frames make of it, and a lane of n m
        never holds more than n * 1000 / cluster_mm / e events that lie at random.
        """
        keep = np.diff(along_mm, prepend=self.latest_mm) > cluster_mm
        self.latest_mm = float(along_mm[-1])
        self.along_mm = np.concatenate([self.along_mm, along_mm[keep]])
        self.id = np.concatenate([self.id, ids[keep]])

    def without(self, claimed: Ints) -> bool:
        """Takes these events out, so that all the rest is new to it again. False: it has none of them."""
        stay = ~np.isin(self.id, claimed)
        if stay.all():
            return False
        self.along_mm, self.id, self.met = self.along_mm[stay], self.id[stay], 0
        return True


def by_lane(events: Events, lane_mm: float) -> Iterator[tuple[LaneKey, Events]]:
    """Windows of `lane_mm` that overlap by half: every event is in two, so no mark is cut at a border."""
    if len(events) == 0:  # all that is new belongs to marks that are known
        return
    half = np.floor(events.across_mm / (lane_mm / 2)).astype(np.int64)
    window = np.concatenate([half, half - 1])
    row = np.concatenate([np.arange(len(events))] * 2)
    order = np.lexsort((row, window, events.class_id[row]))
    window, row = window[order], row[order]
    class_id = events.class_id[row]
    starts = np.flatnonzero(np.diff(window, prepend=window[:1] - 1) | np.diff(class_id, prepend=-1))
    for start, end in zip(starts, [*starts[1:], len(row)], strict=True):
        yield LaneKey(int(class_id[start]), int(window[start])), events.taken(row[start:end])
