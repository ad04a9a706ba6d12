"""The picture of a whole dashboard: a card for each panel, where Grafana's grid has it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.legend import Legend
from matplotlib.lines import Line2D
from matplotlib.patches import FancyBboxPatch, Patch

from monitoring.preview.panel import Panel

COLUMNS = 24
WIDTH_IN, ROW_IN, HEAD_IN, GAP_IN = 16.0, 0.37, 0.62, 0.07
TITLE_IN, PAD_IN, LEGEND_ROW_IN, TICKS_IN = 0.42, 0.12, 0.19, 0.26
DPI = 120
PAGE, CARD, EDGE, INK, FAINT, GRID = "#f4f5f5", "#ffffff", "#dcdfe3", "#24292e", "#6e7781", "#e8eaed"
TEXT, SMALL = 8.5, 7.5
LETTER_IN = 0.072
"""About the width of a letter of a legend."""


@dataclass(frozen=True, slots=True)
class Frame:
    """A card's place in inches from the picture's lower left."""

    left: float
    bottom: float
    width: float
    height: float


@dataclass(slots=True)
class Key:
    """The legend of a card."""

    handles: list[Line2D | Patch] = field(default_factory=list)

    def line(self, name: str, colour: str, *, dashed: bool = False) -> None:
        """A line's entry."""
        line = Line2D([], [], color=colour, label=name, linewidth=2.2)
        if dashed:
            line.set_linestyle((0, (3, 2)))
        self.handles.append(line)

    def patch(self, name: str, colour: str) -> None:
        """An area's or a bar's entry."""
        self.handles.append(Patch(color=colour, label=name, linewidth=0))


class Sheet:
    """One figure, never the state of `pyplot`."""

    def __init__(self, title: str, note: str, panels: Sequence[Panel]) -> None:
        rows = max(panel.grid["y"] + panel.grid["h"] for panel in panels)
        self._height_in = rows * ROW_IN + HEAD_IN
        self.figure = Figure(figsize=(WIDTH_IN, self._height_in), dpi=DPI, facecolor=PAGE)
        FigureCanvasAgg(self.figure)
        top = 1 - HEAD_IN / 2 / self._height_in
        self.figure.text(0.009, top, title, size=16, weight="bold", color=INK, va="center")
        self.figure.text(0.991, top, note, size=TEXT + 0.5, color=FAINT, va="center", ha="right")

    def card(self, panel: Panel) -> Card:
        """A white card with the panel's title, where its grid says."""
        column_in = WIDTH_IN / COLUMNS
        grid = panel.grid
        frame = Frame(
            grid["x"] * column_in + GAP_IN,
            self._height_in - HEAD_IN - (grid["y"] + grid["h"]) * ROW_IN + GAP_IN,
            grid["w"] * column_in - 2 * GAP_IN,
            grid["h"] * ROW_IN - 2 * GAP_IN,
        )
        return Card(self.figure, frame, panel.title, self._height_in)

    def save(self, path: Path) -> None:
        """As PNG; the same data gives the same bytes."""
        path.parent.mkdir(parents=True, exist_ok=True)
        self.figure.savefig(path, facecolor=PAGE, metadata={"Software": None})


class Card:
    """Room for one panel."""

    def __init__(self, figure: Figure, frame: Frame, title: str, height_in: float) -> None:
        self.figure = figure
        self.frame = frame
        self._height_in = height_in
        box = FancyBboxPatch(
            self._at(frame.left, frame.bottom),
            frame.width / WIDTH_IN,
            frame.height / height_in,
            boxstyle="round,pad=0,rounding_size=0.002",
            mutation_aspect=WIDTH_IN / height_in,
            transform=figure.transFigure,
            facecolor=CARD,
            edgecolor=EDGE,
            linewidth=0.8,
            zorder=-1,
        )
        figure.add_artist(box)
        x, y = self._at(frame.left + PAD_IN, frame.bottom + frame.height - 0.2)
        figure.text(x, y, title, size=TEXT + 1.5, weight="bold", color=INK, va="center")

    def axes(self, *, left_in: float = 0.7, right_in: float = 0.2, key: Key | None = None) -> Axes:
        """The panel's own axes, with room for ticks, and for the legend where there is one."""
        rows = self._legend(key) if key and key.handles else 0
        bottom_in = TICKS_IN + rows * LEGEND_ROW_IN + (0.1 if rows else 0.04)
        axes = self.plain(left_in=left_in, right_in=right_in, bottom_in=bottom_in)
        axes.tick_params(which="both", length=0, labelsize=SMALL, labelcolor=FAINT, pad=4)
        axes.grid(color=GRID, linewidth=0.8)
        axes.set_axisbelow(True)
        for side in axes.spines.values():
            side.set_visible(False)
        return axes

    def plain(self, *, left_in: float = PAD_IN, right_in: float = PAD_IN, bottom_in: float = PAD_IN) -> Axes:
        """Axes that fill the card below its title."""
        frame = self.frame
        x, y = self._at(frame.left + left_in, frame.bottom + bottom_in)
        width = (frame.width - left_in - right_in) / WIDTH_IN
        height = (frame.height - TITLE_IN - bottom_in - 0.04) / self._height_in
        return self.figure.add_axes((x, y, width, height), facecolor=CARD)

    def nothing(self) -> None:
        """What stands where no query has an answer."""
        axes = self.plain()
        axes.set_axis_off()
        axes.text(0.5, 0.5, "no data", size=11, color=FAINT, ha="center", va="center")

    def _legend(self, key: Key) -> int:
        room_in = self.frame.width - 2 * PAD_IN
        columns = _columns([str(handle.get_label()) for handle in key.handles], room_in)
        rows = -(-len(key.handles) // columns)
        legend = Legend(
            self.figure,
            key.handles,
            [str(handle.get_label()) for handle in key.handles],
            loc="lower left",
            bbox_to_anchor=self._at(self.frame.left + PAD_IN / 2, self.frame.bottom + 0.02),
            bbox_transform=self.figure.transFigure,
            ncols=columns,
            frameon=False,
            fontsize=SMALL + 0.3,
            labelcolor=INK,
            handlelength=1.1,
            handleheight=0.7,
            handletextpad=0.5,
            columnspacing=1.4,
            labelspacing=0.35,
            borderpad=0.3,
        )
        self.figure.add_artist(legend)
        return rows

    def _at(self, x_in: float, y_in: float) -> tuple[float, float]:
        return x_in / WIDTH_IN, y_in / self._height_in


def _columns(names: Sequence[str], room_in: float) -> int:
    """As many columns as fit, filled downwards as matplotlib fills them."""
    for columns in range(len(names), 1, -1):
        rows = -(-len(names) // columns)
        widest = [max(map(len, names[at : at + rows])) for at in range(0, len(names), rows)]
        if sum(width * LETTER_IN + 0.42 for width in widest) <= room_in:
            return columns
    return 1
