"""The report that people read: one page, without scripts or anything from elsewhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import jinja2

from model.evaluation import plots
from model.evaluation.gate_figures import Scores
from model.palette import colour_of

TEMPLATE: Final = "report.html.j2"

GALLERIES: Final = (
    ("best", "Best: the highest Dice of each class"),
    ("worst", "Worst: the lowest Dice among frames that passed the gate"),
    ("missed", "Missed: defective frames that the gate stops"),
    ("false", "False: clean frames that the gate passes on, those with masks first"),
)


def render_report(evaluation: Mapping[str, Any], scores: Scores, pictures: Mapping[str, str]) -> str:
    """The page as HTML. pictures: image id -> data URI; without any the galleries only name their frames."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
    )
    environment.filters |= FILTERS
    names = {str(kind["class_id"]): kind["name"] for kind in evaluation["classes"]}
    return environment.get_template(TEMPLATE).render(
        e=evaluation,
        title=evaluation["bundles"][0]["version"].partition("@")[0],
        names=names,
        settings=settings(evaluation),
        plots=_plots(evaluation, scores, names),
        pictures=pictures,
        galleries=GALLERIES,
        colours={c["class_id"]: colour_of(c["class_id"]) for c in evaluation["classes"]},
    )


def settings(evaluation: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """The mask figures of every setting, with its name in words."""
    masks = evaluation["masks"]
    named = [
        (f"{point}, {words(how)}", one)
        for point, sides in masks.items()
        if point != "plain"
        for how, one in sides.items()
    ]
    return [*named, ("segmenter alone at .5", masks["plain"])]


def caption(shown: Mapping[str, Any]) -> str:
    """What stands under one frame of a gallery."""
    truth = {"mask": "", "boxes": ", masks not known", "clean": ", clean"}[shown["truth"]]
    parts = [
        f"{shown['image_id']} (fold {shown['fold']}{truth})",
        f"gate {shown['gate_score']:.3f}, {'passed on' if shown['passed'] else 'stopped'}",
        *(f"Dice of class {c} {value:.2f}" for c, value in shown["dice_by_class"].items()),
        *(f"false class {c}" for c in shown["false_classes"]),
    ]
    return "; ".join(parts)


def words(how: str) -> str:
    """`cross_fitted` -> `cross-fitted`, `as_shipped` -> `as shipped`."""
    return {"cross_fitted": "cross-fitted"}.get(how, how.replace("_", " "))


def percent(value: float | None, places: int = 1) -> str:
    """A share in percent."""
    return "-" if value is None else f"{100 * value:.{places}f} %"


def three(value: float | None) -> str:
    """Three places."""
    return "-" if value is None else f"{value:.3f}"


def interval(pair: Sequence[float] | None, form: str = "percent") -> str:
    """`low-high`, as shares in percent or with three places."""
    if pair is None:
        return "-"
    if form == "three":
        return f"{pair[0]:.3f}-{pair[1]:.3f}"
    places = 0 if form == "percent0" else 1
    return f"{100 * pair[0]:.{places}f}-{100 * pair[1]:.{places}f} %"


def _one_or_range(pair: Sequence[float]) -> str:
    return f"{pair[0]:.3f}" if pair[0] == pair[1] else interval(pair, "three")


FILTERS: Final = {
    "percent": percent,
    "three": three,
    "range": interval,
    "one_or_range": _one_or_range,
    "words": words,
    "caption": caption,
    "thousands": "{:,}".format,
}


def _plots(evaluation: Mapping[str, Any], scores: Scores, names: Mapping[str, str]) -> dict[str, str]:
    gate, anchors = evaluation["gate"], evaluation["anchors"]
    return {
        "roc": plots.plot_roc(scores, gate),
        "miss": plots.plot_miss(scores, gate, anchors),
        "scores": plots.plot_scores(scores),
        "reliability": plots.plot_reliability(gate["reliability"], gate["reliability_reweighted"]),
        "dice": plots.plot_dice(evaluation["masks"], names, anchors),
    }
