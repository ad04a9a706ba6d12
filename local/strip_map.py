"""One coil as a picture: the strip with its defects, and under it what became of every frame."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from numpy.typing import NDArray

from contracts.results import DefectEvent, Fate
from local.observed import ObservedCoil
from local.strip_raster import Speck, StripRaster, rasterise
from local.summary import ClassCount, CoilSummary
from producer_sim.manifest import FrameLine

OKABE_ITO = ("#E69F00", "#0072B2", "#009E73", "#CC79A7", "#56B4E9", "#D55E00")
"""Told apart by colour-blind eyes too. Source: Okabe and Ito, "Color Universal Design", 2008."""

STEEL, PAPER, INK, FAINT = "#ECEDEA", "#FFFFFF", "#22262B", "#7A8088"
FATE_COLOURS = {
    "clean": "#DDE3E6",
    "defective": "#5B6C7D",
    "unsegmented": "#F0E442",
    "dead-lettered": "#000000",
    "missing": "#D55E00",
}
TRUTH_COLOURS = {"clean": "#DDE3E6", "defective": "#5B6C7D", "unknown": "#FFFFFF"}
"""The ribbon's row below: the same two greys, so that a difference between the rows is a misjudged frame."""

WIDTH_IN, HEIGHT_IN, DPI = 18.0, 5.6, 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Extent:
    """The strip's size on the map."""

    length_mm: float
    width_mm: float
    frames: int

    @property
    def pitch_mm(self) -> float:
        """A frame's length along the strip."""
        return self.length_mm / max(1, self.frames)


def draw_strip_map(coil: ObservedCoil, summary: CoilSummary, truths: Sequence[FrameLine], path: Path) -> None:
    """Write the coil's map as PNG. `truths` are the manifest's frames of this coil; may be empty."""
    extent = _extent(coil)
    figure = Figure(figsize=(WIDTH_IN, HEIGHT_IN), dpi=DPI, facecolor=PAPER)
    FigureCanvasAgg(figure)
    strip, ribbon = figure.subplots(2, 1, sharex=True, height_ratios=[10, 1.3])
    figure.subplots_adjust(left=0.055, right=0.985, top=0.80, bottom=0.115, hspace=0.06)
    _draw_strip(strip, list(coil.defect_events.values()), extent)
    _draw_ribbon(ribbon, coil, truths, extent)
    _write_titles(figure, summary)
    _write_class_legend(figure, summary.classes)
    _write_fate_legend(figure, set(_fates(coil, extent.frames)))
    figure.savefig(path)


def colour_of(class_id: int) -> str:
    """A class's colour, the same on every map."""
    return OKABE_ITO[(class_id - 1) % len(OKABE_ITO)]


def _extent(coil: ObservedCoil) -> Extent:
    events = coil.defect_events.values()
    reach_mm = max((e.position_mm + e.height_px * e.mm_per_px_along for e in events), default=1.0)
    across_mm = max((e.offset_mm + e.width_px * e.mm_per_px_across for e in events), default=1.0)
    frames = max(
        [*coil.announced_by_camera.values(), *(i.frame_index + 1 for i in coil.inspections)], default=1
    )
    return Extent(
        length_mm=max(reach_mm, 0.0 if coil.ended is None else coil.ended.length_mm),
        width_mm=(coil.started and coil.started.width_mm) or across_mm,
        frames=frames,
    )


def _draw_strip(axes: Axes, events: Sequence[DefectEvent], extent: Extent) -> None:
    raster = rasterise(events, length_mm=extent.length_mm, width_mm=extent.width_mm)
    bounds = (0.0, extent.length_mm / 1e3, extent.width_mm, 0.0)
    axes.imshow(_painted(raster), extent=bounds, aspect="auto", interpolation="antialiased")
    for class_id in sorted({speck.class_id for speck in raster.specks}):
        _draw_specks(axes, [speck for speck in raster.specks if speck.class_id == class_id])
    axes.set_ylabel("across the strip, mm", color=INK)
    axes.tick_params(labelbottom=False, length=0, colors=FAINT)
    axes.set_ylim(extent.width_mm, 0.0)
    for side in axes.spines.values():
        side.set_color("#B9BEC3")


def _painted(raster: StripRaster) -> NDArray[np.float64]:
    """(rows, columns, 3): bare steel, each class in its colour; the smaller class on top of the larger."""
    picture = np.empty((*raster.shape, 3))
    picture[:] = to_rgb(STEEL)
    for class_id, covered in sorted(raster.by_class.items(), key=lambda item: -int(item[1].sum())):
        picture[covered] = to_rgb(colour_of(class_id))
    return picture


def _draw_specks(axes: Axes, specks: Sequence[Speck]) -> None:
    """Regions too small to be seen at this scale, as dots of one size."""
    axes.scatter(
        [speck.along_mm / 1e3 for speck in specks],
        [speck.across_mm for speck in specks],
        s=16, color=colour_of(specks[0].class_id), edgecolors=PAPER, linewidths=0.5, zorder=3,
    )  # fmt: skip


