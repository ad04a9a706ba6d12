"""A dashboard's queries asked, panel by panel."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from monitoring.preview.panel import Panel, series_name
from monitoring.preview.prometheus import Series, Window
from monitoring.preview.queries import PanelQuery, fill

SCRAPE_S = 5.0
INSTANT = frozenset({"table", "stat", "bargauge"})
_SECONDS = {"s": 1, "m": 60, "h": 3600}


class Asked(Protocol):
    """A Prometheus, or what stands for it in a test."""

    def over(self, expr: str, window: Window) -> list[Series]:
        """The expression over a while."""
        ...

    def once(self, expr: str, at_s: float) -> list[Series]:
        """The expression at one time."""
        ...


@dataclass(frozen=True, slots=True)
class Answer:
    """One series of one query, under the name that its legend gives it."""

    query: PanelQuery
    name: str
    labels: dict[str, str]
    times: tuple[float, ...]
    values: tuple[float, ...]
    step_s: float

    @property
    def empty(self) -> bool:
        """Whether there is no number in it."""
        return all(math.isnan(value) for value in self.values)


def answers(panel: Panel, prometheus: Asked, window: Window) -> list[Answer]:
    """What every query of the panel returns, in the queries' order."""
    return [one for query in panel.queries for one in asked(query, prometheus, window)]


def asked(query: PanelQuery, prometheus: Asked, window: Window) -> list[Answer]:
    """One query's series; where its panel shows values of now only, one value each."""
    mine = window.with_step(seconds(query.step) if query.step else window.step_s)
    # Grafana's rule: a step and a scrape more, and at least four scrapes.
    rate_s = max(mine.step_s + SCRAPE_S, 4 * SCRAPE_S)
    range_s = window.end_s - window.start_s
    expr = fill(query.expr, f"{rate_s:.0f}s", f"{range_s:.0f}s", f"{mine.step_s:.0f}s")
    if query.kind in INSTANT:
        found: Sequence[Series] = prometheus.once(expr, window.end_s)
        times: tuple[float, ...] = (window.end_s,)
    else:
        found, times = prometheus.over(expr, mine), tuple(mine.times())
    return [
        Answer(query, series_name(query.legend, one.labels), dict(one.labels), times, one.values, mine.step_s)
        for one in found
    ]


def seconds(duration: str) -> float:
    """`15s`, `1m`."""
    return float(duration[:-1]) * _SECONDS[duration[-1]]
