"""`python -m model study train|judge|table|bundle`: the reference study, repeated."""

from __future__ import annotations

import argparse
import json
import logging
import math
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import numpy as np
import torch
from rich.console import Console

from model.bundle import GATE_WEIGHTS, SEGMENTER_WEIGHTS
from model.frames.reading import Frames, read_frames
from model.load import usable_cores
from model.study.bundling import bundle, parts_of
from model.study.judging import JUDGEMENT_FILE, held_out, judge, read_judgement, write_judgement
from model.study.nets import load_trainable
from model.study.recipe import StudyRecipe
from model.study.tables import write_tables
from model.study.training import RUN_FILE, StudyRun, TrainedRun, open_run, train_row
from model.training.curves import Curves
from model.training.hardware import choose_hardware
from model.training.progress import Bar, LogLines, Watch, Watches

log = logging.getLogger(__name__)

DONE, INTERRUPTED = 0, 130

QUANTISATION_FRAMES: Final = 64
"""Full-size frames, of five crops each where the view is crops."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What `study` takes."""
    commands = parser.add_subparsers(dest="study", required=True, metavar="WHAT")
    train = commands.add_parser("train", help="train one row")
    train.add_argument("recipe", help="a shipped row's name, such as c5-crop, or a YAML file")
    train.add_argument("--frames", type=Path, required=True, metavar="DIR", help="train_images/, train.csv")
    train.add_argument("--minutes", type=_positive, required=True, help="of training, all stages together")
    train.add_argument("--out", type=Path, required=True, metavar="DIR", help="the same again goes on")
    train.add_argument("--weights", type=Path, metavar="DIR", help="published starts, for `start: imagenet`")
    train.add_argument("--seed", type=int, default=0, help="default: %(default)s")
    train.add_argument("--fresh", action="store_true", help="forget what an earlier run left in --out")
    train.add_argument("--checkpoint-every", type=float, default=60.0, metavar="S", help="default: 60")
    judged = commands.add_parser(
        "judge", help="judge trained rows: the reference's protocols, honest figures"
    )
    judged.add_argument("runs", type=Path, nargs="+", metavar="DIR", help="folders that `train` filled")
    judged.add_argument("--frames", type=Path, required=True, metavar="DIR", help="those of the training")
    for command in (train, judged):
        command.add_argument(
            "--device", choices=("auto", "cpu", "cuda"), default="auto", help="default: %(default)s"
        )
        command.add_argument("--threads", type=int, metavar="N", help="CPU threads; default: all cores")
    table = commands.add_parser("table", help="the reference's tables with our columns: Markdown and JSON")
    table.add_argument("runs", type=Path, nargs="*", metavar="DIR", help="folders that `judge` judged")
    table.add_argument("--out", type=Path, required=True, metavar="DIR")
    made = commands.add_parser("bundle", help="a classifier and a segmenter, or one network, as a bundle")
    made.add_argument("runs", type=Path, nargs="+", metavar="DIR", help="one or two folders of `train`")
    made.add_argument("--frames", type=Path, required=True, metavar="DIR", help="those of the training")
    made.add_argument("--out", type=Path, required=True, metavar="DIR", help="the bundle")
    made.add_argument("--name", help="in its card; default: the segmenter's recipe")


def run(args: argparse.Namespace) -> int:
    """Do it; returns an exit code. Raises TrainingRefused, and what reading frames raises."""
    torch.set_num_threads(getattr(args, "threads", None) or usable_cores())
    return _COMMANDS[args.study](args)


def _train(args: argparse.Namespace) -> int:
    recipe = load_trainable(args.recipe)
    hardware = choose_hardware(args.device)
    split = _read(recipe, args.frames).split(recipe.held_out_fold)
    if args.fresh:
        _forget(args.out)
    args.out.mkdir(parents=True, exist_ok=True)
    try:
        with _watch(args.out) as watch:
            asked = StudyRun(
                recipe=recipe,
                out=args.out,
                hardware=hardware,
                watch=watch,
                weights=args.weights,
                seed=args.seed,
                minutes=args.minutes,
                checkpoint_every_s=args.checkpoint_every,
            )
            trained = train_row(asked, split)
    except KeyboardInterrupt:
        print(f"interrupted: the same command goes on from {args.out}", file=sys.stderr)
        return INTERRUPTED
    print(trained.stated["trained"])
    return DONE


def _judge(args: argparse.Namespace) -> int:
    device = choose_hardware(args.device, "float32").device
    runs = [open_run(folder) for folder in args.runs]
    read: dict[str, Frames] = {}
    for opened in runs:
        key = opened.recipe.input.model_dump_json(include={"width_px", "height_px", "reduce"})
        if key not in read:  # views and normalisation differ, what is decoded does not
            read[key] = _read(opened.recipe, args.frames)
        log.info("%s: judging %s", opened.folder, opened.recipe.name)
        judgement = judge(opened, held_out(read[key], opened), device)
        write_judgement(opened, judgement)
        print(json.dumps(judgement, indent=2))
    return DONE


def _table(args: argparse.Namespace) -> int:
    for path in write_tables([read_judgement(folder) for folder in args.runs], args.out):
        print(path)
    return DONE


def _bundle(args: argparse.Namespace) -> int:
    runs: list[TrainedRun] = [open_run(folder) for folder in args.runs]
    _, segmenter = parts_of(runs)  # before frames are read
    recipe = segmenter.recipe
    learnt = _read(recipe, args.frames).split(recipe.held_out_fold).train
    chosen = np.random.default_rng(0).permutation(len(learnt))[:QUANTISATION_FRAMES]
    work = args.out.with_name(f"{args.out.name}.work")
    card = bundle(runs, [learnt[i].pixels for i in chosen], args.out, work, name=args.name or recipe.name)
    print(f"{args.out}: bundle {card.name}, design {card.design}")
    return DONE


_COMMANDS: Final[dict[str, Callable[[argparse.Namespace], int]]] = {
    "train": _train,
    "judge": _judge,
    "table": _table,
    "bundle": _bundle,
}


def _forget(folder: Path) -> None:
    """Only what `train` and `judge` write: whoever gave the wrong folder loses nothing else."""
    ours = (
        RUN_FILE,
        JUDGEMENT_FILE,
        GATE_WEIGHTS,
        SEGMENTER_WEIGHTS,
        "curves.csv",
        "curves.png",
        "[0-9]*-*.pt",
    )
    for path in (path for pattern in ours for path in folder.glob(pattern)):
        path.unlink()


def _read(recipe: StudyRecipe, root: Path) -> Frames:
    return read_frames(root, recipe.input, recipe.classes, held_out_fold=recipe.held_out_fold)


@contextmanager
def _watch(folder: Path) -> Iterator[Watch]:
    console = Console(stderr=True)
    if not console.is_terminal:
        yield Watches([LogLines(), Curves(folder)])
        return
    with Bar(console) as bar:
        yield Watches([bar, Curves(folder)])


def _positive(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 < value < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of minutes above 0")
    return value
