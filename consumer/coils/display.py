"""What the tracker shows of itself: the metrics of its coils, and a log line a report."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Sequence
from math import nan

from consumer.coils.book import CoilBook
from consumer.coils.forecast import Rate, forecast
from consumer.coils.ledger.state import CoilState
from contracts.alarms import Alarm
from contracts.reports import Closing, CoilReport
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
        self._newest_ns: dict[str, int] = {}
        """The newest start that was shown, by line."""

    def took(self, inspections: int, now_s: float) -> None:
        """So many inspections came just now."""
        self._rate.count(now_s, inspections)

    def told(self, report: CoilReport) -> None:
        """A report was committed."""
        line = self._metrics.line(report.line_id)
        timing = "in_time" if report.in_time else "late"
        line.reports[report.verdict, str(report.closed_because), timing].inc()
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
            line.first_verdicts[_outcome(report)].inc()
            self._metrics.report_slack_seconds.observe(report.slack_s)
            if report.ended_at_ns is not None:
                self._metrics.report_seconds.observe((report.reported_at_ns - report.ended_at_ns) / 1e9)

    def alarmed(self, alarms: Iterable[Alarm]) -> None:
        """These were committed."""
        for alarm in alarms:
            self._metrics.line(alarm.line_id).alarms[alarm.kind, alarm.state].inc()

    def show(self, book: CoilBook, told_coils: int, now_s: float, now_ns: int) -> None:
        """How the coils stand, when that was not shown lately."""
        if now_s - self._showed_s < SHOW_EACH_S:
            return
        self._showed_s = now_s
        still_open = [coil.state for coil in book if not coil.settling]
        rate = self._rate.per_s(now_s)
        self._metrics.settling_coils.set(len(book) - len(still_open))
        self._metrics.rate.set(rate)
        self._metrics.held_back.set(book.held_back())
        self._metrics.told_coils.set(told_coils)
        self._show_lines(still_open, rate, now_ns)

    def _show_lines(self, still_open: Sequence[CoilState], rate: float, now_ns: int) -> None:
        """Also those on which no coil is open any more."""
        ahead = forecast(still_open, rate, now_ns, self._line_of)
        opened = Counter(map(self._line_of, still_open))
        running = Counter(self._line_of(state) for state in still_open if _runs(state))
        for state in still_open:
            self._started(state, now_ns)
        for label, line in self._metrics.lines.items():
            line.open_coils.set(opened[label])
            line.running_coils.set(running[label])
            line.verdict_predicted_seconds.set(ahead[label].verdict_s if label in ahead else 0.0)
            line.slack_predicted_seconds.set(ahead[label].slack_s if label in ahead else nan)

    def _line_of(self, state: CoilState) -> str:
        return self._metrics.line_label(state.line_id)

    def _started(self, state: CoilState, now_ns: int) -> None:
        """Show a line's newest start; one that lies ahead of our clock is shown when its time has come."""
        label, started = self._line_of(state), state.started
        if started is not None and self._newest_ns.get(label, 0) < started.started_at_ns <= now_ns:
            self._newest_ns[label] = started.started_at_ns
            self._metrics.lines[label].last_started.set(started.started_at_ns / 1e9)


def _runs(state: CoilState) -> bool:
    return state.started is not None and state.ended is None


def _outcome(report: CoilReport) -> str:
    """One of `FIRST_VERDICT`."""
    if not report.in_time:
        return "late"
    return "incomplete" if report.closed_because is Closing.DEADLINE else "in_time"
