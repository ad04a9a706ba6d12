"""A dashboard's picture: its committed JSON, answered by a live Prometheus."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from monitoring.preview.answers import Answer, Asked, answers, asked
from monitoring.preview.curves import draw
from monitoring.preview.figures import draw_gauges, draw_numbers, draw_table
from monitoring.preview.panel import Panel
from monitoring.preview.prometheus import NoAnswer, Window
from monitoring.preview.queries import panel_queries
from monitoring.preview.rows import draw_heatmap, draw_states
from monitoring.preview.sheet import Card, Sheet

DASHBOARDS = Path(__file__).resolve().parents[1] / "grafana" / "dashboards"
NAMES = ("latency", "line", "coils")

OF_NOW = {"table": draw_table, "stat": draw_numbers, "bargauge": draw_gauges}
ALONG_TIME = {"timeseries": draw, "heatmap": draw_heatmap, "state-timeline": draw_states}


def draw_dashboard(name: str, prometheus: Asked, window: Window) -> Sheet:
    """One of NAMES, all of its panels; raises NoAnswer when none has anything to show."""
    dashboard = json.loads((DASHBOARDS / f"{name}.json").read_text(encoding="utf-8"))
    queries = panel_queries(dashboard)
    panels = [
        Panel(one, [query for query in queries if query.panel == one["title"]]) for one in dashboard["panels"]
    ]
    found = [answers(panel, prometheus, window) for panel in panels]
    if all(answer.empty for of_panel in found for answer in of_panel):
        raise NoAnswer(f"Prometheus has no data for {dashboard['title']!r}: is the line watched (`make up`)?")
    changes = sorted(
        value / 1000
        for query in queries
        if query.kind == "annotation"
        for answer in asked(query, prometheus, window)
        for value in set(answer.values)
        if window.start_s <= value / 1000 <= window.end_s
    )
    sheet = Sheet(dashboard["title"], _note(window), panels)
    for panel, of_panel in zip(panels, found, strict=True):
        _panel(sheet.card(panel), panel, of_panel, window, changes)
    return sheet


def _panel(
    card: Card, panel: Panel, found: Sequence[Answer], window: Window, changes: Sequence[float]
) -> None:
    if not found:
        card.nothing()
    elif panel.kind in OF_NOW:
        OF_NOW[panel.kind](card, panel, found)
    else:
        ALONG_TIME[panel.kind](card, panel, found, window, changes)


def _note(window: Window) -> str:
    start, end = (datetime.fromtimestamp(time, UTC) for time in (window.start_s, window.end_s))
    return (
        f"{start:%Y-%m-%d %H:%M} to {end:%H:%M} UTC · ▲ a coil starts · drawn by python -m monitoring preview"
    )
