"""What became of a coil: its ledger, its defects, what repeats on it, and its verdict."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field, model_validator

from contracts.coils import CoilMessage
from contracts.identity import ClassId, Count, Message, Name, TimeNs


class Verdict(StrEnum):
    """What may happen to the coil."""

    RELEASE = "release"
    HOLD = "hold"
    REJECT = "reject"


class Closing(StrEnum):
    """Why the coil was closed when it was."""

    COMPLETE = "complete"
    """Every announced frame has its inspection, and none waits to be segmented."""
    SETTLED = "settled"
    """It has ended, and no inspection came any more: what is not there is missing."""
    DEADLINE = "deadline"
    """It has ended, and the deadline came before its last inspection or segmentation."""
    TIMED_OUT = "timed_out"
    """Nobody said that it ended, until deadline + grace."""
    UNANNOUNCED = "unannounced"
    """Nobody said that it started, until deadline + grace."""


class CameraLedger(Message):
    """Frames of one camera. Sums by construction or is refused."""

    announced: Count
    received: Count
    missing: Count
    clean: Count
    defective: Count
    unsegmented: Count
    dead_lettered: Count
    duplicates: Count = Field(description="Beside the ledger, never in it")
    surplus: Count = Field(
        default=0, description="Frames with an index beyond the announced number: beside the ledger too"
    )

    @model_validator(mode="after")
    def _sums(self) -> CameraLedger:
        if self.announced != self.received + self.missing:
            raise ValueError("announced must be received + missing")
        if self.received != self.clean + self.defective + self.unsegmented + self.dead_lettered:
            raise ValueError("received must be clean + defective + unsegmented + dead_lettered")
        return self


class CoilDefect(Message):
    """Regions merged across frame borders: one defect on the coil. `frames` counts those that it spans."""

    class_id: ClassId
    class_name: str
    along_min_mm: float
    along_max_mm: float
    across_min_mm: float
    across_max_mm: float
    area_mm2: float = Field(gt=0)
    frames: Count
    regions: Count = Field(default=1, description="How many regions it was merged from")
    cameras: tuple[Name, ...] = Field(default=(), description="Whose frames it is on")
    first_frame_index: Count | None = None
    last_frame_index: Count | None = None

    @property
    def length_mm(self) -> float:
        """Along the strip."""
        return self.along_max_mm - self.along_min_mm

    @property
    def width_mm(self) -> float:
        """Across the strip."""
        return self.across_max_mm - self.across_min_mm


class ClassTotal(Message):
    """All defects of one class on the coil, also those that the report does not list."""

    class_id: ClassId
    class_name: str
    defects: Count
    area_mm2: float = Field(ge=0)


class RollMark(Message):
    """A defect that returns at a constant spacing in one lane."""

    class_id: ClassId
    lane_mm: float = Field(description="Across the strip, the middle of the lane")
    period_mm: float = Field(gt=0)
    count: Count = Field(description="Hits that were found")
    false_alarm_probability: float = Field(
        ge=0, le=1, description="Of any such mark on this coil by chance, all periods and lanes tried"
    )
    roll: str | None = Field(default=None, description="The roll that fits best, of those in the rolls table")
    mark_id: Name | None = Field(default=None, description="The same as its alarm's `alarm_id`")
    class_name: str | None = None
    period_uncertainty_mm: float | None = Field(default=None, ge=0, description="One standard deviation")
    phase_mm: float | None = Field(default=None, description="Along the strip, where its grid of hits begins")
    revolutions: Count | None = Field(
        default=None, description="Hits and misses between its first hit and its last"
    )
    first_mm: float | None = None
    last_mm: float | None = None
    rolls: tuple[str, ...] = Field(default=(), description="Every roll that fits, the best one first")


class CoilLane(Message):
    """A cross-strip position where defects of one class gather on this coil."""

    class_id: ClassId
    class_name: str
    across_min_mm: float
    across_max_mm: float
    count: Count


class Finding(Message):
    """A rule that fired, and on what evidence."""

    rule: str
    verdict: Verdict
    evidence: str = Field(max_length=500)


class CoilReport(CoilMessage):
    """The coil's verdict. Key: `coil_id`, compacted; a later `report_version` replaces an earlier one.

    A coil has exactly one report of each version. A version after the first says that frames came, or were
    segmented, after the deadline had closed the coil.
    """

    report_version: int = Field(default=1, ge=1)
    complete: bool
    in_time: bool
    slack_s: float = Field(description="From the report to the deadline; 0 when it is late")
    late_by_s: float = Field(
        default=0, ge=0, description="From the deadline to the report; 0 when it is in time"
    )
    closed_because: Closing | None = None
    started_at_ns: TimeNs
    ended_at_ns: TimeNs | None = None
    deadline_at_ns: TimeNs
    reported_at_ns: TimeNs
    length_mm: float | None = None
    width_mm: float | None = None
    ledger_by_camera: dict[Name, CameraLedger]
    defects: tuple[CoilDefect, ...] = Field(
        description="The largest, by area; `defects_total` says of how many"
    )
    defects_total: Count | None = None
    class_totals: tuple[ClassTotal, ...] = ()
    marks: tuple[RollMark, ...]
    lanes: tuple[CoilLane, ...] = ()
    verdict: Verdict
    rules_version: str
    rules_fired: tuple[str, ...]
    findings: tuple[Finding, ...] = Field(default=(), description="The rules that fired, with the evidence")
    bundles: tuple[str, ...] = Field(default=(), description="Model bundles that inspected its frames")
    notes: tuple[str, ...] = Field(
        default=(), description="What was odd: contradicting ends, a second start, another line's frames"
    )
