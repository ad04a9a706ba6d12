"""MODEL_CARD.md of a bundle, from its card and an evaluation: what it is for, how good, how surely."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from model.card import PLANT, Card
from model.evaluation import model_card_figures as figures
from model.evaluation.anchors import anchors_of
from model.evaluation.markdown import bullets, bullets_of, table
from model.evaluation.report import percent, three

Figures = Mapping[str, Any]

DATA_LICENCE = """The frames are competition data (Severstal: Steel Defect Detection, Kaggle). They may
be used under the competition's rules and must not be redistributed, so none is in the repository, in the
bundle or in the committed report. The weights were learnt from them and from published ImageNet weights:
whoever uses them for a business reads those rules first."""

USE = """For frames of 1600x256 px from a camera above a steel strip, grey, lit and scaled like those of
the training set. A gate decides which frames the segmenter looks at; `plant`, the default operating
point, is chosen for few missed defects, `kaggle` for the competition's score. Not for other lines or
cameras without calibrating and judging on frames of theirs; not for defects that are not among the
classes, for their depth, or as the only thing that stands between a defect and harm."""

WEAK_RECALL = 0.6

LIMITS = (
    "The miss bound takes frames as independent draws of one line; near-duplicates, another camera or "
    "another product make it optimistic. Calibrate on frames of your own.",
    "People who draw masks disagree on borders, so even a perfect network would not reach a Dice of 1.",
    "Scores are not probabilities of a line's own share of defects: see the calibration above.",
)


def render_card(card: Card, version: str, evaluation: Figures) -> str:
    """The model card as Markdown. The same card, version and evaluation give the same text."""
    parts = [
        [f"# Model card: {card.name}", _head(card, version, evaluation)],
        ["## Intended use", _flowing(USE) if _is_severstal(card) else _own_use(card)],
        ["## Networks", _networks(card)],
        ["## Data", *_data(card)],
        ["## How it was judged", *figures.judged(evaluation)],
        ["## Gate", *figures.gate(evaluation)],
        ["## Masks", *figures.masks(evaluation)],
        ["## Regions and crops", *figures.regions(evaluation)],
        ["## Presets", *_presets(card)],
        ["## Thresholds", *_thresholds(card)],
        ["## Scores to watch for drift", *_distribution(card)],
        ["## Speed", *figures.speed(evaluation)],
        ["## Limits", _limits(evaluation)],
        ["## Licence", _licence(card)],
    ]
    return "\n\n".join(block for part in parts for block in part if block) + "\n"


def _head(card: Card, version: str, e: Figures) -> str:
    return (
        f"`{version}`, made {card.created_at}. Figures: preset `{e['preset']}`, engine `{e['engine']}`, "
        f"{e['machine']}, {e['made_at']}. This page is made from the bundle's `card.json` and from "
        f"`evaluation.json` by `python -m model evaluate`; do not edit it."
    )


def _own_use(card: Card) -> str:
    size = f"{card.input.width_px}x{card.input.height_px}"
    return f"For grey frames of {size} px like those that it was trained on; judge it on your own before use."


def _networks(card: Card) -> str:
    spec = card.input
    rows = [] if card.gate is None else [("gate", card.gate.architecture, card.gate.encoder)]
    rows += [
        ("segmenter", card.segmenter.architecture, card.segmenter.encoder),
    ]
    seen = f"{spec.height_px // spec.reduce}x{spec.width_px // spec.reduce}"
    classes = ", ".join(f"{kind.class_id} {kind.name}" for kind in card.classes)
    return (
        table(("network", "architecture", "encoder"), rows)
        + f"\n\nInput: {spec.height_px}x{spec.width_px} px grey, decoded to {seen}. Classes: {classes}. "
        + f"Presets: {', '.join(f'`{name}` (gate: {p.gate})' for name, p in card.presets.items())}."
    )


def _data(card: Card) -> Iterable[str]:
    yield "As the bundle's card states it:"
    yield bullets(card.data)


def _thresholds(card: Card) -> Iterable[str]:
    yield table(
        ("preset", "operating point", "gate at", *(f"{k.class_id}: top/bottom/px" for k in card.classes)),
        [
            (
                name,
                point_name,
                f"{point.gate_threshold:.4f}",
                *(f"{m.top_threshold:g}/{m.bottom_threshold:g}/{m.min_area_px}" for m in point.masks),
            )
            for name, preset in card.presets.items()
            for point_name, point in preset.operating_points.items()
        ],
    )
    for name, preset in card.presets.items():
        for point_name, point in preset.operating_points.items():
            yield f"`{name}`, `{point_name}`:\n\n{bullets(point.chosen)}"


def _presets(card: Card) -> Iterable[str]:
    """What the bundle's own card says of each preset: of its one fold, measured when it was made."""
    yield "Each preset on the fold that the bundle held out, as its card states it (`plant`, cross-fitted):"
    rows = [(name, preset.metrics) for name, preset in card.presets.items() if PLANT in preset.metrics]
    yield (
        table(
            ("preset", "gate AUC", "missed", "clean rejected", "positive Dice"),
            [
                (
                    name,
                    three(metrics.get("auc", {}).get("value")),
                    *_counts(metrics[PLANT]["cross_fitted"].get("gate")),
                    three(metrics[PLANT]["cross_fitted"]["masks"]["positive_dice"]["mean"]),
                )
                for name, metrics in rows
            ],
        )
        if rows
        else "The card states none."
    )


def _counts(gate: Figures | None) -> tuple[str, str]:
    if gate is None:
        return "-", "-"
    return (
        f"{gate['missed']} of {gate['defective']}",
        f"{gate['clean_rejected']} of {gate['clean']}",
    )


def _distribution(card: Card) -> Iterable[str]:
    yield "Gate scores of held-out frames; scores of a line that move away from these are a reason to look."
    yield bullets(card.score_distribution) or "The card states none."


def _limits(e: Figures) -> str:
    clean = e["frames"]["by_truth"]["clean"]
    recall = e["regions"][PLANT]["recall"].items()
    weak = [
        f"Of class {row}, {percent(cells['all']['share'], 0)} of {cells['all']['n']} regions are found."
        for row, cells in recall
        if row != "all" and cells["all"]["n"] and cells["all"]["share"] < WEAK_RECALL
    ]
    few = f"Only {clean} whole clean frames judge the gate, so what is said of clean frames is wide."
    return bullets_of([few, *LIMITS, *weak])


def _licence(card: Card) -> str:
    code = "Code: Apache-2.0, as the repository."
    return f"{code} {_flowing(DATA_LICENCE)}" if _is_severstal(card) else code


def _is_severstal(card: Card) -> bool:
    return anchors_of(card.name) is not None


def _flowing(text: str) -> str:
    return " ".join(text.split())
