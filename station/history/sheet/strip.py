"""The strip on paper: every listed defect in its place, what repeats as combs and bands."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.patheffects import withStroke
from numpy.typing import NDArray

from contracts.reports import CoilDefect, CoilReport, RollMark
from model.palette import colour_of
from station.history.sheet.classes import look_of
from station.history.sheet.findings import HEADING_MM, heading
from station.history.sheet.paper import (
    FAINT,
    FONT,
    INK,
    LEFT_MM,
    PAPER,
    RIGHT_MM,
    RULE,
    STEEL,
    Paper,
    clipped,
    width_mm,
)
from station.history.sheet.tables import class_rows, shown_lanes, shown_marks
from station.history.sheet.words import counted
from station.history.summary import defects_total

HEIGHT_MM, MOST_HEIGHT_MM = 34.0, 58.0
"""Of the strip itself; more where the page has room."""
SCALE_MM = 8.0
"""Under the strip, for its figures."""
LABELS_MM, LANES_MM = 12.0, 7.0
"""Beside the strip: figures across, names of lanes."""
MOST_TEETH = 120
CROWDED = 1_200
"""Of so many defects the drawing is kept as pixels, or the file is megabytes."""
_HALO = [withStroke(linewidth=2.2, foreground=PAPER)]

Places = NDArray[np.float64]


def strip_mm(spare_mm: float = 0.0) -> float:
    """How much room it takes, where there is so much more than it needs."""
    return HEADING_MM + min(MOST_HEIGHT_MM, HEIGHT_MM + max(0.0, spare_mm)) + SCALE_MM


def draw_strip(paper: Paper, report: CoilReport, top_mm: float, all_mm: float) -> float:
    """In a room as high as `strip_mm` said. Returns where it ends."""
    heading(paper, "Strip map", top_mm)
    _write_legend(paper, report, top_mm + 3.4)
    length_mm, width_mm = extent(report)
    left_mm = LEFT_MM + LABELS_MM
    wide_mm, high_mm = RIGHT_MM - LANES_MM - left_mm, all_mm - HEADING_MM - SCALE_MM
    axes = paper.axes(left_mm, top_mm + HEADING_MM, wide_mm, high_mm)
    _frame(axes, length_mm, width_mm)
    _draw_lanes(axes, report, width_mm)
    _draw_defects(axes, report.defects)
    _draw_marks(axes, report, length_mm, width_mm)
    words_mm = top_mm + all_mm - 1.6
    paper.write(left_mm + wide_mm, words_mm, drawn_words(report), 6.5, colour=FAINT, align="right")
    return top_mm + all_mm


def drawn_words(report: CoilReport) -> str:
    """How much of what was found is on the map."""
    total, drawn = defects_total(report), len(report.defects)
    if not total:
        return "no defect found"
    return f"the {drawn:,} largest of {total:,} defects" if drawn < total else counted(total, "defect")


def _write_legend(paper: Paper, report: CoilReport, y_mm: float) -> None:
    """From the right: marker and name of the classes that the table below lists."""
    x_mm = RIGHT_MM - LANES_MM
    for total, several in reversed(class_rows(report)):
        if several:
            continue
        name = clipped(total.class_name, 22, 7.0)
        paper.write(x_mm, y_mm, name, 7.0, align="right")
        x_mm -= width_mm(name, 7.0) + 2.2
        paper.symbol(x_mm, y_mm - 0.9, *look_of(total.class_id))
        x_mm -= 4.6


def extent(report: CoilReport) -> tuple[float, float]:
    """Length and width that hold all that is drawn, in mm, also when line control did not say them."""
    along = max((defect.along_max_mm for defect in report.defects), default=0.0)
    across = max((defect.across_max_mm for defect in report.defects), default=0.0)
    return report.length_mm or along or 1000.0, report.width_mm or across or 1000.0


def teeth(mark: RollMark, length_mm: float) -> Places:
    """Where its hits are expected, from its first to its last; on a long coil only some of them."""
    first_mm = mark.first_mm or 0.0
    last_mm = max(first_mm, min(length_mm, mark.last_mm if mark.last_mm is not None else length_mm))
    origin_mm = first_mm if mark.phase_mm is None else mark.phase_mm
    begin = ceil((first_mm - origin_mm) / mark.period_mm - 0.25)
    number = max(1.0, (last_mm - first_mm) / mark.period_mm + 1.25)
    most = max(2.0, MOST_TEETH * (last_mm - first_mm) / length_mm)
    step = max(1, ceil(number / most))
    turns = begin + np.arange(0, int(number), step, dtype=np.float64)
    places: Places = origin_mm + turns * mark.period_mm
    return places


def _frame(axes: Axes, length_mm: float, width_mm: float) -> None:
    axes.set_facecolor(STEEL)
    axes.set_xlim(0.0, length_mm / 1e3)
    axes.set_ylim(width_mm, 0.0)
    axes.set_xlabel("head   →   along the strip, m   →   tail", fontsize=6.5, color=FAINT, labelpad=1.5)
    axes.set_ylabel("across, mm", fontsize=6.5, color=FAINT, labelpad=1.5)
    axes.tick_params(labelsize=6.5, colors=FAINT, length=2, width=0.4, pad=1.5)
    axes.locator_params(axis="y", nbins=5)
    axes.locator_params(axis="x", nbins=9)
    for text in (*axes.get_xticklabels(), *axes.get_yticklabels(), axes.xaxis.label, axes.yaxis.label):
        text.set_fontfamily(FONT)
    for side in axes.spines.values():
        side.set_color(RULE)
        side.set_linewidth(0.6)


def _draw_lanes(axes: Axes, report: CoilReport, width_mm: float) -> None:
    named_mm: list[float] = []
    for number, lane in enumerate(shown_lanes(report), 1):
        colour = colour_of(lane.class_id)
        axes.axhspan(lane.across_min_mm, lane.across_max_mm, facecolor=colour, alpha=0.2, zorder=1.2)
        for edge_mm in (lane.across_min_mm, lane.across_max_mm):
            axes.axhline(edge_mm, color=INK, linewidth=0.5, linestyle=(0, (5, 3)), zorder=1.3)
        middle_mm = _apart((lane.across_min_mm + lane.across_max_mm) / 2, named_mm, width_mm)
        axes.annotate(
            f"L{number}", (1.0, middle_mm), xycoords=("axes fraction", "data"), xytext=(3, 0),
            textcoords="offset points", fontsize=6.5, fontweight="bold", color=INK, va="center",
            fontfamily=FONT, annotation_clip=False,
        )  # fmt: skip


def _draw_defects(axes: Axes, defects: Sequence[CoilDefect]) -> None:
    """To scale, and a marker on each, for most are smaller than a dot of ink. The rarer class on top."""
    by_class: dict[int, list[CoilDefect]] = {}
    for defect in defects:
        by_class.setdefault(defect.class_id, []).append(defect)
    points = 26.0 if len(defects) <= 80 else 15.0 if len(defects) <= 400 else 7.0
    crowded = len(defects) > CROWDED
    for class_id, each in sorted(by_class.items(), key=lambda item: (-len(item[1]), item[0])):
        marker, colour = look_of(class_id)
        boxes = PolyCollection(
            [_corners(defect) for defect in each], facecolors=colour, edgecolors=colour, linewidths=0.4,
            alpha=0.75, zorder=2.0, rasterized=crowded,
        )  # fmt: skip
        axes.add_collection(boxes, autolim=False)
        axes.scatter(
            [(defect.along_min_mm + defect.along_max_mm) / 2e3 for defect in each],
            [(defect.across_min_mm + defect.across_max_mm) / 2 for defect in each],
            s=4.0 if crowded else points, marker=marker, color=colour, edgecolors=INK,
            linewidths=0.15 if crowded else 0.35, zorder=2.5, rasterized=crowded,
        )  # fmt: skip


def _corners(defect: CoilDefect) -> list[tuple[float, float]]:
    left, right = defect.along_min_mm / 1e3, defect.along_max_mm / 1e3
    top, bottom = defect.across_min_mm, defect.across_max_mm
    return [(left, top), (right, top), (right, bottom), (left, bottom)]


def _draw_marks(axes: Axes, report: CoilReport, length_mm: float, width_mm: float) -> None:
    """Combs, their teeth at the lane from beside it, so that what is in the lane stays visible."""
    named_mm: list[float] = []
    for number, mark in enumerate(shown_marks(report), 1):
        places = teeth(mark, length_mm) / 1e3
        away = 1.0 if mark.lane_mm < width_mm / 2 else -1.0
        tip_mm, back_mm = mark.lane_mm + away * 0.05 * width_mm, mark.lane_mm + away * 0.11 * width_mm
        lines = [[(x, back_mm), (x, tip_mm)] for x in places]
        lines.append([(places[0], back_mm), (places[-1], back_mm)])
        axes.add_collection(
            LineCollection(lines, colors=INK, linewidths=0.8, path_effects=_HALO, zorder=4), autolim=False
        )
        late = places[0] > 0.85 * length_mm / 1e3
        axes.annotate(
            f"M{number}", (places[-1] if late else places[0], _apart(back_mm, named_mm, width_mm)),
            xytext=(-2 if late else 2, -5.5 * away), textcoords="offset points", fontsize=6.5,
            fontfamily=FONT, fontweight="bold", color=INK, ha="right" if late else "left", va="center",
            zorder=5, path_effects=_HALO,
        )  # fmt: skip


def _apart(wanted_mm: float, named_mm: list[float], width_mm: float) -> float:
    """That place, or the next one below it where no name stands yet."""
    line_mm = 0.09 * width_mm
    while any(abs(wanted_mm - other) < line_mm for other in named_mm):
        wanted_mm += line_mm
    named_mm.append(wanted_mm)
    return wanted_mm
