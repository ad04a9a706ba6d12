"""What one line says under a coil's id: its cameras' frames, and how it ended."""

from __future__ import annotations

from collections.abc import Iterable

from consumer.coils.facts import FrameRegions, Sighting
from consumer.coils.ledger.frames import CameraBook, Outcome, Source
from consumer.coils.merging.regions import read_regions, sightings_in
from contracts.coils import CoilEnded
from contracts.reports import CameraLedger
from contracts.results import DefectEvent, Inspection, RecordId

LONGEST_NAME = 80
"""Characters of a class's name that are kept: the contract bounds none, and a report must fit its topic."""


class LineBook:
    """All that one line sent of a coil. Nearly always there is one line, and this is the coil."""

    def __init__(self, line_id: str) -> None:
        self.line_id = line_id
        self.cameras: dict[str, CameraBook] = {}
        self.ends: list[CoilEnded] = []
        """Those that differ, the one that counts last."""
        self.bundles: set[str] = set()
        self.class_names: dict[int, str] = {}
        self.reach_along_mm = 0.0
        self.reach_across_mm = 0.0
        self.latest_deadline_at_ns: int | None = None
        self.first_exposed_at_ns: int | None = None
        self._unseen: list[FrameRegions] = []

    @property
    def ended(self) -> CoilEnded | None:
        """The later end counts; of two at one time the one with more frames."""
        return self.ends[-1] if self.ends else None

    @property
    def distinct(self) -> int:
        """Frames that have an inspection."""
        return sum(book.distinct for book in self.cameras.values())

    @property
    def outstanding(self) -> int:
        """Announced frames, and defect events, that are still to come."""
        return sum(book.missing + book.awaiting_regions for book in self.cameras.values())

    @property
    def unsegmented(self) -> int:
        """Frames that still are to be segmented."""
        return sum(book.unsegmented for book in self.cameras.values())

    def inspect(self, message: Inspection) -> Outcome:
        """Book an inspection; about 3 us."""
        if message.bundle not in self.bundles:
            self.bundles.add(message.bundle)
        deadline, exposed = message.deadline_at_ns, message.exposed_at_ns
        if deadline is not None and deadline > (self.latest_deadline_at_ns or 0):
            self.latest_deadline_at_ns = deadline
        if exposed is not None and (self.first_exposed_at_ns is None or exposed < self.first_exposed_at_ns):
            self.first_exposed_at_ns = exposed
        book = self.cameras.get(message.camera_id) or self.camera(message.camera_id)
        return book.inspect(
            message.frame_index, _place(message.source), message.inspected_at_ns, message.fate
        )

    def place(self, message: DefectEvent) -> Outcome:
        """Book a defect event."""
        frame = read_regions(message)
        self.reach_along_mm = max(self.reach_along_mm, frame.along_max_mm)
        self.reach_across_mm = max(self.reach_across_mm, frame.across_max_mm)
        for region in message.regions:
            self._name(region.class_id, region.class_name)
        book = self.cameras.get(message.camera_id) or self.camera(message.camera_id)
        outcome = book.place(_place(message.source), message.inspected_at_ns, frame)
        if outcome is Outcome.NEW:
            self._unseen.append(frame)
        return outcome

    def end(self, message: CoilEnded) -> Outcome:
        """Book an end; what it announces is held against what came."""
        if message in self.ends:
            return Outcome.REPEATED
        self.ends = sorted([*self.ends, message], key=_end_rank)
        announced = self.ends[-1].frames_by_camera
        for camera_id in announced.keys() | self.cameras.keys():
            self.camera(camera_id).announce(announced.get(camera_id, 0))
        return Outcome.CONTRADICTING if len(self.ends) > 1 else Outcome.NEW

    def camera(self, camera_id: str) -> CameraBook:
        """A camera's book, opened where there is none yet."""
        book = self.cameras.get(camera_id)
        if book is None:
            book = self.cameras[camera_id] = CameraBook()
            if self.ends:
                book.announce(self.ends[-1].frames_by_camera.get(camera_id, 0))
        return book

    def ledger(self, named: Iterable[str]) -> dict[str, CameraLedger]:
        """Of the cameras that the end names, of those in `named` (the start's), and of all that have frames.

        Not of those that only a contradicted end named: it may have come first or last.
        """
        announced = set() if self.ended is None else self.ended.frames_by_camera.keys()
        seen = {camera_id for camera_id, book in self.cameras.items() if book.distinct}
        return {
            camera_id: self.cameras.get(camera_id, CameraBook()).ledger()
            for camera_id in sorted({*announced, *named, *seen})
        }

    def take_sightings(self) -> list[Sighting]:
        """Regions that are new since the last call, but for those that go through their whole frame.

        A scratch over many frames shows in each of them, so it would return at every frame's length.
        """
        unseen, self._unseen = self._unseen, []
        return [sighting for frame in unseen for sighting in sightings_in(frame, through=False)]

    def sightings(self) -> list[Sighting]:
        """All regions that count, in no certain order."""
        frames = (frame for book in self.cameras.values() for frame in book.counting_regions())
        return [sighting for frame in frames for sighting in sightings_in(frame)]

    def _name(self, class_id: int, class_name: str) -> None:
        """Of two bundles' names for one class the first in the alphabet: their order must not matter."""
        name = class_name[:LONGEST_NAME]
        self.class_names[class_id] = min(name, self.class_names.get(class_id, name))


def _place(source: RecordId) -> Source:
    return source.partition, source.offset, source.topic


def _end_rank(end: CoilEnded) -> tuple[int, int, str]:
    return end.ended_at_ns, sum(end.frames_by_camera.values()), end.model_dump_json()
