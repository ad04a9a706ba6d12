"""Grafana's heatmap and state timeline: rows along time."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import PowerNorm
from numpy.typing import NDArray

from monitoring.preview.answers import Answer
from monitoring.preview.curves import along_time
from monitoring.preview.panel import Panel
from monitoring.preview.prometheus import Window
from monitoring.preview.sheet import FAINT, INK, SMALL, Card, Key
from monitoring.preview.units import with_unit

NOTHING = 1e-9


def draw_heatmap(
    card: Card, panel: Panel, found: Sequence[Answer], window: Window, changes: Sequence[float]
) -> None:
    """One row a bucket, equally high as in Grafana; the tick of a row stands on its upper edge.

    Grafana draws no threshold in a heatmap; here it is drawn, between the two buckets that meet there.
    """
    buckets = sorted(found, key=lambda answer: float(answer.labels["le"]))
    edges = [float(answer.labels["le"]) for answer in buckets]
    cumulative = np.nan_to_num(np.asarray([answer.values for answer in buckets]), posinf=0.0, neginf=0.0)
    counts = np.clip(np.diff(cumulative, axis=0, prepend=0.0), 0.0, None)
    axes = card.axes(left_in=1.0, right_in=1.05)
    axes.grid(False)
    _cells(axes, card, panel, buckets[0], counts)
    unit = panel.options["yAxis"]["unit"]
    axes.set_ylim(0, len(edges))
    axes.set_yticks(range(1, len(edges) + 1), [with_unit(edge, unit) for edge in edges])
    axes.set_ylabel(panel.options["yAxis"].get("axisLabel", ""), size=SMALL, color=FAINT, labelpad=6)
    for step in panel.steps:
        if step.value in edges:
            row = edges.index(step.value) + 1
            axes.axhline(row, color=step.colour, linewidth=1.6, linestyle=(0, (6, 3)), zorder=4)
            axes.annotate(
                f"deadline {with_unit(step.value, unit)}", (1, row), xycoords=("axes fraction", "data"),
                xytext=(-3, 3), textcoords="offset points", ha="right", size=SMALL, weight="bold",
                color=step.colour, zorder=5,
            )  # fmt: skip
    along_time(axes, window, changes)


def draw_states(
    card: Card, panel: Panel, found: Sequence[Answer], window: Window, changes: Sequence[float]
) -> None:
    """A row for each series, coloured by what its value means."""
    texts = panel.texts()
    key = Key()
    for words, colour in texts.values():
        key.patch(words, colour)
    names = [panel.look(answer.name).name for answer in found]
    axes = card.axes(left_in=0.25 + 0.064 * max(map(len, names), default=0), key=key)
    axes.grid(False)
    for row, answer in enumerate(found):
        for start_s, end_s, value in _stretches(answer):
            words, colour = texts.get(f"{value:g}", (f"{value:g}", FAINT))
            left, right = max(start_s, window.start_s), min(end_s, window.end_s)
            axes.barh(row, right - left, left=left, height=0.62, color=colour, linewidth=0, zorder=2)
            if (end_s - start_s) / (window.end_s - window.start_s) > 0.03 + 0.009 * len(words):
                axes.text(
                    (left + right) / 2,
                    row,
                    words,
                    size=SMALL,
                    color="white",
                    ha="center",
                    va="center",
                    zorder=3,
                )
    axes.set_ylim(len(found) - 0.4, -0.6)
    axes.set_yticks(range(len(found)), names)
    along_time(axes, window, changes)


def _cells(axes: Axes, card: Card, panel: Panel, first: Answer, counts: NDArray[np.float64]) -> None:
    half = first.step_s / 2
    across = [time - half for time in (*first.times, first.times[-1] + first.step_s)]
    seen = np.ma.masked_less_equal(counts, NOTHING)
    options = panel.options["color"]
    top = float(counts.max()) or 1.0
    norm = PowerNorm(options["exponent"], 0.0, top)
    colours = colormaps[options["scheme"]]
    axes.pcolormesh(
        across,
        range(len(counts) + 1),
        seen,
        cmap=colours,
        norm=norm,
        linewidth=0,
        antialiased=False,
        zorder=2,
    )
    frame = axes.get_position()
    figure = card.figure
    scale = figure.add_axes((frame.x1 + 0.008, frame.y0 + frame.height * 0.15, 0.006, frame.height * 0.7))
    steps = np.linspace(0, top, 128)
    scale.pcolormesh([0, 1], steps, np.tile(steps[:-1, None], (1, 1)), cmap=colours, norm=norm)
    scale.set_xticks([])
    scale.set_yticks([0, top], ["0", with_unit(top, panel.unit)])
    scale.yaxis.tick_right()
    scale.tick_params(length=0, labelsize=SMALL, labelcolor=INK, pad=3)
    for side in scale.spines.values():
        side.set_visible(False)


def _stretches(answer: Answer) -> Iterator[tuple[float, float, float]]:
    """From when to when a series had one value."""
    start_s, now = answer.times[0], answer.values[0]
    for time, value in zip(answer.times[1:], answer.values[1:], strict=True):
        if value != now and not (math.isnan(value) and math.isnan(now)):
            if not math.isnan(now):
                yield start_s, time, now
            start_s, now = time, value
    if not math.isnan(now):
        yield start_s, answer.times[-1], now
