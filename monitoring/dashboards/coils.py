"""The coils: what they got, why they were closed, and what repeats on them."""

from __future__ import annotations

from grafana_foundation_sdk.builders import timeseries
from grafana_foundation_sdk.models import dashboard as model

from monitoring.catalogue import DEADLINE_EDGE_S
from monitoring.dashboards import looks
from monitoring.dashboards.finish import logarithmic, painted, steps, with_limit
from monitoring.dashboards.looks import Look, Looks
from monitoring.dashboards.panels import Ask, Saying, bars, lines, place
from monitoring.dashboards.promql import OVER, increase, quantile, series
from monitoring.dashboards.surroundings import dashboard
from monitoring.metric import Metric
from monitoring.tracker_catalogue import (
    ALARMS,
    FIRST_VERDICTS,
    MARK_SEARCH_SECONDS,
    OPEN_COILS,
    REPORT_SECONDS,
    REPORTS,
    SETTLING_COILS,
)

UID = "coilwatch-coils"
BAR = "1m"
"""The least time that a bar counts: coils come every minute or so."""
COILS_SEEN_IN = "15m"
"""A quantile needs some coils: this long is looked back."""
PERCENTILES: Looks = {"p50": Look("half of them", looks.SKY), "p95": Look("95 in 100", looks.BLUE)}
SHARES = {"p50": 0.5, "p95": 0.95}


def coils() -> model.Dashboard:
    """The dashboard of verdicts and alarms."""
    return dashboard(
        UID,
        "What did the coils get, why, and what repeats on them?",
        [
            _verdicts(),
            _first_verdicts(),
            _closings(),
            _alarms(),
            _time_to_verdict(),
            _not_final(),
            _mark_search(),
        ],
    )


def _verdicts() -> timeseries.Panel:
    say = Saying(
        title="Which verdicts did the coils get?",
        description=(
            "Reports in each bar's time, by verdict; a coil whose late frames change its report counts "
            "again. Moved by coils that are closed. Many on hold: frames are missing or could not be read, "
            "or defects are in between. Many rejects: look at the defects by class on the Line dashboard, "
            "and at marks here."
        ),
        unit="suffix:reports",
        at=place(0, 0, 12, 8),
    )
    return _counted(say, REPORTS, "verdict", looks.VERDICTS)


def _first_verdicts() -> timeseries.Panel:
    say = Saying(
        title="Did each coil get its verdict in time?",
        description=(
            "Each coil once, in the bar in which its first verdict came: in time with all frames; in time, "
            "but closed by its deadline with frames still on their way; or late. Only the first counts for "
            "the objective of 99 %. Red or orange: see VerdictBudgetBurnsFast in the runbook."
        ),
        unit="suffix:coils",
        at=place(12, 0, 12, 8),
    )
    return _counted(say, FIRST_VERDICTS, "outcome", looks.FIRST_VERDICTS)


def _closings() -> timeseries.Panel:
    say = Saying(
        title="Why was each coil closed?",
        description=(
            "Reports in each bar's time, by what closed the coil. All frames in is the normal reason. No "
            "more frames came: some are missing, look at cameras and network. Its deadline came: the workers "
            "were too slow. Nothing came for too long, or never announced: line control did not say where a "
            "coil starts or ends."
        ),
        unit="suffix:reports",
        at=place(0, 8, 12, 8),
    )
    return _counted(say, REPORTS, "closed_because", looks.CLOSINGS)


def _alarms() -> timeseries.Panel:
    say = Saying(
        title="Which alarms were raised?",
        description=(
            "Alarms raised in each bar's time, by kind. A roll mark: the same defect at a constant distance, "
            "and the roll that fits is in the alarm: look at that roll. A lane: defects at one place across "
            "the strip, coil after coil. Deadline at risk: see the home dashboard. Frames missing: cameras "
            "or network."
        ),
        unit="suffix:alarms",
        at=place(12, 8, 12, 8),
    )
    return _counted(say, ALARMS, "kind", looks.ALARMS, state="raised")


def _time_to_verdict() -> timeseries.Panel:
    say = Saying(
        title="How long after its end does a coil get its verdict?",
        description=(
            "From a coil's end to its first report, of the coils of the last 15 minutes, all lines. The "
            "dashed line is 300 s, the whole budget from a coil's start. It grows with the workers' lag, and "
            "by the time to settle when frames are missing. A gap: no coil was closed."
        ),
        unit="s",
        at=place(0, 16, 8, 8),
    )
    panel = painted(lines(say, _quantiles(REPORT_SECONDS, COILS_SEEN_IN)), PERCENTILES)
    return logarithmic(with_limit(panel, steps("transparent", (DEADLINE_EDGE_S, looks.BAD))), 0.1, 600)


def _not_final() -> timeseries.Panel:
    say = Saying(
        title="How many coils are not final yet?",
        description=(
            "Open: no report yet, of the lines that are chosen. Settling: reported without all of its "
            "frames, and another version may follow until it is too late for them; of all lines. Open that "
            "only grows: the tracker or the workers are stuck. Settling that stays: frames are missing."
        ),
        unit="suffix:coils",
        at=place(8, 16, 8, 8),
    )
    named = {"open": Look("open", looks.BLUE), "settling": Look("settling", looks.ORANGE)}
    asks = [
        Ask(expr=f"sum ({series(OPEN_COILS)})", legend="open"),
        Ask(expr=f"sum ({series(SETTLING_COILS)})", legend="settling"),
    ]
    return painted(lines(say, asks), named).min(0).decimals(0).axis_soft_max(2)


def _mark_search() -> timeseries.Panel:
    say = Saying(
        title="How long does a look for roll marks take?",
        description=(
            "Each running coil is looked at for marks once a second at most. It grows with the number of "
            "regions on the coil. Near a second: the tracker has little time left for anything else, and "
            "marks are said later."
        ),
        unit="s",
        at=place(16, 16, 8, 8),
    )
    panel = painted(lines(say, _quantiles(MARK_SEARCH_SECONDS, OVER)), PERCENTILES)
    return with_limit(panel, steps("transparent", (1.0, looks.SOON))).min(0)


def _counted(say: Saying, metric: Metric, by: str, named: Looks, *, state: str = "") -> timeseries.Panel:
    counted = increase(metric, by, state=state) if state else increase(metric, by)
    # Whole coils: a rate over a little more than the bar reads a few per cent high.
    ask = Ask(expr=f"round({counted})", legend=f"{{{{{by}}}}}", step=BAR)
    return painted(bars(say, [ask]), named).decimals(0).axis_soft_max(1)


def _quantiles(metric: Metric, over: str) -> list[Ask]:
    return [Ask(expr=quantile(share, metric, over), legend=name) for name, share in SHARES.items()]
