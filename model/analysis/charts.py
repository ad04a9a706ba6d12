"""The analysis's plots as inline SVG: classes in the colours of every picture, the rest in the page's own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from model.analysis.counts import QUANTILES
from model.evaluation.plots import FAINT, INK, STYLE, inline_svg, new_figure
from model.frames.annotations import Areas
from model.palette import colour_of

_WIDE: Final = (11.6, 3.6)
_BINS_PER_DECADE: Final = 8
_LARGEST_DECADE: Final = 6
"""A whole frame has 409,600 px."""

Figures = Mapping[str, Any]
Names = Mapping[str, str]


def draw_all(analysis: Figures, areas_px: Areas, names: Names) -> dict[str, str]:
    """Name -> <svg>, of every plot that the analysis has figures for."""
    drawn = {
        "classes": plot_classes(analysis["table"], names),
        "areas": plot_areas(areas_px, names),
        "together": plot_together(analysis["table"]["together"], names),
    }
    if analysis["positions"]:
        drawn["positions"] = plot_positions(analysis["positions"], analysis["width_px"], names)
    if analysis["margins"]:
        drawn["depth"] = plot_depth(analysis["margins"], names)
        drawn["likeness"] = plot_likeness(analysis["margins"], names)
    return drawn


def plot_classes(table: Figures, names: Names) -> str:
    """Frames and pixels of each class."""
    with mpl.rc_context(STYLE | {"svg.hashsalt": "classes"}):
        figure = Figure(figsize=_WIDE, layout="constrained")
        axes = figure.subplots(1, 2)
        kinds = list(table["by_class"])
        clean = [("clean", table["clean"], FAINT)] if table["clean"] else []
        frames = [(names[c], table["by_class"][c]["frames"], _colour(c)) for c in kinds] + clean
        _bars(axes[0], "Frames", frames, table["frames"])
        pixels = [(names[c], table["by_class"][c]["pixels"], _colour(c)) for c in kinds]
        _bars(axes[1], "Pixels of defects", pixels, sum(px for _, px, _ in pixels))
        return inline_svg(figure)


def _bars(axes: Axes, title: str, bars: Sequence[tuple[str, int, str]], whole: int) -> None:
    names, values, colours = zip(*bars, strict=True) if bars else ((), (), ())
    places = range(len(names))
    axes.barh(places, values, color=colours, height=0.66)
    for place, value in zip(places, values, strict=True):
        axes.annotate(
            f" {value:,} ({100 * value / max(1, whole):.1f} %)",
            (value, place),
            va="center",
            fontsize=9.5,
            color=INK,
        )
    axes.set_yticks(places, names)
    axes.invert_yaxis()
    axes.set(title=title, xlim=(0, 1.42 * max(values, default=1)), xticks=[])
    axes.spines["bottom"].set_visible(False)
    axes.tick_params(left=False)


def plot_areas(areas_px: Areas, names: Names) -> str:
    """How large a class's area on one frame is, each as a share of its class; a mark at the 2 % quantile."""
    with mpl.rc_context(STYLE | {"svg.hashsalt": "areas"}):
        figure, axes = new_figure("Area of a class on one frame", "pixels", "share of its frames")
        edges = np.arange(1, _LARGEST_DECADE + 1e-9, 1 / _BINS_PER_DECADE)
        for class_id in names:
            sizes = [areas[int(class_id)] for areas in areas_px.values() if areas.get(int(class_id))]
            if not sizes:
                continue
            logs = np.log10(sizes)
            counts, _ = np.histogram(np.clip(logs, edges[0], edges[-1]), edges)
            colour = _colour(class_id)
            axes.stairs(counts / len(sizes), 10**edges, color=colour, linewidth=1.8, label=names[class_id])
            smallest = float(np.quantile(sizes, QUANTILES[0]))
            axes.plot([smallest], [0], marker="^", color=colour, markersize=8, clip_on=False, zorder=5)
        axes.set_xscale("log")
        axes.set_ylim(0, None)
        axes.yaxis.set_major_formatter(lambda value, _: f"{100 * value:.3g} %")
        axes.legend(loc="upper left", title="triangle: 98 % are larger", title_fontsize=9)
        return inline_svg(figure)


