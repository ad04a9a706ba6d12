"""A coil's full report, read again from the compacted topic when somebody asks for it."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from threading import Lock
from typing import Self

from contracts.codec import MessageRejected, decode
from contracts.reports import CoilReport
from contracts.topics import COIL_REPORTS, topic
from station.feed.fetching import RecordFetcher
from station.feed.frame_store import Fetches
from station.feed.records import Gone

KNOWN_COILS = 5000


class ReportStore:
    """Remembers where reports lie, not what they say. For any thread."""

    def __init__(self, fetcher: Fetches, *, known_coils: int = KNOWN_COILS) -> None:
        self._fetcher = fetcher
        self._known_coils = known_coils
        self._places: OrderedDict[str, tuple[int, int]] = OrderedDict()
        self._lock = Lock()

    @classmethod
    def connect(
        cls, properties: Mapping[str, str], topic_prefix: str = "", *, known_coils: int = KNOWN_COILS
    ) -> Self:
        """A store of a broker's topic of reports."""
        fetcher = RecordFetcher(properties, topic(COIL_REPORTS, topic_prefix))
        return cls(fetcher, known_coils=known_coils)

    def note(self, places: Mapping[str, tuple[int, int]]) -> None:
        """Where reports lie: `FeedBatch.report_places`. The latest to come is the one that counts."""
        with self._lock:
            for coil_id, place in places.items():
                self._places[coil_id] = place
                self._places.move_to_end(coil_id)
            while len(self._places) > self._known_coils:
                self._places.popitem(last=False)

    def report(self, coil_id: str) -> CoilReport | Gone:
        """The latest report of a coil. Waits 3 s at the most. Raises NotInTime, a TimeoutError."""
        with self._lock:
            place = self._places.get(coil_id)
        if place is None:
            return Gone(why="no report of this coil is known")
        found = self._fetcher.fetch(*place)
        if isinstance(found, Gone):
            return found
        try:
            report = decode(found.headers, found.value)
        except MessageRejected as rejected:
            return Gone(why=f"the record is no report: {rejected.detail}")
        if isinstance(report, CoilReport) and report.coil_id == coil_id:
            return report
        return Gone(why="another record lies where the report was")

    def close(self) -> None:
        """Let go."""
        self._fetcher.close()
