"""What repeats, drawn over the strip: roll marks as combs at their period, lanes as bands."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil

import numpy as np
from matplotlib import patheffects
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from numpy.typing import NDArray

from consumer.coils.drawing.strip_drawing import INK, PAPER, StripDrawing
from consumer.coils.grading.words import counted
from contracts.alarms import LaneRecurrence
from contracts.reports import CoilLane, RollMark
from model.palette import colour_of

Places = NDArray[np.float64]
"""Along the strip, mm."""
_Label = tuple[float, float]
"""Where one is: along and across, mm."""

MOST_TEETH = 240
"""Over the whole strip, 8 pixels apart. Closer the teeth are a grey bar: on a long coil some are left out."""

_TOOTH = 0.03
"""Of the strip's width."""
_HALO = [patheffects.withStroke(linewidth=2.6, foreground=PAPER)]
_LABEL = {"boxstyle": "round,pad=0.22", "facecolor": PAPER, "edgecolor": "none", "alpha": 0.88}


def draw_marks(axes: Axes, drawing: StripDrawing) -> None:
    """Every mark's comb with its period and the roll that fits."""
    taken: list[_Label] = []
    for mark, side in _with_sides(drawing):
        teeth_mm, step = teeth(mark, drawing.length_mm)
        if len(teeth_mm):
            _draw_comb(axes, teeth_mm, mark.lane_mm, side * _TOOTH * drawing.width_mm)
            _write_label(axes, drawing, mark, (teeth_mm, step, side), taken)


def teeth(mark: RollMark, length_mm: float) -> tuple[Places, int]:
    """Where its hits are expected, from its first to its last, in mm; and of how many each one stands for."""
    first_mm, last_mm = _reach(mark, length_mm)
    origin_mm = mark.phase_mm if mark.phase_mm is not None else first_mm
    begin = ceil((first_mm - origin_mm) / mark.period_mm - 0.25)
    end = ceil((last_mm - origin_mm) / mark.period_mm + 0.25)
    number = max(0, end - begin)
    most = max(1.0, MOST_TEETH * (last_mm - first_mm) / length_mm) if length_mm > 0 else 1.0
    step = max(1, ceil(number / most))
    return origin_mm + np.arange(begin, end, step, dtype=np.float64) * mark.period_mm, step


def draw_lanes(axes: Axes, drawing: StripDrawing) -> None:
    """Bands along the strip; those that earlier coils show too have a border and say so."""
    again = list(drawing.recurring)
    for lane in drawing.lanes:
        colour = colour_of(lane.class_id)
        axes.axhspan(lane.across_min_mm, lane.across_max_mm, facecolor=colour, alpha=0.16, zorder=1.5)
        known = next((one for one in again if _same_lane(one, lane)), None)
        said = f"lane: {counted(lane.count, lane.class_name)}"
        if known is not None:
            again.remove(known)
            _border(axes, known)
            said += f", {_returns(known)}"
        _write_lane(axes, drawing, lane, said)
    for one in again:
        _border(axes, one)
        _write_lane(axes, drawing, one, f"lane: {one.class_name}, {_returns(one)}")


def _same_lane(one: LaneRecurrence, lane: CoilLane) -> bool:
    overlap_mm = min(one.across_max_mm, lane.across_max_mm) - max(one.across_min_mm, lane.across_min_mm)
    return one.class_id == lane.class_id and overlap_mm > 0


def _border(axes: Axes, lane: LaneRecurrence) -> None:
    colour = colour_of(lane.class_id)
    for across_mm in (lane.across_min_mm, lane.across_max_mm):
        axes.axhline(across_mm, color=colour, linewidth=1.2, linestyle=(0, (7, 4)), zorder=2.5)


def _returns(lane: LaneRecurrence) -> str:
    return f"on {len(lane.coils)} of the last {lane.of_last} coils"


