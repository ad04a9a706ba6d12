"""The plot: milliseconds a frame against the share of defective frames, a panel for each engine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from model.bench.figures import MEASURED
from model.card import DESIGNS
from model.palette import OKABE_ITO

_COLOURS: Final[Mapping[str, str]] = dict(
    zip(DESIGNS, (OKABE_ITO[1], OKABE_ITO[5], OKABE_ITO[2]), strict=True)
)
_MARKS: Final[Mapping[str, str]] = dict(zip(DESIGNS, "osD", strict=True))
_STYLE: Final[Any] = {
    "svg.hashsalt": "bench",
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlelocation": "left",
    "axes.titlesize": 10.5,
    "grid.alpha": 0.25,
    "legend.frameon": False,
}
_PANEL: Final = (4.2, 3.2)
_WIDEST_LEGEND: Final = 5.4

Found = Mapping[str, Any]


def draw(record: Found, svg: Path, png: Path) -> bool:
    """Write both; False where nothing was measured."""
    panels = [
        [(found, engine) for engine, of in found["engines"].items() if of["fastest"]]
        for found in record["found"]
    ]
    panels = [row for row in panels if row]
    if not panels:
        return False
    columns = max(map(len, panels))
    size = max(_WIDEST_LEGEND, _PANEL[0] * columns), _PANEL[1] * len(panels) + 0.5
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=size, layout="constrained")
        grid = figure.subplots(len(panels), columns, squeeze=False)
        for axes_of, row in zip(grid, panels, strict=True):
            for axes, panel in zip(axes_of, row, strict=False):
                _panel(axes, *panel)
            for axes in axes_of[len(row) :]:
                axes.set_axis_off()
            axes_of[0].set_ylabel("milliseconds a frame")
        handles, labels = grid[0][0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside upper center", ncols=len(labels))
        figure.savefig(svg, metadata={"Date": None, "Creator": None})
        figure.savefig(png, dpi=110, metadata={"Software": None})
    return True


def _panel(axes: Axes, found: Found, engine: str) -> None:
    for design in DESIGNS:
        rows = [r for r in found["rows"] if (r["engine"], r["design"]) == (engine, design)]
        rows = sorted((r for r in rows if r["status"] == MEASURED), key=lambda r: r["percent"])
        _line(axes, design, rows)
    even = found["engines"][engine]["break_even"]["time"]
    share = even and even["measured_share"]
    if share:
        axes.axvline(100 * share, color="0.45", linestyle=":", linewidth=1)
        axes.annotate(
            f"{100 * share:.0f} %", (100 * share, 1), xycoords=("data", "axes fraction"),
            xytext=(3, -9), textcoords="offset points", color="0.35", fontsize=9,
        )  # fmt: skip
    axes.set(title=f"{found['models']}, {engine}", xlabel="% of frames defective", ylim=(0, None))
    axes.grid(visible=True)


def _line(axes: Axes, design: str, rows: Sequence[Found]) -> None:
    if not rows:
        return
    shares = [row["percent"] for row in rows]
    middle = [row["time"]["ms_a_frame"] for row in rows]
    colour = _COLOURS[design]
    axes.plot(shares, middle, marker=_MARKS[design], markersize=5, color=colour, label=design)
    axes.fill_between(
        shares,
        [row["time"]["least_ms_a_frame"] for row in rows],
        [row["time"]["most_ms_a_frame"] for row in rows],
        color=colour,
        alpha=0.12,
        linewidth=0,
    )
