"""The coil's own messages: line control says when it starts and ends, the tracker says what became of it."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field, model_validator

from contracts.identity import ClassId, Count, Message, Name, TimeNs

DEFAULT_BUDGET_S = 300.0


class CoilMessage(Message):
    """Belongs to one coil of one line. Key: `coil_id`."""

    line_id: Name
    coil_id: Name


class CoilStarted(CoilMessage):
    """Line control: the first metre is at the cameras."""

    started_at_ns: TimeNs
    budget_s: float = Field(default=DEFAULT_BUDGET_S, gt=0, le=86_400)
    cameras: tuple[Name, ...] = Field(min_length=1)
    width_mm: float | None = Field(default=None, gt=0, le=1e5)

    @property
    def deadline_at_ns(self) -> int:
        """When the verdict is due: start + budget."""
        return self.started_at_ns + round(self.budget_s * 1e9)


class CoilEnded(CoilMessage):
    """Line control: the last metre has passed; how many frames each camera sent."""

    ended_at_ns: TimeNs
    frames_by_camera: dict[Name, Count]
    length_mm: float = Field(ge=0, le=1e8)


class Verdict(StrEnum):
    """What may happen to the coil."""

    RELEASE = "release"
    HOLD = "hold"
    REJECT = "reject"


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

    @model_validator(mode="after")
    def _sums(self) -> CameraLedger:
        if self.announced != self.received + self.missing:
            raise ValueError("announced must be received + missing")
        if self.received != self.clean + self.defective + self.unsegmented + self.dead_lettered:
            raise ValueError("received must be clean + defective + unsegmented + dead_lettered")
        return self


class CoilDefect(Message):
    """Regions merged across frame borders: one defect on the coil."""

    class_id: ClassId
    class_name: str
    along_min_mm: float
    along_max_mm: float
    across_min_mm: float
    across_max_mm: float
    area_mm2: float = Field(gt=0)
    frames: Count


class RollMark(Message):
    """A defect that returns at a constant spacing in one lane."""

    class_id: ClassId
    lane_mm: float
    period_mm: float = Field(gt=0)
    count: Count
    false_alarm_probability: float = Field(ge=0, le=1)
    roll: str | None = None


class CoilReport(CoilMessage):
    """The coil's verdict. Key: `coil_id`, compacted; a later `report_version` replaces an earlier one."""

    report_version: int = Field(default=1, ge=1)
    complete: bool
    in_time: bool
    slack_s: float
    started_at_ns: TimeNs
    deadline_at_ns: TimeNs
    reported_at_ns: TimeNs
    ledger_by_camera: dict[Name, CameraLedger]
    defects: tuple[CoilDefect, ...]
    marks: tuple[RollMark, ...]
    verdict: Verdict
    rules_version: str
    rules_fired: tuple[str, ...]


class AlarmKind(StrEnum):
    """What an alarm is about."""

    ROLL_MARK = "roll_mark"
    LANE = "lane"
    DEADLINE_AT_RISK = "deadline_at_risk"
    FRAMES_MISSING = "frames_missing"


class AlarmState(StrEnum):
    """An alarm is raised, may be updated or acknowledged, and ends."""

    RAISED = "raised"
    UPDATED = "updated"
    ACKNOWLEDGED = "acknowledged"
    ENDED = "ended"


class Alarm(CoilMessage):
    """Something a person should look at while the coil still runs. Key: `coil_id`."""

    alarm_id: Name
    kind: AlarmKind
    state: AlarmState
    raised_at_ns: TimeNs
    changed_at_ns: TimeNs = Field(description="When this state began: tells one update from the next")
    summary: str = Field(min_length=1, max_length=500)
    mark: RollMark | None = None

    @model_validator(mode="after")
    def _changes_after_it_was_raised(self) -> Alarm:
        if self.changed_at_ns < self.raised_at_ns:
            raise ValueError("changed_at_ns must not lie before raised_at_ns")
        return self
