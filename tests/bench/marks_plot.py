"""Draws how many marks are found against clutter and against misses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure

INK, PAPER = "#1f2933", "#ffffff"


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """Shares of the coils at one setting."""

    at: float
    report: float
    in_30: float
    in_12: float
    rival: float
    rival_in_12: float


CURVES = (
    ("report", "in the coil's report (60 revolutions)", "#0b6e4f", "o-"),
    ("in_30", "alarm within 30 revolutions", "#4c9f70", "s--"),
    ("in_12", "alarm within 12 revolutions", "#9bc995", "^:"),
    ("rival", "plain autocorrelation, 60 revolutions", "#b23a48", "x-"),
    ("rival_in_12", "plain autocorrelation, 12 revolutions", "#d88c9a", "x:"),
)


def draw(path: Path, clutter: Sequence[Point], misses: Sequence[Point], coils: int) -> None:
    """One picture: on the left clutter, on the right misses."""
    figure = Figure(figsize=(10, 4.6), dpi=120, facecolor=PAPER, layout="constrained")
    left, right = figure.subplots(1, 2, sharey=True)
    _panel(left, clutter, "defects over the whole width in a revolution (30 % of hits missed)")
    left.set_xscale("symlog", linthresh=3)
    left.set_xlim(-0.4, 1.3 * max(p.at for p in clutter))
    left.minorticks_off()
    left.set_xticks([p.at for p in clutter], [f"{p.at:g}" for p in clutter])
    _panel(right, misses, "share of hits missed (10 defects in a revolution)")
    left.set_ylabel(f"coils with the mark found, of {coils}")
    figure.legend(
        *left.get_legend_handles_labels(), loc="outside lower center", ncols=3, frameon=False, fontsize=9
    )
    figure.suptitle("Roll marks of 1-8 m, jitter 1 %, at 1 % false alarms a coil", color=INK, fontsize=11)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path)


def _panel(axes: Axes, points: Sequence[Point], title: str) -> None:
    for name, label, colour, style in CURVES:
        axes.plot(
            [p.at for p in points], [getattr(p, name) for p in points], style, color=colour, label=label
        )
    axes.set_ylim(-0.03, 1.03)
    axes.set_xlabel(title, color=INK)
    axes.grid(alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)
