"""The dashboards as pictures: every panel drawn, and a clear sentence where there is nothing to draw."""

from __future__ import annotations

import json
import math
import threading
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from itertools import islice, product
from pathlib import Path

import pytest
from matplotlib.figure import Figure
from matplotlib.legend import Legend
from matplotlib.text import Text

from monitoring.catalogue import LATENCY_BUCKETS_S
from monitoring.metric import Label
from monitoring.preview import command
from monitoring.preview.picture import DASHBOARDS, NAMES, draw_dashboard
from monitoring.preview.prometheus import NoAnswer, Prometheus, Series, Window
from tests.support.promql import recorded_names, series_of
from tests.support.sources import ROOT

WINDOW = Window(999_990.0, 1_000_290.0, 15.0)
RECORDED = recorded_names(ROOT / "monitoring" / "prometheus" / "rules.yml")
EDGES = (*map(str, LATENCY_BUCKETS_S), "+Inf")


class Plausible:
    """Answers every query with series of the labels that it would have."""

    def __init__(self, *, value: float = 1.0) -> None:
        self._value = value

    def over(self, expr: str, window: Window) -> list[Series]:
        if "last_started" in expr:
            return [Series({"line": "line-1"}, tuple(1_000_100_000.0 for _ in window.times()))]
        return [
            Series(
                labels, tuple(self._value * (1 + rank + index % 5) for index in range(len(window.times())))
            )
            for rank, labels in enumerate(self._labels(expr))
        ]

    def once(self, expr: str, at_s: float) -> list[Series]:
        return [Series(labels, (self._value * (1 + rank),)) for rank, labels in enumerate(self._labels(expr))]

    def _labels(self, expr: str) -> list[dict[str, str]]:
        found = series_of(expr, RECORDED).labels
        values = [self._values(name, label) for name, label in found.items()]
        return [dict(zip(found, chosen, strict=True)) for chosen in islice(product(*values), 24)]

    def _values(self, name: str, label: Label | None) -> tuple[str, ...]:
        if name == "le":
            return EDGES
        if label is not None and label.values:
            return label.values
        return (f"{name}-1", f"{name}-2")


def texts(figure: Figure) -> set[str]:
    legends = [text for legend in figure.findobj(Legend) for text in legend.get_texts()]
    return {text.get_text() for text in (*figure.findobj(Text), *legends) if isinstance(text, Text)}


@pytest.mark.parametrize("name", NAMES)
def test_every_panel_is_drawn(name: str, tmp_path: Path) -> None:
    sheet = draw_dashboard(name, Plausible(), WINDOW)
    sheet.save(tmp_path / "deep" / f"{name}.png")
    assert (tmp_path / "deep" / f"{name}.png").read_bytes().startswith(b"\x89PNG")
    dashboard = json.loads((DASHBOARDS / f"{name}.json").read_text(encoding="utf-8"))
    shown = texts(sheet.figure)
    assert {panel["title"] for panel in dashboard["panels"]} <= shown
    assert "no data" not in shown


@pytest.mark.parametrize("value", [0.0, -1.0, math.inf, -math.inf], ids=str)
def test_odd_numbers_are_drawn_too(value: float, tmp_path: Path) -> None:
    for name in NAMES:
        sheet = draw_dashboard(name, Plausible(value=value), WINDOW)
        sheet.figure.set_dpi(40)
        sheet.save(tmp_path / "odd.png")


def test_the_deadline_is_drawn_where_latency_is() -> None:
    shown = texts(draw_dashboard("latency", Plausible(), WINDOW).figure)
    assert {"deadline 5 min", "5 min", "0 s"} <= shown


def test_series_are_called_as_on_the_dashboard() -> None:
    shown = texts(draw_dashboard("line", Plausible(), WINDOW).figure)
    assert {"defective, not measured yet", "gate", "line-1 camera-1", "corrupt image", "ready"} <= shown


