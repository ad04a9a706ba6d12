"""What a person should look at while the coil still runs."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field, model_validator

from contracts.coils import CoilMessage
from contracts.identity import ClassId, Count, Message, Name, TimeNs
from contracts.reports import RollMark


class AlarmKind(StrEnum):
    """What an alarm is about."""

    ROLL_MARK = "roll_mark"
    LANE = "lane"
    DEADLINE_AT_RISK = "deadline_at_risk"
    FRAMES_MISSING = "frames_missing"
    COIL_ID_REUSED = "coil_id_reused"


class AlarmState(StrEnum):
    """An alarm is raised, may be updated or acknowledged, and ends."""

    RAISED = "raised"
    UPDATED = "updated"
    ACKNOWLEDGED = "acknowledged"
    ENDED = "ended"


class LaneRecurrence(Message):
    """Defects of one class at the same cross-strip position in coil after coil of a line."""

    class_id: ClassId
    class_name: str
    across_min_mm: float
    across_max_mm: float
    coils: tuple[Name, ...] = Field(min_length=1, description="Those that show it, the latest one last")
    of_last: Count = Field(description="Out of so many coils of the line")


class Alarm(CoilMessage):
    """Something a person should look at while the coil still runs. Key: `coil_id`."""

    alarm_id: Name
    kind: AlarmKind
    state: AlarmState
    raised_at_ns: TimeNs
    changed_at_ns: TimeNs = Field(description="When this state began: tells one update from the next")
    summary: str = Field(min_length=1, max_length=500)
    mark: RollMark | None = None
    lane: LaneRecurrence | None = None
    acknowledged_by: Name | None = Field(
        default=None, description="Who said that they have seen it, in the state `acknowledged`"
    )

    @model_validator(mode="after")
    def _changes_after_it_was_raised(self) -> Alarm:
        if self.changed_at_ns < self.raised_at_ns:
            raise ValueError("changed_at_ns must not lie before raised_at_ns")
        return self
