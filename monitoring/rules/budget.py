"""The coil's deadline as a service level objective, and how fast its budget burns.

The objective: over 30 days, 99 % of a line's coils have their first verdict in time and of the whole coil
(`in_time`). Late ones and incomplete ones (`incomplete`: the deadline came before the last frames) miss it.
Windows and factors are those of the Google SRE Workbook, chapter 5, "Alerting on SLOs": a burn rate of 14.4
spends 2 % of the month's budget in an hour, 6 spends 5 % in six hours, 1 spends 10 % in three days; the short
window ends the alert soon after its cause.

Low traffic. The same chapter says what is different with few events, and coils are few: at 20 a day the
budget is 6 coils a month, at 300 a day 90. One missed coil of 20 a day is 17 % of the month's budget and all
of its hour, so by the shares alone it would page. Of the chapter's ways out we cannot make artificial coils,
nor join lines that other people run; so a page also asks for two missed coils in its long window:

    20 a day    the first missed coil is a ticket for some hours, two within six hours are a page
    300 a day   two within one hour (16 % of 12.5) are a page, and five within six hours (6.7 % of 75)

When coils are that few, the alert says that several missed, not that a trend was measured. The page that
comes before a coil is late is DeadlineAtRisk.
"""

from __future__ import annotations

from dataclasses import dataclass

from monitoring.catalogue import LINE
from monitoring.rules.promql import increase, over_all, series, share, where_not
from monitoring.rules.rule import Alert, Condition, Record, Severity
from monitoring.tracker_catalogue import FIRST_VERDICT, FIRST_VERDICTS

OBJECTIVE = 0.99
WINDOW_DAYS = 30
MISSED_COILS = 1.5
"""More than this is two: `increase` reads slightly more or less than a whole number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BurnRate:
    """A pair of windows in which the budget may not burn faster than `factor` times its even rate."""

    factor: float
    long: str
    short: str


FAST = (BurnRate(factor=14.4, long="1h", short="5m"), BurnRate(factor=6, long="6h", short="30m"))
SLOW = (BurnRate(factor=3, long="1d", short="2h"), BurnRate(factor=1, long="3d", short="6h"))


def _missed_coils(window: str) -> str:
    missed = series(FIRST_VERDICTS, where_not(FIRST_VERDICT, "in_time"))
    return over_all("sum", increase(missed, window), by=(LINE,))


def _missed_share(window: str) -> Record:
    return Record(
        name=f"coilwatch:first_verdicts_missed:share_{window}",
        says=f"Share of the coils of the last {window} whose first verdict was late or incomplete",
        expr=share(
            _missed_coils(window),
            over_all("sum", increase(series(FIRST_VERDICTS), window), by=(LINE,)),
        ),
    )


MISSED = {window: _missed_share(window) for rate in (*FAST, *SLOW) for window in (rate.short, rate.long)}
"""By window."""


def _burns(rate: BurnRate) -> tuple[Condition, ...]:
    threshold = rate.factor * (1 - OBJECTIVE)
    return (
        Condition(measure=MISSED[rate.long].name, op=">", threshold=threshold),
        Condition(measure=MISSED[rate.short].name, op=">", threshold=threshold, on=(LINE,)),
    )


def _alert(
    name: str, severity: Severity, rate: BurnRate, conditions: tuple[Condition, ...], summary: str
) -> Alert:
    return Alert(
        name=name,
        conditions=conditions,
        for_s=0,
        severity=severity,
        labels={"window": rate.long},
        summary=summary,
        description=(
            "{{ $value | humanizePercentage }} of the coils of {{ $labels.line }} in the last "
            f"{rate.long} had no whole verdict in time. If that goes on, the {WINDOW_DAYS} days' budget of "
            f"{1 - OBJECTIVE:.0%} lasts less than {WINDOW_DAYS / rate.factor:.3g} days."
        ),
    )


def _page(rate: BurnRate) -> Alert:
    at_least_two = Condition(measure=_missed_coils(rate.long), op=">", threshold=MISSED_COILS, on=(LINE,))
    return _alert(
        "VerdictBudgetBurnsFast",
        "page",
        rate,
        (*_burns(rate), at_least_two),
        "Coil after coil of {{ $labels.line }} misses its deadline: find the slow stage on the latency "
        "dashboard, add a worker or slow the line.",
    )


def _ticket(rate: BurnRate) -> Alert:
    return _alert(
        "VerdictBudgetBurnsSlowly",
        "ticket",
        rate,
        _burns(rate),
        "{{ $labels.line }} misses more deadlines than its budget allows: read why in the tracker's log, "
        "then plan more capacity.",
    )


BUDGET_ALERTS: tuple[Alert, ...] = (*map(_page, FAST), *map(_ticket, SLOW))
