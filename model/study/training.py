"""One row trained: its stages one after another, resumable; a folder that says how it came about."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import torch

from model.evaluation.machine import machine_line, now
from model.frames.frames import FrameSplit, LabelledFrame
from model.frames.refused import TrainingRefused
from model.nets import load_weights, save_weights
from model.study.fitting import FitPlan, fit
from model.study.losses import StudyLoss
from model.study.nets import Net, build, weights_file
from model.study.pictures import Picture, pictures_of_all
from model.study.recipe import StudyRecipe
from model.study.sampling import PictureSampler
from model.training.checkpoints import CheckpointFile, Identity
from model.training.hardware import Hardware
from model.training.progress import Watch
from model.training.starts import published_file, start_published

RUN_FILE: Final = "run.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyRun:
    """What was asked for. out: the folder for checkpoints, curves, weights and `run.json`."""

    recipe: StudyRecipe
    out: Path
    hardware: Hardware
    watch: Watch
    weights: Path | None = None
    seed: int = 0
    minutes: float = math.inf
    checkpoint_every_s: float = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainedRun:
    """A folder that `train_row` filled. stated: `run.json` without the recipe."""

    folder: Path
    recipe: StudyRecipe
    net: Net
    stated: dict[str, Any]


def train_row(run: StudyRun, split: FrameSplit) -> TrainedRun:
    """Train, or go on; the folder then holds the weights and `run.json`. Raises TrainingRefused."""
    recipe = run.recipe
    torch.manual_seed(run.seed)
    net = build(recipe)
    started = _start(run, net, split.train)
    pictures = pictures_of_all(split.train, recipe.input)
    identity = _identity(run, split)
    stages = [_fit_stage(run, net, pictures, identity, index) for index in range(len(recipe.stages))]
    sentence = _sentence(run, started, stages)
    stated: dict[str, Any] = {
        "trained": sentence,
        "started": started,
        "stages": stages,
        "seed": run.seed,
        "hardware": str(run.hardware),
        "machine": machine_line(),
        "trained_at": now(),
        "frames": split.described,
    }
    path = run.out / weights_file(recipe)
    save_weights(net.cpu(), path, sentence)
    load_weights(net, path)  # in fp16, as whoever judges or bundles it will have them
    written = {"recipe": recipe.model_dump(mode="json"), **stated}
    (run.out / RUN_FILE).write_text(json.dumps(written, indent=2) + "\n", "utf-8")
    return TrainedRun(folder=run.out, recipe=recipe, net=net, stated=stated)


def open_run(folder: Path) -> TrainedRun:
    """A trained row with its weights. Raises TrainingRefused."""
    try:
        stated = json.loads((folder / RUN_FILE).read_text("utf-8"))
        recipe = StudyRecipe.model_validate(stated.pop("recipe"))
    except FileNotFoundError:
        raise TrainingRefused(
            f"{folder} holds no {RUN_FILE}: train a study recipe with --out first"
        ) from None
    except (OSError, ValueError, KeyError) as unreadable:
        raise TrainingRefused(
            f"{folder / RUN_FILE} cannot be read ({str(unreadable).splitlines()[0]}): train the row again"
        ) from None
    net = build(recipe)
    try:
        load_weights(net, folder / weights_file(recipe))
    except Exception as unfit:  # of a torn file safetensors raises whatever it stumbles over
        reason = str(unfit).splitlines()[0]
        raise TrainingRefused(
            f"{folder / weights_file(recipe)} does not fit ({reason}): train the row again"
        ) from None
    return TrainedRun(folder=folder, recipe=recipe, net=net.eval(), stated=stated)


def _fit_stage(
    run: StudyRun, net: Net, pictures: Sequence[Picture], identity: Identity, index: int
) -> dict[str, Any]:
    """Fit the recipe's stage number `index`, or go on with it; returns what `run.json` says of it."""
    recipe = run.recipe
    stage = recipe.stages[index]
    fixed = stage.encoder == "fixed"
    net.encoder.requires_grad_(not fixed)
    name = f"{index + 1}-{stage.learns}"
    share = stage.minutes_share / sum(one.minutes_share for one in recipe.stages)
    plan = FitPlan(
        stage=name,
        steps=stage.steps,
        budget_s=60 * run.minutes * share,
        learning_rate=recipe.learning_rate,
        seed=run.seed * 100 + index,
    )
    fitted = fit(
        net,
        PictureSampler(pictures, recipe, stage, seed=plan.seed),
        StudyLoss(stage.learns, recipe.pixel_weights, fixed),
        plan,
        hardware=run.hardware,
        watch=run.watch,
        checkpoint=CheckpointFile(
            path=run.out / f"{name}.pt", identity=identity, every_s=run.checkpoint_every_s
        ),
    )
    return {
        "stage": name,
        "steps": fitted.step,
        "minutes": round(fitted.spent_s / 60, 2),
        "loss": None if math.isnan(fitted.loss) else round(fitted.loss, 5),
    }


def _start(run: StudyRun, net: Net, frames: Sequence[LabelledFrame]) -> str:
    if run.recipe.start == "random":
        return "from random weights"
    if run.weights is None:
        raise TrainingRefused(f"the recipe {run.recipe.name} starts from ImageNet: give --weights")
    return start_published(net, run.recipe.encoder, run.weights, frames)


def _identity(run: StudyRun, split: FrameSplit) -> Identity:
    """What checkpoints of all stages have in common: a run goes on with nothing else."""
    seen = hashlib.sha256()
    for frame in split.train:
        seen.update(frame.image_id.encode())
        seen.update(frame.pixels.tobytes())
        seen.update(frame.class_map.tobytes())
    start = "random"
    if run.recipe.start == "imagenet" and run.weights is not None:
        start = published_file(run.recipe.encoder, run.weights).name
    recipe = json.dumps(run.recipe.model_dump(mode="json", exclude={"row", "note"}), sort_keys=True)
    return {
        "frames": seen.hexdigest(),
        "recipe": hashlib.sha256(recipe.encode()).hexdigest(),
        "seed": str(run.seed),
        "start": start,
    }


def _sentence(run: StudyRun, started: str, stages: Sequence[dict[str, Any]]) -> str:
    minutes = sum(stage["minutes"] for stage in stages)
    steps = " + ".join(str(stage["steps"]) for stage in stages)
    recipe = run.recipe
    return (
        f"study recipe {recipe.name}: {recipe.encoder} {started}, {steps} steps of {recipe.batch_size} "
        f"pictures in {minutes:.1f} minutes ({run.hardware})"
    )
