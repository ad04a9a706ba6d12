"""All coils that have their verdict, newest first, in bounded memory."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from contracts.reports import CoilReport, Verdict
from station.history.cursor import Cursor
from station.history.packed import BYTES_KEPT, PackedReports
from station.history.summary import CoilSummary, summary_of
from station.history.trend import Trend, trend_of

MOST_A_PAGE = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Some coils, the newest first."""

    coils: tuple[CoilSummary, ...]
    before: str | None
    """Where the next page begins; None: this was the last one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HistorySummary:
    """How the coils turned out."""

    coils: int
    by_verdict: dict[Verdict, int]
    late: int
    incomplete: int
    lines: tuple[str, ...]
    """All that any kept coil is of, whichever line was asked for."""
    class_names: dict[int, str]
    """Of every class on those coils; of two names of a class the newer coil's."""


class History:
    """Keeps the summaries of the newest `coils_kept` coils and the whole reports of the newest few."""

    def __init__(
        self, coils_kept: int = 5000, reports_kept: int = 200, report_bytes_kept: int = BYTES_KEPT
    ) -> None:
        self._coils_kept = coils_kept
        self._by_coil: dict[str, CoilSummary] = {}
        self._order: list[tuple[int, str]] = []
        """The oldest first."""
        self._reports = PackedReports(reports_kept, report_bytes_kept)

    def __len__(self) -> int:
        return len(self._by_coil)

    def take(self, report: CoilReport) -> bool:
        """Keep a report; False when it says nothing new: seen before, an earlier version, or too old."""
        known = self._by_coil.get(report.coil_id)
        summary = summary_of(report)
        if known is not None:
            if summary.version <= known.version:
                return False
            self._forget(known)
        elif len(self._order) >= self._coils_kept and summary.order < self._order[0]:
            return False
        self._by_coil[summary.coil_id] = summary
        insort(self._order, summary.order)
        self._reports.put(summary.order, report)
        while len(self._order) > self._coils_kept:
            self._forget(self._by_coil[self._order[0][1]])
        return True

    def coil(self, coil_id: str) -> CoilSummary | None:
        """None: it has no report, or left to make room."""
        return self._by_coil.get(coil_id)

    def report(self, coil_id: str) -> CoilReport | None:
        """The whole report, if it is kept. Of a coil that `coil` knows it is in the topic all the same."""
        summary = self._by_coil.get(coil_id)
        return None if summary is None else self._reports.get(summary.order)

    def page(
        self,
        query: str = "",
        verdict: Verdict | None = None,
        line: str | None = None,
        before: str | None = None,
        limit: int = 50,
    ) -> Page:
        """Coils whose id contains `query`, in whatever case. New coils do not move the pages that follow.

        `before`: of the page before this one. Raises BadCursor.
        """
        end = len(self._order) if before is None else bisect_left(self._order, Cursor.read(before).order)
        wanted = min(max(limit, 1), MOST_A_PAGE)
        found: list[CoilSummary] = []
        for coil in self._newest_first(end):
            if not _matches(coil, query.casefold(), verdict, line):
                continue
            if len(found) == wanted:
                return Page(coils=tuple(found), before=Cursor(order=found[-1].order).written())
            found.append(coil)
        return Page(coils=tuple(found), before=None)

    def trend(self, line: str | None = None, last: int = 50) -> Trend:
        """Defects per 100 m by class over the newest coils, of one line or of all, the oldest first."""
        newest: list[CoilSummary] = []
        for coil in self._newest_first():
            if len(newest) >= last:
                break
            if line is None or coil.line_id == line:
                newest.append(coil)
        return trend_of(newest[::-1])

    def summary(self, line: str | None = None) -> HistorySummary:
        """Of all coils, or of one line's."""
        coils = [coil for coil in self._by_coil.values() if line is None or coil.line_id == line]
        verdicts = Counter(coil.verdict for coil in coils)
        return HistorySummary(
            coils=len(coils),
            by_verdict={verdict: verdicts[verdict] for verdict in Verdict},
            late=sum(not coil.in_time for coil in coils),
            incomplete=sum(not coil.complete for coil in coils),
            lines=tuple(sorted({coil.line_id for coil in self._by_coil.values()})),
            class_names=dict(sorted(self._names(line).items())),
        )

    def _names(self, line: str | None) -> dict[int, str]:
        names: dict[int, str] = {}
        for coil in self._newest_first():
            if line is None or coil.line_id == line:
                for each in coil.classes:
                    names.setdefault(each.class_id, each.class_name)
        return names

    def _newest_first(self, end: int | None = None) -> Iterator[CoilSummary]:
        for index in range((len(self._order) if end is None else end) - 1, -1, -1):
            yield self._by_coil[self._order[index][1]]

    def _forget(self, coil: CoilSummary) -> None:
        del self._by_coil[coil.coil_id]
        del self._order[bisect_left(self._order, coil.order)]
        self._reports.drop(coil.order)


def _matches(coil: CoilSummary, query: str, verdict: Verdict | None, line: str | None) -> bool:
    return (
        (verdict is None or coil.verdict is verdict)
        and (line is None or coil.line_id == line)
        and query in coil.coil_id.casefold()
    )