def test_a_coil_that_starts_is_a_line_in_every_panel_along_time() -> None:
    def vertical(changes: bool) -> int:
        prometheus = Plausible() if changes else WithoutCoils()
        figure = draw_dashboard("coils", prometheus, WINDOW).figure
        return sum(len(axes.lines) for axes in figure.axes)

    panels = len(json.loads((DASHBOARDS / "coils.json").read_text(encoding="utf-8"))["panels"])
    assert vertical(True) - vertical(False) == 2 * panels, "a line and its mark at the foot"


class WithoutCoils(Plausible):
    def over(self, expr: str, window: Window) -> list[Series]:
        return [] if "last_started" in expr else super().over(expr, window)


class Silent(Plausible):
    """Knows the frames by fate only."""

    def over(self, expr: str, window: Window) -> list[Series]:
        return super().over(expr, window) if "sum by (fate)" in expr else []

    def once(self, expr: str, at_s: float) -> list[Series]:
        return []


def test_a_panel_without_an_answer_says_so() -> None:
    assert "no data" in texts(draw_dashboard("line", Silent(), WINDOW).figure)


def test_a_prometheus_that_knows_nothing_is_told() -> None:
    with pytest.raises(NoAnswer, match="no data for 'Latency against the deadline'"):
        draw_dashboard("latency", Silent(), WINDOW)
    with pytest.raises(NoAnswer, match="no data"):
        draw_dashboard("latency", Plausible(value=math.nan), WINDOW)


# --- over HTTP ---


@contextmanager
def answering(status: int, body: bytes) -> Iterator[str]:
    class Answer(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Answer)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def answer(result: object) -> bytes:
    return json.dumps({"status": "success", "data": {"result": result}}).encode()


def test_points_stand_where_they_were_asked_for() -> None:
    found = [{"metric": {"a": "b"}, "values": [[1_000_005, "1.5"], [1_000_015, "NaN"], [1_000_020, "+Inf"]]}]
    with answering(200, answer(found)) as url:
        (series,) = Prometheus(url + "/").over("a", Window(1_000_000.0, 1_000_020.0, 5.0))
    assert series.labels == {"a": "b"}
    assert [str(value) for value in series.values] == ["nan", "1.5", "nan", "nan", "inf"]


def test_a_value_of_now_is_one() -> None:
    with answering(200, answer([{"metric": {}, "value": [5, "2"]}])) as url:
        assert Prometheus(url).once("a", 5.0) == [Series({}, (2.0,))]


@pytest.mark.parametrize(
    ("status", "body", "sentence"),
    [
        (400, b'{"status": "error", "error": "unknown function"}', "refused 'a': unknown function"),
        (503, b"starting", "refused 'a': HTTP Error 503"),
        (200, b"<html>", "is no Prometheus"),
        (200, b'{"data": {}}', "is no Prometheus"),
        (200, b"[]", "is no Prometheus"),
    ],
)
def test_what_is_no_answer_is_one_sentence(status: int, body: bytes, sentence: str) -> None:
    with answering(status, body) as url, pytest.raises(NoAnswer, match=sentence):
        Prometheus(url).once("a", 5.0)


@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "nonsense", "http://"])
def test_no_prometheus_is_one_sentence_and_no_picture(
    url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    parser = ArgumentParser()
    command.add_arguments(parser)
    given = parser.parse_args(["--url", url, "--out", str(tmp_path / "pictures")])
    assert command.run(given) == 1
    printed = capsys.readouterr()
    assert printed.err.count("\n") == 1
    assert "Prometheus" in printed.err
    assert not (tmp_path / "pictures").exists()


@pytest.mark.parametrize("minutes", ["0", "-5", "many", "nan"])
def test_a_window_without_sense_is_refused(minutes: str, capsys: pytest.CaptureFixture[str]) -> None:
    parser = ArgumentParser()
    command.add_arguments(parser)
    with pytest.raises(SystemExit):
        parser.parse_args(["--minutes", minutes])
    assert "--minutes" in capsys.readouterr().err
