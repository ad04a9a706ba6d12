"""One run of a recipe: what was asked for, the files it starts from, what its checkpoints are known by."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from model.frames.frames import LabelledFrame
from model.frames.refused import TrainingRefused
from model.training.checkpoints import Identity
from model.training.hardware import Hardware
from model.training.progress import Watch
from model.training.recipe import Recipe, Stage
from model.training.starts import published_file, sha256


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingRun:
    """weights: a folder with published starts, or None: random ones. minutes: of all stages together.

    batch_limit: frames a step at most, whatever the recipe says. work: the folder for checkpoints.
    """

    recipe: Recipe
    work: Path
    hardware: Hardware
    watch: Watch
    weights: Path | None = None
    seed: int = 0
    minutes: float = math.inf
    batch_limit: int | None = None
    checkpoint_every_s: float = 60.0


def encoder_of(recipe: Recipe, stage: Stage) -> str:
    """The encoder of the network that a stage trains."""
    if stage.network == "segmenter":
        return recipe.segmenter.encoder
    assert recipe.gate is not None
    return recipe.gate.encoder


def scouted_file(run: TrainingRun, stage: Stage) -> Path | None:
    """Weights that stand for the stage; only those that saw none of this run's held-out frames."""
    scouted = stage.replaced_by
    if run.weights is None or scouted is None or scouted.held_out_fold != run.recipe.held_out_fold:
        return None
    path = run.weights / scouted.file
    return path if path.is_file() else None


def check_trainable(recipe: Recipe) -> None:
    """Samplers cut crops of whole frames, losses know a gate's dense cells. Raises TrainingRefused."""
    heads = [recipe.segmenter.gate_head, *([recipe.gate.architecture] if recipe.gate else [])]
    if recipe.input.view.kind != "whole" or set(heads) != {"dense"}:
        raise TrainingRefused(
            f"the recipe {recipe.name} cannot be trained by `train`, which knows whole frames and dense "
            f"gates: `python -m model study train` trains the others"
        )


def check_starts(run: TrainingRun) -> None:
    """Before the first step, not hours into the run. Raises TrainingRefused."""
    if run.weights is None:
        return
    if not run.weights.is_dir():
        raise TrainingRefused(f"--weights {run.weights} is not a folder")
    for stage in run.recipe.stages:
        if stage.start == "imagenet" and scouted_file(run, stage) is None:
            published_file(encoder_of(run.recipe, stage), run.weights)


def identity_of(run: TrainingRun, frames: Sequence[LabelledFrame]) -> Identity:
    """What checkpoints of all stages have in common."""
    seen = hashlib.sha256()
    for frame in frames:
        seen.update(f"{frame.image_id} {frame.truth} {sorted(frame.area_px_by_class.items())}".encode())
        seen.update(frame.pixels.tobytes())
        seen.update(frame.class_map.tobytes())
    return {
        "frames": seen.hexdigest(),
        "seed": str(run.seed),
        "held-out fold": str(run.recipe.held_out_fold),
        "starts": " ".join(_start_files(run)),
    }


def _start_files(run: TrainingRun) -> list[str]:
    found = []
    for stage in run.recipe.stages:
        path = scouted_file(run, stage)
        if path is None and run.weights is not None and stage.start == "imagenet":
            path = published_file(encoder_of(run.recipe, stage), run.weights)
        found.append(sha256(path) if path is not None else "none")
    return found


def recipe_digest(recipe: Recipe, index: int) -> str:
    """Of all that a stage's result depends on: later stages may change without losing the earlier ones."""
    upto = recipe.model_copy(update={"stages": recipe.stages[: index + 1], "precision": "auto"})
    return hashlib.sha256(json.dumps(upto.model_dump(mode="json"), sort_keys=True).encode()).hexdigest()
