"""A coil as this reader counted it by itself: what the tracker's report is held against, and the latency."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from pydantic import ValidationError

from contracts.reports import CameraLedger
from contracts.results import Fate, Inspection
from local.observing.observed import ObservedCoil


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassCount:
    """One defect class on one coil."""

    class_id: int
    class_name: str
    regions: int
    frames: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Latency:
    """Seconds from a frame's exposure until a read_committed reader had its inspection."""

    p50_s: float
    p95_s: float
    p99_s: float
    max_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CoilSummary:
    """What is said of one coil. `refusals`: why a camera's ledger does not sum; empty when all do."""

    coil_id: str
    line_id: str
    ledger_by_camera: dict[str, CameraLedger]
    refusals: tuple[str, ...]
    classes: tuple[ClassCount, ...]
    latency: Latency | None
    budget_s: float | None

    @property
    def sums(self) -> bool:
        """Every camera's frames are accounted for, once."""
        return bool(self.ledger_by_camera) and not self.refusals

    def total(self, column: str) -> int:
        """One column of the ledger over all cameras."""
        return sum(getattr(ledger, column) for ledger in self.ledger_by_camera.values())


def summarise(coil: ObservedCoil) -> CoilSummary:
    """The summary of a coil, finished or not."""
    ledgers: dict[str, CameraLedger] = {}
    refusals = [] if coil.ended is not None else ["nobody has said how many frames there are: no coil ended"]
    cameras = coil.announced_by_camera.keys() | {identity.camera_id for identity in coil.inspections}
    for camera in sorted(cameras):
        announced = coil.announced_by_camera.get(camera, 0)
        try:
            ledgers[camera] = _ledger(coil.of_camera(camera), announced, coil.duplicates_by_camera[camera])
        except ValidationError:
            received = len(coil.of_camera(camera))
            refusals.append(f"{camera} announced {announced} frames, and {received} were received")
    return CoilSummary(
        coil_id=coil.coil_id,
        line_id=coil.line_id,
        ledger_by_camera=ledgers,
        refusals=tuple(refusals),
        classes=_classes(coil),
        latency=latency(list(_durations_ns(coil))),
        budget_s=None if coil.started is None else coil.started.budget_s,
    )


def _ledger(inspections: Sequence[Inspection], announced: int, duplicates: int) -> CameraLedger:
    fates = Counter(inspection.fate for inspection in inspections)
    return CameraLedger(
        announced=announced,
        received=len(inspections),
        missing=announced - len(inspections),
        clean=fates[Fate.CLEAN],
        defective=fates[Fate.DEFECTIVE],
        unsegmented=fates[Fate.UNSEGMENTED],
        dead_lettered=fates[Fate.DEAD_LETTERED],
        duplicates=duplicates,
    )


def _classes(coil: ObservedCoil) -> tuple[ClassCount, ...]:
    names: dict[int, str] = {}
    regions, frames = Counter[int](), Counter[int]()
    for event in coil.defect_events.values():
        names |= {region.class_id: region.class_name for region in event.regions}
        regions.update(region.class_id for region in event.regions)
        frames.update({region.class_id for region in event.regions})
    return tuple(
        ClassCount(class_id=c, class_name=names[c], regions=regions[c], frames=frames[c])
        for c in sorted(names)
    )


def latency(durations_ns: Sequence[int]) -> Latency | None:
    """Percentiles, by the nearest rank above; None of nothing."""
    if not durations_ns:
        return None
    p50, p95, p99, top = np.percentile(durations_ns, [50, 95, 99, 100], method="higher") / 1e9
    return Latency(p50_s=float(p50), p95_s=float(p95), p99_s=float(p99), max_s=float(top))


def _durations_ns(coil: ObservedCoil) -> Iterator[int]:
    """Of the frames whose exposure is known: a dead letter's header may not say."""
    for seen in coil.inspections.values():
        if seen.inspection.exposed_at_ns is not None:
            yield seen.seen_at_ns - seen.inspection.exposed_at_ns
