"""All that is known of one coil while it is open. Pure: no Kafka and no clock.

What it says is a function of the set of records that were added, not of their order, and adding one again
changes nothing: state that is rebuilt from the topics is the state that was lost.
"""

from __future__ import annotations

from collections.abc import Mapping

from consumer.coils.facts import Defect, Sighting
from consumer.coils.ledger.frames import LedgerBroken, Outcome
from consumer.coils.ledger.lines import LineBook
from consumer.coils.ledger.notes import notes
from consumer.coils.merging.merge import merge
from contracts.coils import DEFAULT_BUDGET_S, CoilEnded, CoilStarted
from contracts.identity import MAX_TIME_NS
from contracts.reports import CameraLedger
from contracts.results import DefectEvent, Fate, Inspection

__all__ = ["CoilRecord", "CoilState", "LedgerBroken", "Outcome"]

CoilRecord = Inspection | DefectEvent | CoilStarted | CoilEnded

LONGEST_BUDGET_NS = 86_400 * 1_000_000_000
"""The contract's longest budget: a header's deadline further off than that is absurd."""

LEAST_MM = 1e-3
"""A strip smaller than that is of unknown size."""


class CoilState:
    """A coil by its id. Of two lines under one id, the one that started it (first) has the coil."""

    def __init__(self, coil_id: str) -> None:
        self.coil_id = coil_id
        self._starts: list[CoilStarted] = []
        self._lines: dict[str, LineBook] = {}
        self._book: LineBook | None = None
        self._first_seen_at_ns: int | None = None
        self._last_seen_at_ns = 0

    def add(self, message: CoilRecord, *, seen_at_ns: int) -> Outcome:
        """Take in a record of this coil; `seen_at_ns` is its timestamp in Kafka.

        Raises ValueError when it is another coil's.
        """
        if message.coil_id != self.coil_id:
            raise ValueError(f"a record of coil {message.coil_id} was added to coil {self.coil_id}")
        if seen_at_ns > self._last_seen_at_ns:
            self._last_seen_at_ns = seen_at_ns
        if self._first_seen_at_ns is None or seen_at_ns < self._first_seen_at_ns:
            self._first_seen_at_ns = seen_at_ns
        book = self._lines.get(message.line_id)
        if book is None:
            book = self._open(message.line_id)
        if isinstance(message, Inspection):
            return book.inspect(message)
        if isinstance(message, DefectEvent):
            return book.place(message)
        outcome = self._start(message) if isinstance(message, CoilStarted) else book.end(message)
        self._settle_line()
        return outcome

    @property
    def line_id(self) -> str:
        """Whose coil it is: its start's line; before that the one that ended it, or sent most frames."""
        return self._its_book.line_id

    @property
    def started(self) -> CoilStarted | None:
        """Of contradicting starts the earlier."""
        return self._starts[0] if self._starts else None

    @property
    def ended(self) -> CoilEnded | None:
        """Of contradicting ends the later."""
        return self._its_book.ended

    @property
    def started_at_ns(self) -> int:
        """By its start; else its first exposure; else when it was first heard of."""
        if self._starts:
            return self._starts[0].started_at_ns
        exposed = self._its_book.first_exposed_at_ns
        return self.first_seen_at_ns if exposed is None else exposed

    @property
    def deadline_at_ns(self) -> int:
        """By its start; else the latest in a frame's header, within a day; else 300 s after first seen."""
        return min(self._deadline_at_ns(), MAX_TIME_NS)

    @property
    def first_seen_at_ns(self) -> int:
        """Timestamp of the earliest record."""
        return self._first_seen_at_ns or 0

    @property
    def last_seen_at_ns(self) -> int:
        """Timestamp of the latest record."""
        return self._last_seen_at_ns

    @property
    def received(self) -> int:
        """Distinct frames that have an inspection."""
        return self._its_book.distinct

    @property
    def outstanding(self) -> int | None:
        """Frames and defect events still to come; None while nobody said how many frames there are."""
        book = self._its_book
        return book.outstanding if book.ends else None

    @property
    def unsegmented(self) -> int:
        """Frames that wait to be segmented."""
        return self._its_book.unsegmented

    @property
    def whole(self) -> bool:
        """Start, end, every announced frame and every defect event are there, and no frame is unsegmented."""
        book = self._its_book
        return bool(self._starts) and bool(book.ends) and book.outstanding == 0 and book.unsegmented == 0

    @property
    def complete(self) -> bool:
        """The end is known, and every announced frame has its inspection, of whatever fate."""
        book = self._its_book
        return bool(book.ends) and not any(camera.missing for camera in book.cameras.values())

    @property
    def class_names(self) -> Mapping[int, str]:
        """class_id -> name, of the classes that were seen."""
        return self._its_book.class_names

    @property
    def bundles(self) -> tuple[str, ...]:
        """Model bundles that inspected its frames."""
        return tuple(sorted(self._its_book.bundles))

    @property
    def length_mm(self) -> float:
        """By its end; else as far as defective frames reach. 0 when neither is known."""
        ended = self._its_book.ended
        return _size((0.0 if ended is None else ended.length_mm) or self._its_book.reach_along_mm)

    @property
    def width_mm(self) -> float:
        """By its start; else as far as defective frames reach. 0 when neither is known."""
        width_mm = self._starts[0].width_mm if self._starts else None
        return _size(width_mm or self._its_book.reach_across_mm)

    def ledger(self) -> dict[str, CameraLedger]:
        """Of every camera that line control named or that has frames. Raises LedgerBroken: a bug of ours."""
        return self._its_book.ledger(self._starts[0].cameras if self._starts else ())

    def defects(self) -> list[Defect]:
        """All defects, merged; about 1 s for 200,000 regions."""
        books = self._its_book.cameras.values()
        return merge((frame for book in books for frame in book.counting_regions()), self.class_names)

    def fates(self) -> dict[str, dict[int, Fate]]:
        """What became of every frame that has an inspection, by camera and index."""
        return {camera_id: dict(book.fates()) for camera_id, book in sorted(self._its_book.cameras.items())}

    def take_sightings(self) -> list[Sighting]:
        """Regions that are new since the last call."""
        return self._its_book.take_sightings()

    def sightings(self) -> list[Sighting]:
        """All regions that count, for the search of the whole coil; in no certain order."""
        return self._its_book.sightings()

    def notes(self) -> tuple[str, ...]:
        """What was odd; each keeps the coil from being released."""
        book = self._its_book
        return notes(self._starts, book, [other for other in self._lines.values() if other is not book])

    @property
    def _its_book(self) -> LineBook:
        return self._book or self._whose()

    def _deadline_at_ns(self) -> int:
        if self._starts:
            return self._starts[0].deadline_at_ns
        latest = self._its_book.latest_deadline_at_ns
        if latest is None:
            return self.first_seen_at_ns + round(DEFAULT_BUDGET_S * 1e9)
        return min(latest, self.first_seen_at_ns + LONGEST_BUDGET_NS)

    def _open(self, line_id: str) -> LineBook:
        book = self._lines[line_id] = LineBook(line_id)
        self._settle_line()
        return book

    def _settle_line(self) -> None:
        """Remember whose coil it is, unless two lines sent frames and none the start: then more may come."""
        self._book = self._whose() if self._starts or len(self._lines) == 1 else None

    def _whose(self) -> LineBook:
        if self._starts:
            return self._lines[self._starts[0].line_id]
        return max(self._lines.values(), key=_claim, default=LineBook("unknown"))

    def _start(self, message: CoilStarted) -> Outcome:
        if message in self._starts:
            return Outcome.REPEATED
        self._starts = sorted([*self._starts, message], key=_start_rank)
        return Outcome.CONTRADICTING if len(self._starts) > 1 else Outcome.NEW


def _size(found_mm: float) -> float:
    """The contract allows a strip of 5e-324 mm, by which nothing can be divided."""
    return found_mm if found_mm >= LEAST_MM else 0.0


def _start_rank(start: CoilStarted) -> tuple[int, str]:
    return start.started_at_ns, start.model_dump_json()


def _claim(book: LineBook) -> tuple[int, int, str]:
    """How good a line's claim to a coil is that nobody started."""
    return -1 if book.ended is None else book.ended.ended_at_ns, book.distinct, book.line_id