def plot_together(together: Figures, names: Names) -> str:
    """How many frames show both of two classes; on the diagonal those of the class itself."""
    with mpl.rc_context(STYLE | {"svg.hashsalt": "together"}):
        figure, axes = new_figure("Classes on one frame", "", "")
        kinds = list(together)
        own = [max(1, together[c][c]) for c in kinds]
        for y, one in enumerate(kinds):
            for x, other in enumerate(kinds):
                value = together[one][other]
                share = value / own[y]
                alpha = 0.16 if x == y else 0.85 * share**0.6
                axes.add_patch(
                    mpl.patches.Rectangle((x - 0.48, y - 0.46), 0.96, 0.92, color=_colour(one), alpha=alpha)
                )
                said = f"{value:,}" if x == y or not value else f"{value:,}\n{100 * share:.1f} %"
                axes.annotate(said, (x, y), ha="center", va="center", fontsize=10, color=INK)
        axes.set(xlim=(-0.55, len(kinds) - 0.45), ylim=(len(kinds) - 0.45, -0.55))
        axes.set_xticks(range(len(kinds)), [f"also {names[c]}" for c in kinds])
        axes.set_yticks(range(len(kinds)), [names[c] for c in kinds])
        axes.tick_params(length=0)
        axes.grid(visible=False)
        for spine in axes.spines.values():
            spine.set_visible(False)
        return inline_svg(figure)


def plot_positions(positions: Figures, width_px: int, names: Names) -> str:
    """Where across the strip a class lies: the share of its frames that show it in a column."""
    with mpl.rc_context(STYLE | {"svg.hashsalt": "positions"}):
        figure = Figure(figsize=_WIDE, layout="constrained")
        axes = figure.add_subplot()
        axes.set(
            xlabel="column of the frame, px (across the strip)",
            ylabel="share of its frames",
        )
        axes.grid(visible=True)
        for class_id, one in positions.items():
            shares = one["share_of_frames"]
            edges = np.linspace(0, width_px, len(shares) + 1)
            axes.stairs(shares, edges, color=_colour(class_id), linewidth=1.8, label=names[class_id])
        axes.set(xlim=(0, width_px), ylim=(0, None))
        axes.yaxis.set_major_formatter(lambda value, _: f"{100 * value:.3g} %")
        axes.legend(loc="upper right", ncols=2)
        return inline_svg(figure)


def plot_depth(margins: Figures, names: Names) -> str:
    """The gradient by depth under the mask's edge, beside what masks on clean steel give."""
    with mpl.rc_context(STYLE | {"svg.hashsalt": "depth"}):
        figure, axes = new_figure(
            "Where the steel changes", "px inside the mask's edge", "gradient, times the surroundings'"
        )
        for number, (class_id, one) in enumerate(margins.items()):
            by_depth = one["by_depth"]
            depth = by_depth["depth_px"]
            clean = _or_nan(by_depth["gradient_on_clean_steel"])
            label = "the same masks on clean steel" if number == 0 else None
            axes.plot(depth, clean, color=FAINT, linewidth=1, linestyle=":", label=label)
            real = _or_nan(by_depth["gradient"])
            axes.plot(depth, real, color=_colour(class_id), linewidth=1.8, label=names[class_id])
        axes.axvline(0, color=INK, linewidth=0.9)
        axes.annotate("mask's edge ", (0, 0.03), xycoords=("data", "axes fraction"), fontsize=9, ha="right")
        axes.set(xlim=(-16, 32), ylim=(0.8, 0.8 + 1.4 * (axes.get_ylim()[1] - 0.8)))
        axes.legend(loc="upper right", ncols=2)
        return inline_svg(figure)


def plot_likeness(margins: Figures, names: Names) -> str:
    """How much of a mask looks like the steel around it: middle half and median, beside clean steel."""
    with mpl.rc_context(STYLE | {"svg.hashsalt": "likeness"}):
        figure, axes = new_figure("How much of an area looks like its surroundings", "share of pixels", "")
        for place, (class_id, one) in enumerate(margins.items()):
            sides = (
                ("like_share", -0.15, _colour(class_id), None),
                ("like_share_on_clean_steel", 0.15, FAINT, "the same masks on clean steel"),
            )
            for key, shift, colour, label in sides:
                if one[key] is None:
                    continue
                low, middle, high = one[key]
                said = label if place == 0 else None
                axes.barh(
                    place + shift, high - low, left=low, height=0.24, color=colour, alpha=0.75, label=said
                )
                axes.plot([middle] * 2, [place + shift - 0.16, place + shift + 0.16], color=INK, linewidth=2)
        axes.set_yticks(
            range(len(margins)), [f"{names[c]}\nn = {one['masks']}" for c, one in margins.items()]
        )
        axes.invert_yaxis()
        axes.set_xlim(0, 1)
        axes.xaxis.set_major_formatter(lambda value, _: f"{100 * value:.0f} %")
        if any(one["like_share_on_clean_steel"] for one in margins.values()):
            axes.legend(loc="lower left")
        return inline_svg(figure)


def _colour(class_id: str) -> str:
    return colour_of(int(class_id))


def _or_nan(values: Sequence[float | None]) -> Any:
    return np.array([np.nan if value is None else value for value in values], np.float64)
