"""What the tracker shows of itself: the metrics of its coils, and a log line a report."""

from __future__ import annotations

import logging
from collections.abc import Iterable

from consumer.coils.book import CoilBook
from consumer.coils.forecast import Rate, forecast
from contracts.alarms import Alarm
from contracts.reports import CoilReport
from monitoring.tracker_metrics import TrackerMetrics

log = logging.getLogger(__name__)

SHOW_EACH_S = 1.0
"""Between two forecasts: each looks at every open coil."""


class Display:
    """Counts what was committed, and shows how the open coils stand."""

    def __init__(self, metrics: TrackerMetrics) -> None:
        self._metrics = metrics
        self._rate = Rate()
        self._showed_s = float("-inf")

    def took(self, inspections: int, now_s: float) -> None:
        """So many inspections came just now."""
        self._rate.count(now_s, inspections)

    def told(self, report: CoilReport) -> None:
        """A report was committed."""
        timing = "in_time" if report.in_time else "late"
        self._metrics.reports[report.verdict, str(report.closed_because), timing].inc()
        log.info(
            "coil reported",
            extra={
                "coil_id": report.coil_id,
                "line_id": report.line_id,
                "report_version": report.report_version,
                "verdict": report.verdict.value,
                "closed_because": str(report.closed_because),
                "slack_s": round(report.slack_s, 1),
                "late_by_s": round(report.late_by_s, 1),
            },
        )
        if report.report_version == 1:
            self._metrics.report_slack_seconds.observe(report.slack_s)
            if report.ended_at_ns is not None:
                self._metrics.report_seconds.observe((report.reported_at_ns - report.ended_at_ns) / 1e9)

    def alarmed(self, alarms: Iterable[Alarm]) -> None:
        """These were committed."""
        for alarm in alarms:
            self._metrics.alarms[alarm.kind, alarm.state].inc()

    def show(self, book: CoilBook, told_coils: int, now_s: float, now_ns: int) -> None:
        """How the coils stand, when that was not shown lately."""
        if now_s - self._showed_s < SHOW_EACH_S:
            return
        self._showed_s = now_s
        still_open = [coil.state for coil in book if not coil.settling]
        rate = self._rate.per_s(now_s)
        ahead = forecast(still_open, rate, now_ns)
        self._metrics.open_coils.set(len(still_open))
        self._metrics.settling_coils.set(len(book) - len(still_open))
        self._metrics.rate.set(rate)
        self._metrics.verdict_predicted_seconds.set(ahead.verdict_s)
        self._metrics.slack_predicted_seconds.set(float("nan") if ahead.slack_s is None else ahead.slack_s)
        self._metrics.held_back.set(book.held_back())
        self._metrics.told_coils.set(told_coils)
