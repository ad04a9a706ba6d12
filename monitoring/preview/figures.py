"""Grafana's table, big numbers and bar gauge: values of now."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from monitoring.preview.answers import Answer
from monitoring.preview.panel import Look, Panel
from monitoring.preview.sheet import EDGE, FAINT, INK, TEXT, Card
from monitoring.preview.units import with_unit

ROW_IN = 0.36


def draw_table(card: Card, panel: Panel, found: Sequence[Answer]) -> None:
    """Rows by label, a column for each query, called and ordered as the panel's transformations say."""
    told = _organized(panel)
    columns = sorted(told["renameByName"], key=lambda name: told["indexByName"].get(name, 99))
    label = next(name for name in columns if not name.startswith("Value #"))
    keys = sorted({answer.labels.get(label, "") for answer in found})
    values = {
        (answer.labels.get(label, ""), f"Value #{answer.query.ref}"): answer.values[-1] for answer in found
    }
    axes = _canvas(card)
    height = ROW_IN / (card.frame.height - 0.5)
    for index, column in enumerate(columns):
        look = panel.look(told["renameByName"][column])
        _cell(axes, index, 0, len(columns), height, look.name, INK, bold=True)
        for row, key in enumerate(keys, 1):
            if column == label:
                _cell(axes, index, row, len(columns), height, key, INK, bold=False)
            else:
                value = values.get((key, column), math.nan)
                _value_cell(axes, (index, row, len(columns), height), look, value)


def draw_numbers(card: Card, panel: Panel, found: Sequence[Answer]) -> None:
    """Big numbers side by side, coloured by their thresholds."""
    axes = _canvas(card)
    for index, answer in enumerate(found):
        look = panel.look(answer.name, index)
        middle = (index + 0.5) / len(found)
        text, colour = _said(look, answer.values[-1])
        size = 30 if len(text) < 9 else 20
        axes.text(middle, 0.58, text, size=size, weight="bold", color=colour, ha="center", va="center")
        axes.text(middle, 0.22, look.name, size=12, color=INK, ha="center", va="center")


def draw_gauges(card: Card, panel: Panel, found: Sequence[Answer]) -> None:
    """A bar for each value, one below the other."""
    axes = _canvas(card)
    most = (
        max((answer.values[-1] for answer in found if math.isfinite(answer.values[-1])), default=0.0) or 1.0
    )
    height = 1 / max(len(found), 1)
    for row, answer in enumerate(found):
        look = panel.look(answer.name, row)
        text, colour = _said(look, answer.values[-1])
        y = 1 - (row + 0.5) * height
        axes.text(0.27, y, look.name, size=TEXT, color=INK, ha="right", va="center")
        axes.add_patch(
            Rectangle((0.285, y - height * 0.32), 0.62, height * 0.64, color="#eef0f2", linewidth=0)
        )
        filled = 0.62 * (answer.values[-1] / most if math.isfinite(answer.values[-1]) else 0)
        axes.add_patch(
            Rectangle((0.285, y - height * 0.32), filled, height * 0.64, color=colour, linewidth=0)
        )
        axes.text(0.92, y, text, size=TEXT + 0.5, weight="bold", color=colour, ha="left", va="center")


def _canvas(card: Card) -> Axes:
    axes = card.plain()
    axes.set_axis_off()
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1)
    return axes


def _organized(panel: Panel) -> Mapping[str, Any]:
    options: Mapping[str, Any] = next(
        one["options"] for one in panel.json["transformations"] if one["id"] == "organize"
    )
    return options


def _value_cell(axes: Axes, place: tuple[int, int, int, float], look: Look, value: float) -> None:
    text, colour = _said(look, value)
    filled = look.custom.get("cellOptions", {}).get("type") == "color-background" and not math.isnan(value)
    index, row, columns, height = place
    if filled:
        corner = (index / columns + 0.004, 1 - (row + 1) * height + 0.012)
        axes.add_patch(Rectangle(corner, 1 / columns - 0.008, height - 0.024, color=colour, linewidth=0))
    ink = "white" if filled else (FAINT if math.isnan(value) else INK)
    _cell(axes, index, row, columns, height, text, ink, bold=filled)


def _cell(
    axes: Axes, index: int, row: int, columns: int, height: float, text: str, ink: str, *, bold: bool
) -> None:
    y = 1 - (row + 0.5) * height
    weight = "bold" if bold else "normal"
    axes.text(
        (index + 0.5) / columns, y, text, size=TEXT + 1, weight=weight, color=ink, ha="center", va="center"
    )
    axes.plot([0, 1], [1 - (row + 1) * height] * 2, color=EDGE, linewidth=0.6)


def _said(look: Look, value: float) -> tuple[str, str]:
    if math.isnan(value):
        return look.special, FAINT
    return with_unit(value, look.unit, look.decimals), look.colour_of(value)
