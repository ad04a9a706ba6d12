"""The history, and reports as files."""

from __future__ import annotations

import asyncio
from typing import Protocol

from contracts.reports import CoilReport, Verdict
from station.feed.records import Gone, NotInTime
from station.history.cursor import BadCursor
from station.history.exports import report_csv, report_json
from station.history.history import History
from station.history.summary import CoilSummary
from station.web import wire
from station.web.refusals import Fault, PartRefused


class Stored(Protocol):
    """What is used of `ReportStore`."""

    def report(self, coil_id: str) -> CoilReport | Gone:
        """Raises NotInTime."""


class Past:
    """What is kept, and what the topic still has."""

    def __init__(self, history: History, stored: Stored) -> None:
        self._history = history
        self._stored = stored

    def page(
        self, query: str, verdict: Verdict | None, line: str | None, before: str | None, limit: int
    ) -> wire.CoilPage:
        """Newest first."""
        try:
            page = self._history.page(query, verdict, line, before, limit)
        except BadCursor as bad:
            raise PartRefused(Fault.MALFORMED, str(bad).capitalize()) from None
        names = {each.class_id: each.class_name for coil in page.coils for each in coil.classes}
        return wire.CoilPage(coils=[_summary(coil) for coil in page.coils], before=page.before, classes=names)

    def trend(self, line: str | None, last: int) -> wire.Trend:
        """Defects per 100 m by class."""
        trend = self._history.trend(line, last)
        return wire.Trend(
            coil_id=list(trend.coil_ids),
            started_at_ns=[str(at_ns) for at_ns in trend.started_at_ns],
            verdict=list(trend.verdicts),
            length_mm=list(trend.length_mm),
            per_100_m={each.class_id: list(each.per_100_m) for each in trend.classes},
            classes={each.class_id: each.class_name for each in trend.classes},
        )

    async def report(self, coil_id: str) -> CoilReport | None:
        """As it is kept, else as it lies in the topic."""
        kept = self._history.report(coil_id)
        if kept is not None or self._history.coil(coil_id) is None:
            return kept
        try:
            found = await asyncio.to_thread(self._stored.report, coil_id)
        except NotInTime as late:
            raise PartRefused(Fault.AWAY, "Kafka did not give the report in time; try again") from late
        if isinstance(found, Gone):
            raise PartRefused(Fault.GONE, f"The report can't be had any more: {found.why}")
        return found


class Files:
    """A report for people outside the page."""

    def json(self, report: CoilReport) -> str:
        """All of it."""
        return report_json(report)

    def csv(self, report: CoilReport) -> str:
        """Its defects as rows."""
        return report_csv(report)

    def pdf(self, report: CoilReport) -> bytes:
        """One page."""
        from station.history.sheet.page import report_pdf  # matplotlib is 45 MB that few stations ever need

        return report_pdf(report)


def _summary(coil: CoilSummary) -> wire.CoilSummary:
    return wire.CoilSummary(
        coil_id=coil.coil_id,
        line_id=coil.line_id,
        report_version=coil.report_version,
        verdict=coil.verdict,
        complete=coil.complete,
        in_time=coil.in_time,
        slack_s=coil.slack_s,
        late_by_s=coil.late_by_s,
        started_at_ns=str(coil.started_at_ns),
        ended_at_ns=None if coil.ended_at_ns is None else str(coil.ended_at_ns),
        deadline_at_ns=str(coil.deadline_at_ns),
        reported_at_ns=str(coil.reported_at_ns),
        length_mm=coil.length_mm,
        frames=coil.frames,
        missing=coil.missing,
        defects=coil.defects,
        defects_by_class={each.class_id: each.defects for each in coil.classes},
        marks=coil.marks,
        rules_fired=list(coil.rules_fired),
    )
