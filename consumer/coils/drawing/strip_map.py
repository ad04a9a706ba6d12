"""One coil as a picture: its verdict, the strip with what is on it, and the fate of every frame."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from textwrap import shorten
from typing import Any, BinaryIO

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Rectangle
from numpy.typing import NDArray

from consumer.coils.drawing import strip_ribbon
from consumer.coils.drawing.strip_drawing import FAINT, INK, PAPER, RULE, STEEL, StripDrawing
from consumer.coils.drawing.strip_marks import draw_lanes, draw_marks
from consumer.coils.drawing.strip_raster import ACROSS, ALONG, Speck, StripCanvas
from consumer.coils.grading.words import counted
from contracts.reports import Verdict
from model.palette import colour_of

WIDTH_IN, DPI = 18.0, 120
HEAD_IN, STRIP_IN, ROW_IN, FOOT_IN, LINE_IN = 1.35, 3.9, 0.24, 0.72, 0.24
LEFT, RIGHT = 0.055, 0.985
MOST_OUTLINES = 300
MOST_FINDINGS = 8
BADGES = {
    Verdict.RELEASE: ("✓  RELEASE", "#12507B", PAPER),
    Verdict.HOLD: ("‖  HOLD", "#F0E442", INK),
    Verdict.REJECT: ("✕  REJECT", "#A3172C", PAPER),
    None: ("…  NO VERDICT YET", "#B9BEC3", INK),
}
"""Sign, word and a colour that no class has: each of them alone tells the verdict."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Layout:
    """Where things are, in inches from the bottom."""

    height_in: float
    ribbon_in: float
    findings_in: float

    def up(self, inches: float) -> float:
        """As a share of the height."""
        return inches / self.height_in


def draw_strip_map(drawing: StripDrawing, canvas: StripCanvas, out: BinaryIO, form: str = "png") -> None:
    """Write the coil's map as `form`, png or svg. `canvas` holds the masks that are there."""
    canvas.fill_gaps(drawing.defects)
    rows = strip_ribbon.rows(drawing)
    layout = _layout(len(rows), min(len(drawing.findings), MOST_FINDINGS))
    figure = Figure(figsize=(WIDTH_IN, layout.height_in), dpi=DPI, facecolor=PAPER)
    FigureCanvasAgg(figure)
    strip, ribbon = _axes(figure, layout)
    _draw_strip(strip, drawing, canvas)
    strip_ribbon.draw_ribbon(ribbon, rows, canvas.length_mm / 1e3)
    strip_ribbon.write_legend(figure, rows, layout.up(layout.findings_in + 0.1))
    _write_head(figure, drawing, layout)
    _write_class_legend(figure, drawing)
    _write_findings(figure, drawing, layout)
    figure.savefig(out, format=form, metadata={"Date": None} if form == "svg" else None)


def ledger_words(drawing: StripDrawing) -> str:
    """One line: the ledger over all cameras; what is 0 and should be is left out."""
    always = ("clean", "defective")
    numbers = [(column, drawing.total(column)) for column in (*always, "unsegmented", "dead_lettered")]
    numbers += [(column, drawing.total(column)) for column in ("missing", "surplus", "duplicates")]
    shown = [
        f"{number:,} {column.replace('_', '-')}" for column, number in numbers if number or column in always
    ]
    frames = counted(drawing.total("announced"), "frame")
    cameras = counted(len(drawing.ledger_by_camera), "camera")
    size = f"{drawing.length_mm / 1e3:,.1f} m x {drawing.width_mm:,.0f} mm"
    return "   ·   ".join([drawing.line_id, size, f"{frames} of {cameras}", *shown])


def _layout(cameras: int, findings: int) -> _Layout:
    ribbon_in = ROW_IN * max(1, cameras)
    findings_in = LINE_IN * findings + 0.12 if findings else 0.0
    return _Layout(
        height_in=HEAD_IN + STRIP_IN + 0.1 + ribbon_in + FOOT_IN + findings_in,
        ribbon_in=ribbon_in,
        findings_in=findings_in,
    )


def _axes(figure: Figure, layout: _Layout) -> tuple[Axes, Axes]:
    width = RIGHT - LEFT
    ribbon_from_in = layout.findings_in + FOOT_IN
    strip_from_in = ribbon_from_in + layout.ribbon_in + 0.1
    strip = figure.add_axes((LEFT, layout.up(strip_from_in), width, layout.up(STRIP_IN)))
    below = (LEFT, layout.up(ribbon_from_in), width, layout.up(layout.ribbon_in))
    ribbon = figure.add_axes(below, sharex=strip)
    return strip, ribbon


def _draw_strip(axes: Axes, drawing: StripDrawing, canvas: StripCanvas) -> None:
    bounds = (0.0, canvas.length_mm / 1e3, canvas.width_mm, 0.0)
    axes.imshow(_painted(canvas), extent=bounds, aspect="auto", interpolation="antialiased")
    draw_lanes(axes, drawing)
    _outline(axes, drawing, canvas)
    specks = canvas.specks(drawing.defects)
    for class_id in sorted({speck.class_id for speck in specks}):
        _draw_specks(axes, [speck for speck in specks if speck.class_id == class_id], len(specks))
    draw_marks(axes, drawing)
    axes.set_ylabel("across the strip, mm", color=INK)
    axes.tick_params(labelbottom=False, length=0, colors=FAINT)
    axes.set_xlim(0.0, canvas.length_mm / 1e3)
    axes.set_ylim(canvas.width_mm, 0.0)
    for side in axes.spines.values():
        side.set_color(RULE)


