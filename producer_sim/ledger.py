"""What a run did, noted while it does it: from this the manifest is made."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from contracts.identity import FrameIdentity
from producer_sim.manifest import (
    EXPECTED_REASONS,
    CoilLine,
    Fault,
    FrameLine,
    Manifest,
    MarkLine,
    RunLine,
    Truth,
)
from producer_sim.roll_marks import PutMark


@dataclass(slots=True, kw_only=True)
class Sending:
    """One exposure and what became of its records."""

    identity: FrameIdentity
    exposed_at_ns: int
    fault: Fault | None
    truth: Truth | None
    origin: str
    sent: int = 0
    failed: int = 0

    def acknowledged(self, has_it: bool) -> None:
        """Count one record's end."""
        if has_it:
            self.sent += 1
        else:
            self.failed += 1

    def to_line(self) -> FrameLine:
        """As the manifest says it."""
        return FrameLine(
            **self.identity.model_dump(),
            exposed_at_ns=self.exposed_at_ns,
            sent=self.sent,
            failed=self.failed,
            fault=self.fault,
            expected_reason=None if self.fault is None else EXPECTED_REASONS.get(self.fault),
            truth=self.truth,
            origin=self.origin,
        )


@dataclass(slots=True, kw_only=True)
class RunningCoil:
    """One coil and how far it is."""

    line_id: str
    coil_id: str
    started_at_ns: int
    deadline_at_ns: int
    announced_by_camera: dict[str, int]
    frame_mm: float
    marks: tuple[PutMark, ...] = ()
    ended_at_ns: int | None = None

    @property
    def length_mm(self) -> float:
        """What has passed of it."""
        return max(self.announced_by_camera.values()) * self.frame_mm

    def to_line(self) -> CoilLine:
        """As the manifest says it."""
        return CoilLine(
            line_id=self.line_id,
            coil_id=self.coil_id,
            started_at_ns=self.started_at_ns,
            deadline_at_ns=self.deadline_at_ns,
            ended_at_ns=self.ended_at_ns,
            announced_by_camera=self.announced_by_camera,
        )

    def to_mark_lines(self) -> tuple[MarkLine, ...]:
        """Its roll marks as the manifest says them: nothing beyond its end, if it was stopped half way."""
        return tuple(
            MarkLine(
                line_id=self.line_id,
                coil_id=self.coil_id,
                class_id=put.mark.class_id,
                lane_mm=put.mark.lane_mm,
                diameter_mm=put.mark.diameter_mm,
                period_mm=put.period_mm,
                hits_mm=tuple(at_mm for at_mm in put.hits_mm if at_mm < self.length_mm),
                missed_mm=tuple(at_mm for at_mm in put.missed_mm if at_mm < self.length_mm),
                origin=put.origin,
            )
            for put in self.marks
        )


@dataclass(slots=True, kw_only=True)
class Ledger:
    """Every coil, the number of each fault and every exposure of a run.

    `keep_frames`, `keep_coils` False: those are counted only.
    """

    keep_frames: bool = True
    keep_coils: bool = True
    begun: int = 0
    coils: list[RunningCoil] = field(default_factory=list)
    faults: Counter[Fault] = field(default_factory=Counter)
    frames: list[Sending] = field(default_factory=list)

    def begin(self, coil: RunningCoil) -> None:
        """Count a coil, and remember it."""
        self.begun += 1
        if self.keep_coils:
            self.coils.append(coil)

    def note(self, sending: Sending) -> None:
        """Count an exposure, and remember it."""
        if sending.fault is not None:
            self.faults[sending.fault] += 1
        if self.keep_frames:
            self.frames.append(sending)

    def to_manifest(self, run: RunLine) -> Manifest:
        """All of it, as it stands."""
        return Manifest(
            run=run,
            coils=tuple(coil.to_line() for coil in self.coils),
            frames=tuple(sending.to_line() for sending in self.frames),
            marks=tuple(line for coil in self.coils for line in coil.to_mark_lines()),
        )
