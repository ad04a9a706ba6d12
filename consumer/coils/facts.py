"""What the tracker's parts hand each other: regions on the strip, and what a coil is graded by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from contracts.reports import CameraLedger, Closing, CoilDefect, CoilLane, RollMark

Interval = tuple[float, float]
"""From, to, in mm."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Borders:
    """Where a region touches its frame's borders, in mm: across (top, bottom) or along (left, right)."""

    top: tuple[Interval, ...] = ()
    bottom: tuple[Interval, ...] = ()
    left: tuple[Interval, ...] = ()
    right: tuple[Interval, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RegionOnStrip:
    """One region of one frame, in mm on the coil. `borders` None: it touches none."""

    class_id: int
    score: float
    area_mm2: float
    along_min_mm: float
    along_max_mm: float
    across_min_mm: float
    across_max_mm: float
    borders: Borders | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameRegions:
    """A defective frame: where it lies on the coil, and its regions."""

    camera_id: str
    frame_index: int
    along_min_mm: float
    along_max_mm: float
    across_min_mm: float
    across_max_mm: float
    mm_per_px_across: float
    mm_per_px_along: float
    regions: tuple[RegionOnStrip, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Defect:
    """What `contracts.reports.CoilDefect` says in a report, field by field: one defect on the coil.

    Of its own kind, because a coil may have 200,000: they take 43 MiB and .7 s,
    the messages 280 MiB and 1.8 s.
    """

    class_id: int
    class_name: str
    along_min_mm: float
    along_max_mm: float
    across_min_mm: float
    across_max_mm: float
    area_mm2: float
    frames: int
    regions: int
    cameras: tuple[str, ...]
    first_frame_index: int
    last_frame_index: int

    @property
    def length_mm(self) -> float:
        """Along the strip."""
        return self.along_max_mm - self.along_min_mm

    @property
    def width_mm(self) -> float:
        """Across the strip."""
        return self.across_max_mm - self.across_min_mm


AnyDefect = Defect | CoilDefect
"""Merged just now, or read from a report."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """A region as the search for roll marks sees it: its class and its middle."""

    class_id: int
    along_mm: float
    across_mm: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CoilFacts:
    """All that the rules may ask of a coil."""

    line_id: str
    coil_id: str
    length_mm: float
    width_mm: float
    complete: bool
    closed_because: Closing
    ledger_by_camera: Mapping[str, CameraLedger]
    defects: Sequence[AnyDefect]
    marks: Sequence[RollMark]
    lanes: Sequence[CoilLane]
    notes: Sequence[str]
