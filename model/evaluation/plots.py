"""The report's plots as inline SVG, in the page's own colours, so that they are read in light and in dark."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from model.evaluation.gate_figures import Scores, curve

INK, FAINT, CLEAN, DEFECT, ACCENT, THIRD = "#010101", "#020202", "#030303", "#040404", "#050505", "#060606"
_VARIABLES: Final = {
    INK: "--ink",
    FAINT: "--faint",
    CLEAN: "--clean",
    DEFECT: "--defect",
    ACCENT: "--accent",
    THIRD: "--third",
}
"""Colours that stand for the page's variables: matplotlib writes them, `inline_svg` the variables."""

STYLE: Final[Any] = {
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.size": 11,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": FAINT,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 12,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "xtick.color": FAINT,
    "ytick.color": FAINT,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "grid.color": FAINT,
    "grid.alpha": 0.25,
    "legend.frameon": False,
    "legend.fontsize": 9.5,
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    "savefig.facecolor": "none",
}
_SIZE: Final = (5.6, 3.9)
_MARKS: Final = {"plant": ("o", ACCENT), "kaggle": ("D", THIRD)}

Figures = Mapping[str, Any]


def plot_roc(scores: Scores, gate: Figures) -> str:
    """The ROC curve of each fold and of all together."""
    with mpl.rc_context(STYLE | {"svg.hashsalt": "roc"}):
        figure, axes = new_figure("ROC of the gate", "clean frames passed on", "defective frames passed on")
        for fold in _folds(scores):
            axes.step(*curve(fold), where="post", color=FAINT, linewidth=0.8, alpha=0.7)
        axes.step(*curve(scores), where="post", color=ACCENT, linewidth=2)
        axes.plot([0, 1], [0, 1], color=FAINT, linewidth=0.8, linestyle=":")
        auc, (low, high) = gate["auc"], gate["auc"]["interval_95"] or (0, 1)
        said = (
            f"AUC {auc['value']:.3f} ({low:.3f}-{high:.3f})\n{auc['defective']:,} defective, "
            f"{auc['clean']} clean"
        )
        axes.text(0.98, 0.06, said, ha="right", transform=axes.transAxes)
        axes.set_xlim(-0.01, 1.01)
        axes.set_ylim(-0.01, 1.01)
        return inline_svg(figure)


def plot_miss(scores: Scores, gate: Figures, anchors: Figures | None) -> str:
    """Defective frames missed against clean ones rejected, with the operating points and their intervals."""
    with mpl.rc_context(STYLE | {"svg.hashsalt": "miss"}):
        figure, axes = new_figure("What the gate misses, what it saves", "clean rejected", "defective missed")
        for fold in _folds(scores):
            passed, found = curve(fold)
            axes.step(1 - passed, 1 - found, where="pre", color=FAINT, linewidth=0.8, alpha=0.7)
        passed, found = curve(scores)
        axes.step(1 - passed, 1 - found, where="pre", color=INK, linewidth=1.6)
        highest = 0.06
        for point, sides in gate["points"].items():
            marker, colour = _MARKS.get(point, ("s", INK))
            crossed = sides["cross_fitted"]
            x, y = crossed["clean_rejected_share"], crossed["miss_share"]
            highest = max(highest, 1.1 * crossed["miss_share_95"][1])
            errors: Any = {
                "xerr": [[abs(x - b)] for b in crossed["clean_rejected_share_95"]],
                "yerr": [[abs(y - b)] for b in crossed["miss_share_95"]],
            }
            axes.errorbar(x, y, **errors, fmt=marker, color=colour, capsize=2, label=f"{point}, cross-fitted")
            shipped = sides["as_shipped"]
            where = (shipped["clean_rejected_share"], shipped["miss_share"])
            axes.plot(*where, marker, color=colour, fillstyle="none", label=f"{point}, as shipped")
        if anchors:
            where = (anchors["recall_rejects"], 1 - anchors["recall"])
            axes.plot(*where, "*", color=DEFECT, markersize=9, label="anchor, all frames")
        axes.axhline(0.02, color=FAINT, linewidth=0.8, linestyle=":")
        axes.set_xlim(0, 1.01)
        axes.set_ylim(-0.001, highest)
        _percent(axes)
        axes.legend(loc="upper left")
        return inline_svg(figure)


