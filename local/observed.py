"""What a reader has seen of a run, message by message: the ground that every summary stands on."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from contracts.codec import CoilRecord
from contracts.coils import CoilEnded, CoilStarted
from contracts.identity import FrameIdentity
from contracts.results import DefectEvent, Fate, Inspection


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenInspection:
    """An inspection and when a read_committed reader had it: from then on it can't be taken back."""

    inspection: Inspection
    seen_at_ns: int


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

    def add(self, message: CoilRecord, seen_at_ns: int) -> None:
        """Take in one message; kinds that no summary needs are passed over."""
        coil = self.coils.setdefault(
            message.coil_id, ObservedCoil(line_id=message.line_id, coil_id=message.coil_id)
        )
        match message:
            case Inspection():
                _inspected(coil, SeenInspection(inspection=message, seen_at_ns=seen_at_ns))
            case DefectEvent():
                _keep_first_event(coil, message)
            case CoilStarted():
                coil.started = message
            case CoilEnded():
                coil.ended = message

    @property
    def frames(self) -> int:
        """Frames with an inspection, each once."""
        return sum(len(coil.inspections) for coil in self.coils.values())

    def complete(self, coils: int) -> bool:
        """So many coils have ended, and nothing of them is still to come."""
        return len(self.coils) >= coils and all(coil.waits_for == 0 for coil in self.coils.values())


def _inspected(coil: ObservedCoil, seen: SeenInspection) -> None:
    """A frame counts once: its first record, the one at the lowest offset, whichever was seen first."""
    identity = identity_of(seen.inspection)
    known = coil.inspections.get(identity)
    if known is not None:
        coil.duplicates_by_camera[identity.camera_id] += 1
    if known is None or _source(seen.inspection) < _source(known.inspection):
        coil.inspections[identity] = seen


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
