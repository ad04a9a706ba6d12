"""Queries as Grafana would send them, and what their numbers are called."""

from __future__ import annotations

import math

import pytest

from monitoring.preview.answers import asked
from monitoring.preview.command import last
from monitoring.preview.panel import series_name
from monitoring.preview.prometheus import Series, Window
from monitoring.preview.queries import PanelQuery, fill, panel_queries
from monitoring.preview.units import with_unit


@pytest.mark.parametrize(
    ("expr", "filled"),
    [
        ("rate(a[$__rate_interval])", "rate(a[20s])"),
        ("rate(a[${__rate_interval}])", "rate(a[20s])"),
        ("increase(a[$__range]) / increase(b[$__interval])", "increase(a[600s]) / increase(b[5s])"),
        ('a{line=~"$line",camera=~"${camera:regex}"}', 'a{line=~".*",camera=~".*"}'),
        ('a{line="$lines"}', 'a{line="$lines"}'),
    ],
)
def test_variables_are_filled(expr: str, filled: str) -> None:
    assert fill(expr, rate_interval="20s", range_="600s", interval="5s") == filled


def test_annotations_and_variables_are_queries_too() -> None:
    dashboard = {
        "title": "Line",
        "panels": [
            {"title": "A?", "type": "timeseries", "targets": [{"refId": "A", "expr": "a", "interval": "1m"}]}
        ],
        "annotations": {"list": [{"name": "Coils", "expr": "b * 1000", "step": "5s"}]},
        "templating": {
            "list": [{"name": "camera", "query": {"query": 'label_values(c{line=~"$line"}, camera)'}}]
        },
    }
    panel, annotation, variable = panel_queries(dashboard)
    assert (panel.kind, panel.expr, panel.step) == ("timeseries", "a", "1m")
    assert (annotation.kind, annotation.expr) == ("annotation", "b * 1000")
    assert (variable.kind, variable.expr) == ("variable", 'group by (camera) (c{line=~"$line"})')


def test_a_variable_that_is_no_list_of_labels_is_refused() -> None:
    dashboard = {
        "title": "Line",
        "panels": [],
        "templating": {"list": [{"name": "line", "query": {"query": "query_result(a)"}}]},
    }
    with pytest.raises(ValueError, match="is no label_values"):
        panel_queries(dashboard)


class Recording:
    def __init__(self) -> None:
        self.over_asked: list[tuple[str, Window]] = []
        self.once_asked: list[tuple[str, float]] = []

    def over(self, expr: str, window: Window) -> list[Series]:
        self.over_asked.append((expr, window))
        return [Series({"fate": "clean"}, tuple(0.0 for _ in window.times()))]

    def once(self, expr: str, at_s: float) -> list[Series]:
        self.once_asked.append((expr, at_s))
        return [Series({"fate": "clean"}, (7.0,))]


def query(kind: str, step: str = "") -> PanelQuery:
    expr = "increase(a[$__rate_interval]) + increase(a[$__range])"
    return PanelQuery(dashboard="D", panel="P?", ref="A", expr=expr, legend="{{fate}}", kind=kind, step=step)


def test_the_rate_interval_is_grafanas() -> None:
    prometheus, window = Recording(), Window(900.0, 1500.0, 5.0)
    asked(query("timeseries"), prometheus, window)
    asked(query("timeseries", step="1m"), prometheus, window)
    assert prometheus.over_asked == [
        ("increase(a[20s]) + increase(a[600s])", window),
        ("increase(a[65s]) + increase(a[600s])", Window(900.0, 1500.0, 60.0)),
    ]


def test_what_shows_values_of_now_asks_once() -> None:
    prometheus = Recording()
    (answer,) = asked(query("stat"), prometheus, Window(900.0, 1500.0, 5.0))
    assert prometheus.once_asked == [("increase(a[20s]) + increase(a[600s])", 1500.0)]
    assert (answer.name, answer.values) == ("clean", (7.0,))


def test_a_window_lies_on_whole_steps() -> None:
    window = last(10, 1_000_003.2)
    assert window == Window(999_405.0, 1_000_000.0, 5.0)
    assert len(window.times()) == 120
    assert last(60 * 24, 1_000_003.2).step_s == 360.0


def test_a_legend_is_filled_with_labels() -> None:
    assert series_name("{{line}} {{ camera }}", {"line": "l1", "camera": "c2"}) == "l1 c2"
    assert series_name("{{gone}}p95", {}) == "p95"


@pytest.mark.parametrize(
    ("value", "unit", "decimals", "text"),
    [
        (300.0, "s", None, "5 min"),
        (450.0, "s", None, "7.5 min"),
        (60.0, "s", None, "60 s"),
        (0.25, "s", None, "250 ms"),
        (0.005, "s", None, "5 ms"),
        (2e-6, "s", None, "2 µs"),
        (1e-9, "s", None, "0.001 µs"),
        (0.0, "s", 1, "0 s"),
        (-90.0, "s", 1, "-90.0 s"),
        (7200.0, "s", None, "2 h"),
        (16 * 2**20, "bytes", None, "16 MiB"),
        (100.0, "bytes", None, "100 B"),
        (0.9876, "percentunit", 1, "98.8 %"),
        (12.0, "suffix:frames/s", None, "12 frames/s"),
        (125_000.0, "none", None, "125 k"),
        (3_400_000.0, "none", None, "3.4 M"),
        (3.0, "none", 0, "3"),
        (math.inf, "s", None, "∞"),
        (-math.inf, "s", None, "-∞"),
    ],
)
def test_numbers_are_written_with_their_units(
    value: float, unit: str, decimals: int | None, text: str
) -> None:
    assert with_unit(value, unit, decimals) == text