def plot_reliability(plain: Figures, reweighted: Figures | None) -> str:
    """How often frames of a score are defective, against the score."""
    with mpl.rc_context(STYLE | {"svg.hashsalt": "reliability"}):
        figure, axes = new_figure("Is the score a probability?", "gate score", "share that is defective")
        axes.plot([0, 1], [0, 1], color=FAINT, linewidth=0.8, linestyle=":")
        bins = plain["bins"]
        x, y = [b["mean_score"] for b in bins], [b["defective_share"] for b in bins]
        errors = np.abs(np.array([b["defective_share_95"] for b in bins]).T - np.array(y))
        label = f"as held out, ECE {plain['ece']:.3f}"
        axes.errorbar(x, y, yerr=errors, fmt="o-", color=ACCENT, capsize=2, linewidth=1, label=label)
        if reweighted:
            bins = reweighted["bins"]
            share = f"{reweighted['clean_share']:.0%} clean"
            x, y = [b["mean_score"] for b in bins], [b["defective_share"] for b in bins]
            axes.plot(
                x,
                y,
                "D--",
                color=THIRD,
                markersize=4,
                linewidth=1,
                label=f"{share}, ECE {reweighted['ece']:.3f}",
            )
        axes.set_xlim(-0.01, 1.01)
        axes.set_ylim(-0.02, 1.03)
        axes.legend(loc="lower right")
        return inline_svg(figure)


def plot_scores(scores: Scores) -> str:
    """Where scores of clean and of defective frames lie, each as a share of its kind."""
    with mpl.rc_context(STYLE | {"svg.hashsalt": "scores"}):
        figure, axes = new_figure("Where scores lie", "gate score", "share of frames")
        edges = np.linspace(0, 1, 21)
        kinds = (("clean", ~scores.defective, CLEAN, -0.01), ("defective", scores.defective, DEFECT, 0.01))
        for name, kind, colour, shift in kinds:
            counts, _ = np.histogram(scores.values[kind], edges)
            label = f"{name}, n = {kind.sum():,}"
            middles = (edges[1:] + edges[:-1]) / 2 + shift
            axes.bar(middles, counts / max(1, kind.sum()), width=0.02, color=colour, label=label)
        axes.set_xlim(-0.01, 1.01)
        axes.legend(loc="upper center")
        return inline_svg(figure)


def plot_dice(masks: Figures, class_names: Mapping[str, str], anchors: Figures | None) -> str:
    """Positive Dice by class with intervals, under each setting, and what others reached."""
    drawn = [
        (point, sides["cross_fitted"], *_MARKS.get(point, ("s", INK)))
        for point, sides in masks.items()
        if point != "plain"
    ]
    drawn.append((".5, no gate", masks["plain"], "s", CLEAN))
    with mpl.rc_context(STYLE | {"svg.hashsalt": "dice"}):
        figure, axes = new_figure("Dice where there is a defect", "", "mean Dice")
        for k, (name, figures, marker, colour) in enumerate(drawn):
            for x, class_id in enumerate(class_names):
                one = figures["positive_dice"]["by_class"][class_id]
                if not one["n"]:
                    continue
                low, high = one["interval_95"] or (one["mean"], one["mean"])
                axes.errorbar(
                    x + (k - 1) * 0.16,
                    one["mean"],
                    yerr=[[max(0, one["mean"] - low)], [max(0, high - one["mean"])]],
                    fmt=marker,
                    color=colour,
                    capsize=2,
                    markersize=5,
                    label=name if x == 0 else None,
                )
        if anchors:
            for x, class_id in enumerate(class_names):
                low, high = anchors["positive_dice"][class_id]
                label = "anchors, ten times the frames" if x == 0 else None
                axes.fill_between(
                    [x - 0.36, x + 0.36], low - 0.002, high + 0.002, color=DEFECT, alpha=0.7, label=label
                )
        sizes = masks["plain"]["positive_dice"]["by_class"]
        ticks = [f"{class_id} {name}\nn = {sizes[class_id]['n']}" for class_id, name in class_names.items()]
        axes.set_xticks(range(len(ticks)), ticks)
        axes.set_ylim(0, 1)
        axes.legend(loc="lower right", ncols=2)
        return inline_svg(figure)


def new_figure(title: str, x: str, y: str) -> tuple[Figure, Axes]:
    """A plot in the reports' size and style, its axes named. Call it inside `mpl.rc_context(STYLE)`."""
    figure = Figure(figsize=_SIZE, layout="constrained")
    axes = figure.add_subplot()
    axes.set(title=title, xlabel=x, ylabel=y)
    axes.grid(visible=True)
    return figure, axes


def _percent(axes: Axes) -> None:
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(lambda value, _: f"{100 * value:.3g} %")


def _folds(scores: Scores) -> Sequence[Scores]:
    """Each fold by itself, when there are several."""
    folds = np.unique(scores.folds)
    if len(folds) < 2:
        return []
    return [
        Scores(
            labels=tuple(label for label in scores.labels if label.fold == fold),
            values=scores.values[scores.folds == fold],
        )
        for fold in folds
    ]


def inline_svg(figure: Figure) -> str:
    """The figure as an <svg> element that grows with the page."""
    coded = io.StringIO()
    figure.savefig(coded, format="svg", metadata={"Date": None, "Creator": None})
    text = coded.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r'^<svg ([^>]*?)height="[^"]*"([^>]*?)width="[^"]*"', r'<svg role="img" \1\2', text)
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    for colour, variable in _VARIABLES.items():
        text = text.replace(colour, f"var({variable})")
    return text
