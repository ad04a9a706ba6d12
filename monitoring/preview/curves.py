"""Grafana's time series: lines, stacked areas and stacked bars, with thresholds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, MultipleLocator, NullFormatter
from numpy.typing import NDArray

from monitoring.preview.answers import Answer
from monitoring.preview.panel import Look, Panel
from monitoring.preview.prometheus import Window
from monitoring.preview.sheet import FAINT, GRID, SMALL, Card, Key
from monitoring.preview.units import with_unit

Numbers = NDArray[np.float64]
AIR = 0.06
TICKS_S = (30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400, 7 * 86_400)


def draw(card: Card, panel: Panel, found: Sequence[Answer], window: Window, changes: Sequence[float]) -> None:
    """The whole panel."""
    looks = [panel.look(answer.name, index) for index, answer in enumerate(found)]
    stacks = panel.custom.get("stacking", {}).get("mode") == "normal"
    as_bars = panel.custom.get("drawStyle") == "bars"
    key = Key()
    for look in looks:
        if stacks:
            key.patch(look.name, look.colour)
        else:
            key.line(look.name, look.colour, dashed=_dashed(look))
    second = [look.custom.get("axisPlacement") == "right" for look in looks]
    axes = card.axes(key=key, right_in=0.75 if any(second) else 0.2)
    if stacks:
        highest = _stack(axes, found, looks, as_bars=as_bars)
        spread = [0.0, highest]
    else:
        spread = _lines(axes, found, looks, second, of_right=False)
    _limits(axes, panel, spread)
    _thresholds(axes, panel)
    _right(axes, found, looks, second)
    along_time(axes, window, changes)


def along_time(axes: Axes, window: Window, changes: Sequence[float]) -> None:
    """The common axis: time of day, and a thin line where a coil started."""
    axes.set_xlim(window.start_s, window.end_s)
    length_s = window.end_s - window.start_s
    axes.xaxis.set_major_locator(
        MultipleLocator(next((t for t in TICKS_S if length_s / t <= 8), TICKS_S[-1]))
    )
    days = "%d %b %H:%M" if length_s > 86_400 else "%H:%M"
    axes.xaxis.set_major_formatter(
        FuncFormatter(lambda time, _: datetime.fromtimestamp(time, UTC).strftime(days))
    )
    faint = 0.8 if len(changes) < 16 else 0.45
    for change in changes:
        axes.axvline(change, color=FAINT, linewidth=0.7, linestyle=(0, (2, 3)), alpha=faint, zorder=1.5)
        axes.plot(
            [change],
            [0],
            marker="^",
            markersize=3.5,
            alpha=faint,
            color=FAINT,
            clip_on=False,
            transform=axes.get_xaxis_transform(),
            zorder=4,
        )


def _lines(
    axes: Axes, found: Sequence[Answer], looks: Sequence[Look], second: Sequence[bool], *, of_right: bool
) -> list[float]:
    spread: list[float] = []
    for answer, look, right in zip(found, looks, second, strict=True):
        if right is not of_right:
            continue
        values = np.asarray(answer.values)
        style = (0, (4, 2)) if _dashed(look) else "-"
        axes.plot(answer.times, values, color=look.colour, linewidth=1.6, linestyle=style, zorder=3)
        finite = values[np.isfinite(values)]
        if finite.size:
            spread += [float(finite.min()), float(finite.max())]
    return spread


def _stack(axes: Axes, found: Sequence[Answer], looks: Sequence[Look], *, as_bars: bool) -> float:
    if not found:
        return 0.0
    at = np.asarray(found[0].times)
    below = np.zeros(len(at))
    for answer, look in zip(found, looks, strict=True):
        values = np.nan_to_num(np.asarray(answer.values), nan=0.0, posinf=0.0, neginf=0.0)
        if as_bars:
            width = answer.step_s * 0.8
            axes.bar(at, values, width, bottom=below, color=look.colour, linewidth=0, zorder=3)
        else:
            axes.fill_between(at, below, below + values, color=look.colour, alpha=0.85, linewidth=0, zorder=3)
        below = below + values
    return float(below.max(initial=0.0))


def _limits(axes: Axes, panel: Panel, spread: Sequence[float]) -> None:
    custom, defaults = panel.custom, panel.defaults
    logarithmic = custom.get("scaleDistribution", {}).get("type") == "log"
    if logarithmic:
        spread = [value for value in spread if value > 0]
    low = min([*spread, custom.get("axisSoftMin", math.inf)])
    high = max([*spread, custom.get("axisSoftMax", -math.inf)])
    if not math.isfinite(low) or not math.isfinite(high) or low == high == 0:
        low, high = 0.0, 1.0
    if logarithmic:
        # The limits first: it would look for some in the data, and there may be nothing above zero.
        axes.set_ylim(low * 0.8, high * 1.25)
        axes.set_yscale("log", nonpositive="mask")
        axes.yaxis.set_major_locator(LogLocator(base=10))
        axes.yaxis.set_minor_formatter(NullFormatter())
    else:
        room = (high - low or abs(high) or 1.0) * AIR
        bottom = defaults.get("min", low - room)
        axes.set_ylim(bottom, max(high + room, bottom + 1e-9))
        _ticks(axes, panel.unit, defaults.get("decimals"))
    label_ticks(axes, panel.unit)


def label_ticks(axes: Axes, unit: str, *, at: float = 0.0) -> None:
    """Short units stand at every tick; one in words stands once, above the axis."""
    words = unit.removeprefix("suffix:").strip() if unit.startswith("suffix:") else ""
    every = "none" if words else unit
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: with_unit(_whole(value), every)))
    axes.annotate(
        words,
        (at, 1),
        xycoords="axes fraction",
        xytext=(-4 if at == 0 else 4, 3),
        textcoords="offset points",
        ha="right" if at == 0 else "left",
        size=SMALL,
        color=FAINT,
    )


def _ticks(axes: Axes, unit: str, decimals: int | None) -> None:
    low, high = axes.get_ylim()
    if unit == "s" and high - low > 150:
        minutes = max(1, round((high - low) / 60 / 5))
        axes.yaxis.set_major_locator(MultipleLocator(60 * minutes))
    elif unit == "bytes":
        axes.yaxis.set_major_locator(MultipleLocator(_power_of_two((high - low) / 4)))
    else:
        axes.yaxis.set_major_locator(MaxNLocator(5, integer=decimals is not None))


def _power_of_two(near: float) -> float:
    return float(2 ** max(0, round(math.log2(max(near, 1)))))


def _thresholds(axes: Axes, panel: Panel) -> None:
    style = panel.custom.get("thresholdsStyle", {}).get("mode", "off")
    if style == "off":
        return
    low, high = axes.get_ylim()
    for step in panel.steps:
        if step.value is not None and low <= step.value <= high:
            axes.axhline(step.value, color=step.colour, linewidth=1.4, linestyle=(0, (6, 3)), zorder=3.5)
            axes.annotate(
                with_unit(step.value, panel.unit), (1, step.value), xycoords=("axes fraction", "data"),
                xytext=(-3, 3), textcoords="offset points", ha="right", size=SMALL, weight="bold",
                color=step.colour, zorder=5,
            )  # fmt: skip


def _right(axes: Axes, found: Sequence[Answer], looks: Sequence[Look], second: Sequence[bool]) -> None:
    if not any(second):
        return
    other = axes.twinx()
    spread = _lines(other, found, looks, second, of_right=True) or [0.0, 1.0]
    unit = next(look.unit for look, right in zip(looks, second, strict=True) if right)
    # Zero in the middle: above it grows, below it shrinks.
    most = max(abs(min(spread)), abs(max(spread))) * (1 + AIR) or 1.0
    other.set_ylim(-most, most)
    other.yaxis.set_major_locator(MaxNLocator(5))
    label_ticks(other, unit, at=1.0)
    other.tick_params(which="both", length=0, labelsize=SMALL, labelcolor=FAINT, pad=4)
    other.axhline(0, color=GRID, linewidth=0.8)
    for side in other.spines.values():
        side.set_visible(False)


def _dashed(look: Look) -> bool:
    return bool(look.custom.get("lineStyle", {}).get("fill") == "dash")


def _whole(value: float) -> float:
    return 0.0 if abs(value) < 1e-12 else value
