"""What the page is sent. Columns rather than rows where there are many; nanoseconds as decimal strings."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from contracts.alarms import AlarmKind, AlarmState, LaneRecurrence
from contracts.reports import CameraLedger, ClassTotal, Closing, CoilLane, Finding, RollMark, Verdict


def _text(value: object) -> object:
    return str(value) if isinstance(value, int) else value


Instant = Annotated[
    str,
    BeforeValidator(_text),
    Field(pattern=r"^\d{1,20}$", description="Nanoseconds since the epoch, UTC: too many for a JS number"),
]


class Wire(BaseModel):
    """What every answer shares."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Problem(Wire):
    """Why a request was refused, in one sentence."""

    error: str


class Condition(StrEnum):
    """What the line is like right now. None of the first four is "all clean"."""

    BROKER_AWAY = "broker_away"
    WORKER_DOWN = "worker_down"
    NO_DATA = "no_data"
    STALE = "stale"
    IDLE = "idle"
    RUNNING = "running"


class BrokerView(Wire):
    """Whether Kafka answers."""

    up: bool
    since_ns: Instant
    why: str = ""


class WorkerView(Wire):
    """Whether frames are inspected."""

    waiting_frames: int | None = Field(default=None, description="None: not known (yet)")
    inspected_at_ns: Instant | None = Field(default=None, description="When the last inspection came")


class AlarmView(Wire):
    """An alarm as it stands."""

    alarm_id: str
    line_id: str
    coil_id: str
    kind: AlarmKind
    state: AlarmState
    raised_at_ns: Instant
    changed_at_ns: Instant
    summary: str
    ended: bool = False
    acknowledged_by: str | None = None
    acknowledged_at_ns: Instant | None = None
    mark: RollMark | None = None
    lane: LaneRecurrence | None = None


class State(Wire):
    """The line as a whole."""

    condition: Condition
    since_ns: Instant = Field(description="Since when it is so")
    broker: BrokerView
    worker: WorkerView
    coils: dict[str, list[str]] = Field(description="coil ids by line, the newest first")
    running: dict[str, str] = Field(default_factory=dict, description="line -> the coil that runs on it")
    alarms: list[AlarmView]
    classes: dict[int, str] = Field(default_factory=dict, description="class_id -> name, said once")
    counters: dict[str, int] = Field(default_factory=dict)


class CoilSummary(Wire):
    """A coil in the history."""

    coil_id: str
    line_id: str
    report_version: int
    verdict: Verdict
    complete: bool
    in_time: bool
    slack_s: float
    late_by_s: float
    started_at_ns: Instant
    ended_at_ns: Instant | None
    deadline_at_ns: Instant
    reported_at_ns: Instant
    length_mm: float | None
    frames: int
    missing: int
    defects: int
    defects_by_class: dict[int, int]
    marks: int
    rules_fired: list[str]


class CoilPage(Wire):
    """Some of the history, the newest first."""

    coils: list[CoilSummary]
    before: str | None = Field(description="The cursor of the next page; None: that was all")
    classes: dict[int, str] = Field(description="class_id -> name, said once")


class Trend(Wire):
    """Defects per 100 m, coil by coil, the oldest first: columns."""

    coil_id: list[str]
    started_at_ns: list[Instant]
    verdict: list[Verdict]
    length_mm: list[float | None]
    per_100_m: dict[int, list[float | None]] = Field(description="class_id -> one figure a coil")
    classes: dict[int, str]


class DefectColumns(Wire):
    """The defects that a report lists, one list a field."""

    class_id: list[int]
    along_min_mm: list[float]
    along_max_mm: list[float]
    across_min_mm: list[float]
    across_max_mm: list[float]
    area_mm2: list[float]
    frames: list[int]
    regions: list[int]
    first_frame_index: list[int | None]
    last_frame_index: list[int | None]
    cameras: list[list[str]]


class ReportView(Wire):
    """A coil's report."""

    report_version: int
    verdict: Verdict
    complete: bool
    in_time: bool
    slack_s: float
    late_by_s: float
    closed_because: Closing | None
    started_at_ns: Instant
    ended_at_ns: Instant | None
    deadline_at_ns: Instant
    reported_at_ns: Instant
    length_mm: float | None
    width_mm: float | None
    ledger_by_camera: dict[str, CameraLedger]
    class_totals: list[ClassTotal]
    findings: list[Finding]
    rules_fired: list[str]
    rules_version: str
    marks: list[RollMark]
    lanes: list[CoilLane]
    bundles: list[str]
    notes: list[str]
    defects_total: int
    defects: DefectColumns


class CoilView(Wire):
    """A coil: live, reported, or both."""

    coil_id: str
    line_id: str
    seq: int | None = Field(description="Of the live strip; None: it is not kept (any more)")
    report: ReportView | None
    alarms: list[AlarmView]


class Who(Wire):
    """Who acknowledges."""

    who: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")


class Credentials(Wire):
    """What a person types at the door."""

    token: str = Field(max_length=1024)


class Entry(Wire):
    """Whether one is in."""

    inside: bool
    needs_token: bool


class Healthy(Wire):
    """What a probe is told."""

    ok: bool
    why: str = ""
