"""One coil as the page shows it, built from its messages in whatever order they come.

What it says is a function of the set of messages, up to the bounds: `overfull` says that they were reached.
"""

from __future__ import annotations

from typing import Final

from contracts.coils import CoilEnded, CoilStarted
from contracts.message_codec import CoilRecord
from contracts.reports import CoilReport
from contracts.results import DefectEvent, Fate, Inspection
from station.strip.alarms import AlarmBook
from station.strip.frames import Booked, CameraFrames, Place, place_of
from station.strip.geometry import Geometry, geometry_of
from station.strip.regions import MOST_REGIONS, EventTable, rows_of

MOST_FRAMES: Final = 300_000
"""Of one coil, all cameras, gaps included: three times what the page is measured with."""
MOST_CAMERAS: Final = 64
MOST_EVENTS_OF_A_FRAME: Final = 8
"""From different records, before the frame's inspection says which of them counts."""
_LONGEST_NAME: Final = 80
"""Characters of a class's name, as in the tracker's report."""


class LiveCoil:
    """A coil by its id. A second line's frames under the same id are taken as its own."""

    def __init__(self, coil_id: str, born: int) -> None:
        self.coil_id = coil_id
        self.born = born
        """The state's revision before its first message: `tick`s are counted from here."""
        self.changed = born
        """The revision of its latest change."""
        self.alarms_changed = self.marks_changed = self.report_changed = born
        self.started: CoilStarted | None = None
        """Of contradicting starts the earlier, as in the tracker."""
        self.ended: CoilEnded | None = None
        """Of contradicting ends the later."""
        self.report: CoilReport | None = None
        """The latest version, without defects: those may be megabytes."""
        self.alarms = AlarmBook()
        self.cameras: dict[str, CameraFrames] = {}
        self.geometries: dict[str, Geometry] = {}
        self.events = EventTable()
        self.class_names: dict[int, str] = {}
        self.latest_deadline_at_ns = 0
        """In a frame's header."""
        self.last_inspected_at_ns: int | None = None
        self.overfull = False
        self._earliest_at_ns: int | None = None
        self._line_id = ""

    @property
    def line_id(self) -> str:
        """Its start's line; else its end's, its report's, or the first in the alphabet that sent anything."""
        for said in (self.started, self.ended, self.report):
            if said is not None:
                return said.line_id
        return self._line_id

    @property
    def began_at_ns(self) -> int:
        """By its start; else the earliest time that anything said of it."""
        return self.started.started_at_ns if self.started is not None else self._earliest_at_ns or 0

    def hear_of(self, message: CoilRecord) -> None:
        """Note who speaks of the coil, and of what time."""
        at_ns = _time_of(message)
        if self._earliest_at_ns is None or at_ns < self._earliest_at_ns:
            self._earliest_at_ns = at_ns
        if not self._line_id or message.line_id < self._line_id:
            self._line_id = message.line_id

    def take(self, message: CoilRecord, seq: int) -> bool:
        """Take in a message; whether it changed anything, which is then known by `seq`."""
        before = self.began_at_ns, self.line_id
        self.hear_of(message)
        changed = self._take(message, seq) or before != (self.began_at_ns, self.line_id)
        if changed:
            self.changed = seq
        return changed

    def place(self, camera_id: str, frame_index: int) -> Place | None:
        """Where a frame's record lies; None when it has no inspection."""
        frames = self.cameras.get(camera_id)
        return None if frames is None else frames.place(frame_index)

    def _take(self, message: CoilRecord, seq: int) -> bool:
        match message:
            case Inspection():
                return self._inspect(message, seq - self.born)
            case DefectEvent():
                return self._place(message, seq - self.born)
            case CoilStarted():
                return self._start(message)
            case CoilEnded():
                return self._end(message)
            case CoilReport():
                return self._note_report(message, seq)
            case _:
                if not self.alarms.take(message):
                    return False
                self.alarms_changed = self.marks_changed = seq
                return True

    # --- frames ---

    def _inspect(self, message: Inspection, tick: int) -> bool:
        changed = self._note_times(message)
        frames = self._frames(message.camera_id, message.frame_index)
        if frames is None:
            return self._overflow() or changed
        booked = frames.inspect(message, tick)
        if booked is Booked.FRAME and frames.event(message.frame_index) is not None:
            self._settle(frames, message.frame_index, tick)
        return changed or booked is not Booked.NOTHING

    def _note_times(self, message: Inspection) -> bool:
        at_ns, deadline_at_ns = message.inspected_at_ns, message.deadline_at_ns or 0
        changed = False
        if self.last_inspected_at_ns is None or at_ns > self.last_inspected_at_ns:
            self.last_inspected_at_ns, changed = at_ns, True
        if deadline_at_ns > self.latest_deadline_at_ns:
            self.latest_deadline_at_ns, changed = deadline_at_ns, True
        return changed

    def _frames(self, camera_id: str, frame_index: int) -> CameraFrames | None:
        """Of the frame's camera, when there is room for the frame."""
        frames = self._camera(camera_id)
        if frames is not None and frame_index < frames.room:
            return frames
        others = sum(each.room for each in self.cameras.values() if each is not frames)
        fits = frames is not None and others + frames.room_for(frame_index) <= MOST_FRAMES
        return frames if fits else None

    def _overflow(self) -> bool:
        """Something is left out; whether that is new."""
        before, self.overfull = self.overfull, True
        return not before

    def _camera(self, camera_id: str) -> CameraFrames | None:
        frames = self.cameras.get(camera_id)
        if frames is None and len(self.cameras) < MOST_CAMERAS:
            frames = self.cameras[camera_id] = CameraFrames()
        return frames

    # --- defect events ---

    def _place(self, message: DefectEvent, tick: int) -> bool:
        changed = self._note_names(message)
        frames = self._frames(message.camera_id, message.frame_index)
        if frames is None:
            return self._overflow() or changed
        changed = self._note_geometry(message) or changed
        return self._keep(message, frames, tick) or changed

    def _note_names(self, message: DefectEvent) -> bool:
        """Of two bundles' names for one class the first in the alphabet: their order must not matter."""
        changed = False
        for region in message.regions:
            name, known = region.class_name[:_LONGEST_NAME], self.class_names.get(region.class_id)
            if known is None or name < known:
                self.class_names[region.class_id], changed = name, True
        return changed

    def _note_geometry(self, message: DefectEvent) -> bool:
        said, known = geometry_of(message), self.geometries.get(message.camera_id)
        if known is not None and known >= said:
            return False
        self.geometries[message.camera_id] = said
        return True

    def _keep(self, message: DefectEvent, frames: CameraFrames, tick: int) -> bool:
        """Keep the event's regions if they count or still may: of one record the later event."""
        index, place = message.frame_index, place_of(message.source)
        counting, first = frames.place(index), frames.event(index)
        if counting is not None and counting < place:
            return False
        chain = list(self.events.chain(first))
        same = next((event for event in chain if self.events.place(event) == place), None)
        rows = rows_of(message)
        if same is not None and not self.events.is_older(same, message, rows):
            return False
        if not self._has_room_for(len(rows), len(chain)):
            return self._overflow()
        if same is not None:
            first = self.events.unlink(first, same)
            self.events.show(same, False, tick)
        number = list(self.cameras).index(message.camera_id)
        frames.set_event(index, self.events.append(message, number, rows, first))
        self._settle(frames, index, tick)
        return True

    def _has_room_for(self, regions: int, events_of_the_frame: int) -> bool:
        return (
            self.events.regions + regions <= MOST_REGIONS
            and len(self.events) < MOST_REGIONS
            and events_of_the_frame < MOST_EVENTS_OF_A_FRAME
        )

    def _settle(self, frames: CameraFrames, index: int, tick: int) -> None:
        """Show the event that counts: its record's inspection does, or the first while there is none."""
        chain = list(self.events.chain(frames.event(index)))
        counting = frames.place(index) or min(self.events.place(event) for event in chain)
        defective = frames.fate(index) in (None, Fate.DEFECTIVE)
        for event in chain:
            self.events.show(event, defective and self.events.place(event) == counting, tick)

    # --- what is said of the coil as a whole ---

    def _start(self, message: CoilStarted) -> bool:
        if self.started is not None and _start_rank(self.started) <= _start_rank(message):
            return False
        self.started = message
        return True

    def _end(self, message: CoilEnded) -> bool:
        if self.ended is not None and _end_rank(self.ended) >= _end_rank(message):
            return False
        self.ended = message
        return True

    def _note_report(self, message: CoilReport, seq: int) -> bool:
        slim = message.model_copy(update={"defects": ()})
        if self.report is not None and _report_rank(self.report) >= _report_rank(slim):
            return False
        self.report = slim
        self.report_changed = self.marks_changed = seq
        return True


def _time_of(message: CoilRecord) -> int:
    match message:
        case Inspection():
            return message.inspected_at_ns if message.exposed_at_ns is None else message.exposed_at_ns
        case DefectEvent():
            return message.exposed_at_ns
        case CoilStarted() | CoilReport():
            return message.started_at_ns
        case CoilEnded():
            return message.ended_at_ns
        case _:
            return message.raised_at_ns


def _start_rank(start: CoilStarted) -> tuple[int, str]:
    return start.started_at_ns, start.model_dump_json()


def _end_rank(end: CoilEnded) -> tuple[int, int, str]:
    return end.ended_at_ns, sum(end.frames_by_camera.values()), end.model_dump_json()


def _report_rank(report: CoilReport) -> tuple[int, int, str]:
    return report.report_version, report.reported_at_ns, report.model_dump_json()
