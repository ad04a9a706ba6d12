"""The reference's two tables with our columns beside theirs, in Markdown and JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from model.evaluation.machine import now
from model.evaluation.markdown import table
from model.frames.refused import TrainingRefused
from model.study.protocols import GATE_EXPLAINED, MASKS_EXPLAINED
from model.study.recipe import StudyRecipe, shipped_recipes

MARKDOWN_FILE, JSON_FILE = "recipes.md", "recipes.json"

UNTRAINED: Final = "not trained here"

_HOW: Final = (
    "The reference's column is quoted from its own runs, on all 12,568 frames and its own split; ours are of "
    "the frames and the minutes that each row names, on a fold that the row never learnt from. Our networks "
    "see a grey frame as one channel, not as three alike."
)


def write_tables(judgements: Sequence[Mapping[str, Any]], out: Path) -> list[Path]:
    """Write both files; rows without a judgement say so. Raises TrainingRefused for a row judged twice."""
    rows = merged(shipped_recipes(), judgements)
    out.mkdir(parents=True, exist_ok=True)
    markdown, stated = out / MARKDOWN_FILE, out / JSON_FILE
    markdown.write_text(render(rows), "utf-8")
    stated.write_text(json.dumps({"made_at": now(), "rows": rows}, indent=2) + "\n", "utf-8")
    return [markdown, stated]


def merged(recipes: Sequence[StudyRecipe], judgements: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """A row for each recipe, its judgement None where nobody trained it; then judged recipes of others."""
    by_name: dict[str, Mapping[str, Any]] = {}
    for judgement in judgements:
        name = str(judgement["recipe"])
        if name in by_name:
            raise TrainingRefused(f"two of the folders are of the recipe {name}: give one of them")
        by_name[name] = judgement
    rows = [
        {
            "recipe": recipe.name,
            **recipe.row.model_dump(),
            "note": recipe.note,
            "judgement": by_name.pop(recipe.name, None),
        }
        for recipe in recipes
    ]
    others = [{"recipe": n, **j["row"], "note": "", "judgement": j} for n, j in by_name.items()]
    return rows + others


def render(rows: Sequence[Mapping[str, Any]]) -> str:
    """The page: both tables, how each row was trained, what the figures mean."""
    parts = ["# The reference's ten rows, trained and judged again", _HOW, "## Classifiers"]
    parts.append(
        table(
            ("row", "reference", *_GATE_HEAD),
            [_gate_row(row) for row in rows if row["table"] == "classifier"],
        )
    )
    parts += [_GATE_COLUMNS, GATE_EXPLAINED, "## Segmenters"]
    parts.append(
        table(
            ("row", "reference", *_MASKS_HEAD),
            [_masks_row(row) for row in rows if row["table"] == "segmenter"],
        )
    )
    parts += [_MASKS_COLUMNS, MASKS_EXPLAINED]
    shared = [row for row in rows if row["table"] == "segmenter" and _part(row, "gate")]
    if shared:
        parts += [
            "### Their gates",
            table(("row", *_GATE_HEAD), [[row["label"], *_gate_cells(row)] for row in shared]),
        ]
    parts.append("## How each row was trained")
    parts.append("\n".join(f"- {row['label']}: {_trained(row)}" for row in rows))
    return "\n\n".join(parts) + "\n"


_GATE_HEAD: Final = ("ours: crops", "ours: frames", "honest", "passes", "stops", "AUC")
_MASKS_HEAD: Final = ("ours: soft, batches", "honest", "1", "2", "3", "4", "clean with masks")

_GATE_COLUMNS: Final = (
    "crops: accuracy of the pictures that the network sees, at .5 (a row that resizes sees frames). frames: "
    "any picture above .5, over the held-out frames as they are. honest: the same with 53 % defective "
    "frames, as in the whole set. passes, stops: defective frames that pass, clean ones that stop."
)
_MASKS_COLUMNS: Final = (
    "soft, batches: the reference's protocol. honest: hard Dice over pairs of frame and class that are "
    "there; 1 to 4: the same by class."
)


def _part(row: Mapping[str, Any], name: str) -> Mapping[str, Any] | None:
    judgement = row["judgement"]
    return None if judgement is None else judgement.get(name)


def _gate_row(row: Mapping[str, Any]) -> list[str]:
    return [row["label"], f"{row['figure']:.3f}", *_gate_cells(row)]


def _gate_cells(row: Mapping[str, Any]) -> list[str]:
    gate = _part(row, "gate")
    if gate is None:
        return [UNTRAINED, *["-"] * 5]
    reference, honest = gate["reference"], gate["honest"]
    defective, clean = honest["defective"], honest["clean"]
    return [
        _figure(reference["crops"]["accuracy"]),
        _figure(reference["frames"]["accuracy"]),
        _figure(honest["accuracy_as_whole_set"]),
        f"{defective['passed']} of {defective['n']}",
        f"{clean['stopped']} of {clean['n']}",
        _figure(honest["auc"]),
    ]


def _masks_row(row: Mapping[str, Any]) -> list[str]:
    start = [row["label"], f"{row['figure']:.3f}"]
    masks = _part(row, "masks")
    if masks is None:
        return [*start, UNTRAINED, *["-"] * 6]
    honest = masks["honest"]
    by_class = [honest["by_class"].get(str(c)) for c in range(1, 5)]
    return [
        *start,
        _figure(masks["reference"]["dice"]),
        f"{_figure(honest['pair_mean'])} (n = {honest['pairs']})",
        *("-" if of_class is None else _figure(of_class["dice"]) for of_class in by_class),
        f"{honest['false_on_clean']['with_masks']} of {honest['false_on_clean']['clean']}",
    ]


def _trained(row: Mapping[str, Any]) -> str:
    judgement = row["judgement"]
    if judgement is None:
        return f"{UNTRAINED}. {row['note']}".strip()
    by = judgement["judged_by"]
    said = (
        f"{judgement['trained']}; judged on {by['frames']} frames of fold {by['fold']}, {by['clean']} clean"
    )
    return f"{said}. {row['note']}".strip()


def _figure(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