def _painted(canvas: StripCanvas) -> NDArray[np.float64]:
    """(across, along, 3): bare steel, each class in its colour; the smaller class on top of the larger."""
    picture = np.empty((ACROSS, ALONG, 3))
    picture[:] = to_rgb(STEEL)
    for class_id, covered in sorted(canvas.by_class.items(), key=lambda item: -int(item[1].sum())):
        picture[covered] = to_rgb(colour_of(class_id))
    return picture


def _outline(axes: Axes, drawing: StripDrawing, canvas: StripCanvas) -> None:
    """A box round what is one defect over several frames, the largest ones."""
    merged = [d for d in drawing.defects if d.frames > 1 and d.length_mm * ALONG > 12 * canvas.length_mm]
    merged.sort(key=lambda d: (-d.area_mm2, d.along_min_mm, d.across_min_mm))
    for d in merged[:MOST_OUTLINES]:
        axes.add_patch(
            Rectangle(
                (d.along_min_mm / 1e3, d.across_min_mm), d.length_mm / 1e3, d.width_mm,
                fill=False, edgecolor=colour_of(d.class_id), linewidth=0.8, alpha=0.9, zorder=2.8,
            )
        )  # fmt: skip


def _draw_specks(axes: Axes, specks: Sequence[Speck], of_all: int) -> None:
    """Defects too small to be seen at this scale, as dots of one size; smaller where they are many."""
    size = 18.0 if of_all <= 600 else 8.0 if of_all <= 6_000 else 2.5
    axes.scatter(
        [speck.along_mm / 1e3 for speck in specks], [speck.across_mm for speck in specks],
        s=size, color=colour_of(specks[0].class_id), edgecolors=PAPER,
        linewidths=0.5 if of_all <= 6_000 else 0.0, zorder=3, rasterized=of_all > 6_000,
    )  # fmt: skip


def _write_head(figure: Figure, drawing: StripDrawing, layout: _Layout) -> None:
    sign, colour, ink = BADGES[drawing.verdict]
    top_in = layout.height_in
    badge = figure.text(
        LEFT + 0.006, layout.up(top_in - 0.36), sign, fontsize=17, fontweight="bold", color=ink, va="center",
        bbox={"boxstyle": "round,pad=0.32", "facecolor": colour, "edgecolor": "none"},
    )  # fmt: skip
    beside = badge.get_window_extent().x1 / (WIDTH_IN * DPI) + 0.015

    def write(x: float, down_in: float, text: str, **style: Any) -> None:
        figure.text(x, layout.up(top_in - down_in), text, va="center", **style)

    write(beside, 0.36, f"Coil {drawing.coil_id}", fontsize=19, fontweight="bold", color=INK)
    write(LEFT, 0.80, ledger_words(drawing), fontsize=11.5, color=INK)
    write(LEFT, 1.08, drawing.timing, fontsize=11.5, color=FAINT)


def _write_class_legend(figure: Figure, drawing: StripDrawing) -> None:
    numbers = Counter((d.class_id, d.class_name) for d in drawing.defects)
    areas: defaultdict[tuple[int, str], float] = defaultdict(float)
    for d in drawing.defects:
        areas[d.class_id, d.class_name] += d.area_mm2
    handles = [
        Patch(color=colour_of(kind[0]), label=f"{kind[1]}: {counted(number, 'defect')}, {_area(areas[kind])}")
        for kind, number in sorted(numbers.items())
    ]
    figure.legend(
        handles=handles or [Patch(color=STEEL, label="no defect found")],
        loc="upper right", bbox_to_anchor=(0.99, 0.985), ncols=min(2, max(1, len(handles))),
        frameon=False, fontsize=11, labelcolor=INK, handlelength=1.2,
    )  # fmt: skip


def _write_findings(figure: Figure, drawing: StripDrawing, layout: _Layout) -> None:
    """The worst first; what fired after them is counted."""
    severity = list(Verdict)
    ordered = sorted(drawing.findings, key=lambda f: -severity.index(f.verdict))
    said = [f"{f.verdict} · {f.rule}:  {f.evidence.replace('mm2', 'mm²')}" for f in ordered[:MOST_FINDINGS]]
    if len(ordered) > MOST_FINDINGS:
        said[-1] = f"and {len(ordered) - MOST_FINDINGS + 1} findings more"
    for line, text in enumerate(said):
        up = layout.up(layout.findings_in - 0.12 - LINE_IN * line)
        figure.text(LEFT, up, shorten(text, 190, placeholder=" …"), fontsize=10.5, color=INK, va="center")


def _area(mm2: float) -> str:
    if mm2 >= 1e5:
        return f"{mm2 / 1e6:,.2f} m²"
    return f"{mm2 / 100:,.0f} cm²" if mm2 >= 1e4 else f"{mm2:,.0f} mm²"
