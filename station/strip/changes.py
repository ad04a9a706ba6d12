"""What changed on a coil since a client asked last: newest state, as columns where there are many."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from contracts.reports import CoilReport, RollMark
from station.strip.alarms import AlarmNow
from station.strip.frames import FateRuns
from station.strip.geometry import Geometry
from station.strip.regions import RegionColumns


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraNow:
    """One camera of a coil."""

    camera_id: str
    frames: int
    """The highest index that was heard of, plus one."""
    received: int
    clean: int
    defective: int
    unsegmented: int
    dead_lettered: int
    duplicates: int
    announced: int | None
    frame_mm: float | None
    """From one frame to the next; None while nothing tells."""
    geometry: Geometry | None
    """Its own, or the latest of that camera on that line; None when there was none yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CoilNow:
    """How a coil stands: small, so that every delta carries it whole."""

    coil_id: str
    line_id: str
    began_at_ns: int
    """By its start; else the earliest time that anything said of it."""
    started_at_ns: int | None
    ended_at_ns: int | None
    deadline_at_ns: int | None
    last_inspected_at_ns: int | None
    runs: bool
    """It was started, and is neither ended nor reported."""
    width_mm: float | None
    length_mm: float | None
    """By its end or its report."""
    reached_mm: float | None
    """How far its furthest frame reaches; None while no frame's length is known."""
    outstanding: int | None
    """Frames still to be inspected or segmented; None until it has ended."""
    overfull: bool
    """More came than is kept: the map does not show all of it."""
    class_names: Mapping[int, str]
    regions_by_class: Mapping[int, int]
    cameras: tuple[CameraNow, ...]
    """Those with frames first, in a fixed order: a region's camera is a number in this list."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """Of one coil, after a sequence number up to `seq`."""

    seq: int
    """To ask with next time."""
    whole: bool
    """Everything is in it: what a client had before is void."""
    coil: CoilNow
    fates: Mapping[int, FateRuns]
    """By the camera's number; only cameras with changes."""
    regions: RegionColumns
    gone: list[int]
    """Rows of regions that count no more."""
    marks: tuple[RollMark, ...] | None
    """None: they are as they were."""
    alarms: tuple[AlarmNow, ...] | None
    """None: they are as they were."""
    report: CoilReport | None
    """Its latest version, without defects. None: there is none, or it is as it was."""
