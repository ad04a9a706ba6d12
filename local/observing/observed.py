"""What a reader has seen of a run, message by message: the ground that every summary stands on."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from contracts.alarms import Alarm
from contracts.codec import CoilRecord
from contracts.coils import CoilEnded, CoilStarted
from contracts.identity import FrameIdentity
from contracts.reports import CoilReport
from contracts.results import DefectEvent, Fate, Inspection


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenInspection:
    """An inspection and when a read_committed reader had it: from then on it can't be taken back."""

    inspection: Inspection
    seen_at_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenAlarm:
    """An alarm, and how far its coil was when a reader had it."""

    alarm: Alarm
    reached_mm: float | None
    running: bool


@dataclass(slots=True, kw_only=True)
class ObservedCoil:
    """One coil, as far as it has been seen."""

    line_id: str
    coil_id: str
    started: CoilStarted | None = None
    ended: CoilEnded | None = None
    inspections: dict[FrameIdentity, SeenInspection] = field(default_factory=dict)
    duplicates_by_camera: Counter[str] = field(default_factory=Counter)
    defect_events: dict[FrameIdentity, DefectEvent] = field(default_factory=dict)
    reports: list[CoilReport] = field(default_factory=list)
    alarms: list[SeenAlarm] = field(default_factory=list)

    @property
    def report(self) -> CoilReport | None:
        """The latest version; None before the verdict."""
        return max(self.reports, key=lambda report: report.report_version, default=None)

    @property
    def closed(self) -> bool:
        """The verdict is there, and speaks of as much as is read here.

        A complete report is read before the last inspections now and then. One that the deadline made
        incomplete is followed by its next version, once everything is there.
        """
        return self.report is not None and self.report.complete == (self.waits_for == 0)

    @property
    def reached_mm(self) -> float | None:
        """How far the coil has been inspected; None while no defect event has said how long a frame is."""
        event = next(iter(self.defect_events.values()), None)
        if event is None:
            return None
        frames = 1 + max(identity.frame_index for identity in self.inspections.keys() | {identity_of(event)})
        return frames * event.height_px * event.mm_per_px_along

    @property
    def announced_by_camera(self) -> dict[str, int]:
        """Frames that line control says were sent; empty before the coil has ended."""
        return {} if self.ended is None else self.ended.frames_by_camera

    @property
    def waits_for(self) -> int | None:
        """Messages still to come: inspections of announced frames, defect events of defective ones.

        One transaction holds both, but topics are read apart. None while the number of frames is not known.
        """
        if self.ended is None:
            return None
        here = Counter(identity.camera_id for identity in self.inspections)
        lacking = sum(max(0, count - here[camera]) for camera, count in self.announced_by_camera.items())
        defective = {i for i, s in self.inspections.items() if s.inspection.fate is Fate.DEFECTIVE}
        return lacking + len(defective - self.defect_events.keys())

    def of_camera(self, camera_id: str) -> list[Inspection]:
        """Its inspections, each frame once."""
        return [s.inspection for i, s in self.inspections.items() if i.camera_id == camera_id]


class ObservedRun:
    """All coils of a run. Messages may come in any order."""

    def __init__(self) -> None:
        self.coils: dict[str, ObservedCoil] = {}
        self.alarms: list[SeenAlarm] = []
        self.frames = 0  # with an inspection, each once
        self.verdicts = 0  # coils with a report

    def keep_newest(self, coils: int) -> None:
        """Forget all coils but the last ones that began to be seen: a line without end has many."""
        for coil_id in list(self.coils)[:-coils]:
            del self.coils[coil_id]

    def add(self, message: CoilRecord, seen_at_ns: int) -> None:
        """Take in one message."""
        coil = self.coils.setdefault(
            message.coil_id, ObservedCoil(line_id=message.line_id, coil_id=message.coil_id)
        )
        match message:
            case Inspection():
                self.frames += _inspected(coil, SeenInspection(inspection=message, seen_at_ns=seen_at_ns))
            case DefectEvent():
                _keep_first_event(coil, message)
            case CoilStarted():
                coil.started = message
            case CoilEnded():
                coil.ended = message
            case CoilReport():
                self.verdicts += not coil.reports
                coil.reports.append(message)
            case Alarm():
                seen = SeenAlarm(alarm=message, reached_mm=coil.reached_mm, running=coil.ended is None)
                coil.alarms.append(seen)
                self.alarms.append(seen)

    def closed(self, coils: int) -> bool:
        """So many coils have their verdict, and nothing of them is still to come."""
        return len(self.coils) >= coils and all(coil.closed for coil in self.coils.values())


def _inspected(coil: ObservedCoil, seen: SeenInspection) -> bool:
    """True when the frame is new. It counts once: its record at the lowest offset, whichever was seen first.

    A second inspection of the same record amends the first: what was left unsegmented has been segmented.
    """
    identity = identity_of(seen.inspection)
    known = coil.inspections.get(identity)
    if known is not None and _source(seen.inspection) == _source(known.inspection):
        coil.inspections[identity] = seen
        return False
    if known is not None:
        coil.duplicates_by_camera[identity.camera_id] += 1
    if known is None or _source(seen.inspection) < _source(known.inspection):
        coil.inspections[identity] = seen
    return known is None


def _keep_first_event(coil: ObservedCoil, event: DefectEvent) -> None:
    identity = identity_of(event)
    known = coil.defect_events.get(identity)
    if known is None or _source(event) < _source(known):
        coil.defect_events[identity] = event


def identity_of(message: FrameIdentity) -> FrameIdentity:
    """Only the identity of a message that has one."""
    return FrameIdentity(
        line_id=message.line_id,
        coil_id=message.coil_id,
        camera_id=message.camera_id,
        frame_index=message.frame_index,
    )


def _source(message: Inspection | DefectEvent) -> tuple[int, int]:
    """A frame's key fixes its partition, so duplicates lie in one and offsets order them."""
    return message.source.partition, message.source.offset
