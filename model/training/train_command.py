"""`python -m model train`: a recipe's networks trained on a folder of frames, then made a bundle of."""

from __future__ import annotations

import argparse
import json
import math
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import torch
from rich.console import Console

from model.bundle import GATE_WEIGHTS, SEGMENTER_WEIGHTS
from model.calibration.bound_arguments import add_bound_arguments, bound_of
from model.calibration.miss_bound import check_enough
from model.export.assemble import assemble
from model.frames.layout import FRAMES, write_frames
from model.frames.refused import TrainingRefused
from model.load import usable_cores
from model.nets import load_weights, save_weights
from model.training.curves import Curves
from model.training.hardware import choose_hardware
from model.training.progress import Bar, LogLines, Watch, Watches
from model.training.recipe import load_recipe
from model.training.recipe_frames import read_split
from model.training.run import TrainingRun
from model.training.stages import TrainedNets, train_networks

DONE, INTERRUPTED = 0, 130


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What `train` takes."""
    parser.add_argument("--recipe", required=True, help="severstal, synthetic, or a YAML file of your own")
    parser.add_argument(
        "--frames", type=Path, metavar="DIR", help="train_images/, train.csv; `fetch` brings them"
    )
    parser.add_argument(
        "--out",
        type=Path,
        required=True,
        metavar="DIR",
        help="the bundle; DIR.work keeps checkpoints and curves",
    )
    parser.add_argument(
        "--weights", type=Path, metavar="DIR", help="published starts; without it: random weights"
    )
    parser.add_argument(
        "--hold-out", type=int, metavar="FOLD", help="never learnt from; default: the recipe's"
    )
    parser.add_argument(
        "--minutes", type=_positive, default=math.inf, help="of training, all stages together"
    )
    parser.add_argument("--seed", type=int, default=0, help="default: %(default)s")
    parser.add_argument(
        "--batch", type=_count, metavar="N", help="at most N frames a step, for little memory"
    )
    parser.add_argument(
        "--device", choices=("auto", "cpu", "cuda"), default="auto", help="default: %(default)s"
    )
    parser.add_argument("--threads", type=_count, metavar="N", help="CPU threads; default: all cores")
    parser.add_argument(
        "--checkpoint-every", type=float, default=60.0, metavar="S", help="seconds; default: 60"
    )
    parser.add_argument("--fresh", action="store_true", help="forget what an earlier run left in DIR.work")
    add_bound_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Train, or go on training, and make the bundle; prints its figures. Raises TrainingRefused."""
    threads = args.threads or usable_cores()
    torch.set_num_threads(threads)
    bound = bound_of(args)
    recipe = load_recipe(args.recipe)
    if args.hold_out is not None:
        if recipe.synthetic is not None:
            raise TrainingRefused(f"the recipe {recipe.name} has no folds: leave --hold-out out")
        recipe = recipe.model_copy(update={"held_out_fold": args.hold_out})
    hardware = choose_hardware(args.device, recipe.precision)
    split = read_split(recipe, args.frames)
    check_enough(split.judged, bound)  # not after hours of training
    work = _work_folder(args.out, fresh=args.fresh)
    if split.entries:  # who puts it beside train.csv keeps these folds, whatever frames come later
        write_frames(split.entries, work / FRAMES)
    try:
        with _watch(work) as watch:
            asked = TrainingRun(
                recipe=recipe,
                work=work,
                hardware=hardware,
                watch=watch,
                weights=args.weights,
                seed=args.seed,
                minutes=args.minutes,
                batch_limit=args.batch,
                checkpoint_every_s=args.checkpoint_every,
            )
            nets = train_networks(asked, split.train)
    except KeyboardInterrupt:
        print(f"interrupted: the same command goes on from {work}", file=sys.stderr)
        return INTERRUPTED
    _keep(nets, work)
    split = replace(split, described={**split.described, "recipe": recipe.name, "seed": args.seed})
    card = assemble(
        recipe, nets.gate, nets.segmenter, nets.trained, split, work, args.out, bound=bound, threads=threads
    )
    print(json.dumps(card.model_dump(mode="json", include={"name", "data", "presets"}), indent=2))
    return DONE


def _work_folder(out: Path, *, fresh: bool) -> Path:
    """Where checkpoints, curves and weights go: beside the bundle, which holds nothing but itself."""
    work = out.with_name(f"{out.name}.work")
    if fresh:
        shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True, exist_ok=True)
    return work


def _keep(nets: TrainedNets, work: Path) -> None:
    """Write the networks' weights in fp16, and go on with those: graphs and weights then say the same."""
    for net, name in ((nets.gate, GATE_WEIGHTS), (nets.segmenter, SEGMENTER_WEIGHTS)):
        if net is None:
            continue
        save_weights(net, work / name, nets.trained[name.split(".")[0]])
        load_weights(net, work / name)


@contextmanager
def _watch(work: Path) -> Iterator[Watch]:
    console = Console(stderr=True)
    if not console.is_terminal:
        yield Watches([LogLines(), Curves(work)])
        return
    with Bar(console) as bar:
        yield Watches([bar, Curves(work)])


def _count(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number above 0")
    return int(text)


def _positive(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not value > 0:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number above 0")
    return value