def _write_lane(axes: Axes, drawing: StripDrawing, lane: CoilLane | LaneRecurrence, text: str) -> None:
    axes.text(
        0.997 * drawing.length_mm / 1e3, (lane.across_min_mm + lane.across_max_mm) / 2, text,
        fontsize=9, color=INK, ha="right", va="center", bbox=_LABEL, zorder=5,
    )  # fmt: skip


def _with_sides(drawing: StripDrawing) -> list[tuple[RollMark, int]]:
    """From the drive side on; of two close lanes the first has its comb above it, -1, the other below, 1."""
    marks = sorted(drawing.marks, key=lambda m: (m.lane_mm, m.period_mm, m.class_id))
    close_mm = 4 * _TOOTH * drawing.width_mm
    sides: list[int] = []
    for index, mark in enumerate(marks):
        before = index > 0 and mark.lane_mm - marks[index - 1].lane_mm < close_mm
        after = index + 1 < len(marks) and marks[index + 1].lane_mm - mark.lane_mm < close_mm
        sides.append(-sides[-1] if before else -1 if after else 1)
    return list(zip(marks, sides, strict=True))


def _reach(mark: RollMark, length_mm: float) -> tuple[float, float]:
    first_mm = 0.0 if mark.first_mm is None else mark.first_mm
    return first_mm, max(first_mm, length_mm if mark.last_mm is None else mark.last_mm)


def _draw_comb(axes: Axes, teeth_mm: Places, lane_mm: float, tooth_mm: float) -> None:
    """Teeth point at the lane from beside it, so that what is in it stays visible."""
    back_mm, tip_mm = lane_mm + 1.4 * tooth_mm, lane_mm + 0.4 * tooth_mm
    lines = [[(x / 1e3, back_mm), (x / 1e3, tip_mm)] for x in teeth_mm]
    lines.append([(teeth_mm[0] / 1e3, back_mm), (teeth_mm[-1] / 1e3, back_mm)])
    axes.add_collection(
        LineCollection(lines, colors=INK, linewidths=1.1, path_effects=_HALO, zorder=4), autolim=False
    )


def _write_label(
    axes: Axes, drawing: StripDrawing, mark: RollMark, comb: tuple[Places, int, int], taken: list[_Label]
) -> None:
    """Behind its comb's back, or on the other side of the lane where there is no room."""
    teeth_mm, step, side = comb
    late = teeth_mm[0] > 0.7 * drawing.length_mm
    x_mm = float(teeth_mm[-1] if late else teeth_mm[0])
    away_mm = side * 2.3 * _TOOTH * drawing.width_mm
    y_mm = _free([mark.lane_mm + away_mm, mark.lane_mm - away_mm], x_mm, drawing, taken)
    taken.append((x_mm, y_mm))
    axes.text(
        x_mm / 1e3, y_mm, _words(mark, step), fontsize=9.5, color=INK, ha="right" if late else "left",
        va="center", bbox=_LABEL, zorder=6,
    )  # fmt: skip


def _words(mark: RollMark, step: int) -> str:
    name = mark.class_name or f"class {mark.class_id}"
    said = f"{mark.roll or 'no roll of the table'}: {name} each {mark.period_mm:,.0f} mm"
    hits = f"{mark.count:,} hits" if step == 1 else f"{mark.count:,} hits, one tick for {step} turns"
    return f"{said}, {hits}"


def _free(places_mm: Sequence[float], x_mm: float, drawing: StripDrawing, taken: Sequence[_Label]) -> float:
    """The first place on the strip that no label within a third of its length lies on."""
    line_mm = 0.05 * drawing.width_mm
    inside = [y for y in places_mm if line_mm / 2 < y < drawing.width_mm - line_mm / 2] or list(places_mm)
    near = [y for x, y in taken if abs(x - x_mm) < drawing.length_mm / 3]
    return next((y for y in inside if all(abs(y - other) > line_mm for other in near)), inside[0])