def _draw_ribbon(axes: Axes, coil: ObservedCoil, truths: Sequence[FrameLine], extent: Extent) -> None:
    """One cell a frame: what became of it, and below what is known to be on it."""
    fates = np.stack([_row(_fates(coil, extent.frames), FATE_COLOURS)])
    known = _truths(truths, extent.frames)
    rows = [fates] if known is None else [fates, np.stack([_row(known, TRUTH_COLOURS)])]
    bounds = (0.0, extent.frames * extent.pitch_mm / 1e3, float(len(rows)), 0.0)
    axes.imshow(np.concatenate(rows), extent=bounds, aspect="auto", interpolation="nearest")
    axes.set_yticks([0.5, 1.5][: len(rows)], ["fate", "truth"][: len(rows)], color=INK)
    axes.axhline(1.0, color=PAPER, linewidth=2.0)
    axes.tick_params(axis="y", length=0)
    axes.tick_params(axis="x", colors=FAINT)
    axes.set_xlabel("along the coil, m", color=INK)
    for side in axes.spines.values():
        side.set_visible(False)


def _row(words: Sequence[str], colours: dict[str, str]) -> NDArray[np.float64]:
    return np.array([to_rgb(colours[word]) for word in words])


def _fates(coil: ObservedCoil, frames: int) -> list[str]:
    """The worst over the cameras: what a person should look at must not hide behind its neighbour."""
    severity = list(FATE_COLOURS)
    names = {fate: fate.value.replace("_", "-") for fate in Fate}
    found: list[list[str]] = [[] for _ in range(frames)]
    for identity, seen in coil.inspections.items():
        found[identity.frame_index].append(names[seen.inspection.fate])
    return [max(cell, key=severity.index) if cell else "missing" for cell in found]


def _truths(truths: Sequence[FrameLine], frames: int) -> list[str] | None:
    cells = ["unknown"] * frames
    for line in truths:
        if line.truth is not None and line.frame_index < frames and cells[line.frame_index] != "defective":
            cells[line.frame_index] = "defective" if line.truth.defective else "clean"
    return None if set(cells) == {"unknown"} else cells


def _write_titles(figure: Figure, summary: CoilSummary) -> None:
    figure.text(0.055, 0.935, f"Coil {summary.coil_id}", fontsize=19, fontweight="bold", color=INK)
    figure.text(0.055, 0.885, counts(summary), fontsize=11.5, color=INK)
    figure.text(0.055, 0.842, timing(summary), fontsize=11.5, color=FAINT)


def counts(summary: CoilSummary) -> str:
    """One line: the ledger over all cameras."""
    columns = ("announced", "clean", "defective", "unsegmented", "dead_lettered", "missing")
    words = [f"{summary.total(column):,} {column.replace('_', '-')}" for column in columns]
    words[0] = f"{summary.total('announced'):,} frames"
    shown = [
        w
        for w, column in zip(words, columns, strict=True)
        if column != "unsegmented" or summary.total(column)
    ]
    return "   ·   ".join([summary.line_id, *shown])


def timing(summary: CoilSummary) -> str:
    """One line: latency and slack."""
    if summary.latency is None or summary.slack_s is None or summary.budget_s is None:
        return "no inspection was seen"
    times = summary.latency
    latency = (
        f"exposure → readable   p50 {times.p50_s:.2f} s   p95 {times.p95_s:.2f} s   p99 {times.p99_s:.2f} s"
    )
    return f"{latency}   ·   {summary.slack_s:.0f} s of {summary.budget_s:.0f} s left at the last frame"


def _write_class_legend(figure: Figure, classes: Sequence[ClassCount]) -> None:
    named = [(c, f"{c.class_name}: {_of(c.regions, 'region')} on {_of(c.frames, 'frame')}") for c in classes]
    handles = [Patch(color=colour_of(c.class_id), label=label) for c, label in named]
    figure.legend(
        handles=handles or [Patch(color=STEEL, label="no defect found")],
        loc="upper right", bbox_to_anchor=(0.99, 0.985), ncols=min(2, max(1, len(handles))),
        frameon=False, fontsize=11, labelcolor=INK, handlelength=1.2,
    )  # fmt: skip


def _write_fate_legend(figure: Figure, fates: set[str]) -> None:
    """The ribbon's colours, of the fates that occur."""
    handles = [Patch(color=colour, label=fate) for fate, colour in FATE_COLOURS.items() if fate in fates]
    figure.legend(
        handles=handles, loc="lower right", bbox_to_anchor=(0.99, -0.005), ncols=len(handles),
        frameon=False, fontsize=10, labelcolor=INK, handlelength=1.0, columnspacing=1.2,
    )  # fmt: skip


def _of(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
