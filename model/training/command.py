"""`python -m model train` and `python -m model export`: what they take and do; imported only for them."""

from __future__ import annotations

import argparse
import json
import logging
from pathlib import Path

import torch
from safetensors import safe_open

from model.bundle import GATE_WEIGHTS, SEGMENTER_WEIGHTS, BundleRefused
from model.card import Card
from model.nets import build_gate, build_segmenter, load_weights, save_weights
from model.training.assemble import assemble
from model.training.recipes import INPUT, Budget, FrameSplit, Recipe
from model.training.severstal import SeverstalRecipe
from model.training.synthetic import SyntheticRecipe

log = logging.getLogger(__name__)

RECIPES: dict[str, Recipe] = {recipe.name: recipe for recipe in (SeverstalRecipe(), SyntheticRecipe())}


def _add_shared(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--recipe", required=True, choices=sorted(RECIPES), help="which bundle to make")
    parser.add_argument(
        "--frames", type=Path, help="folder with frames.csv, train.csv, images/ (severstal only)"
    )
    parser.add_argument("--out", type=Path, required=True, help="the bundle's folder, replaced when finished")
    parser.add_argument("--threads", type=int, default=2, help="CPU threads (default 2)")


def add_train_arguments(parser: argparse.ArgumentParser) -> None:
    """What `train` takes."""
    _add_shared(parser)
    parser.add_argument("--minutes", type=float, default=20.0, help="training time of both networks together")
    parser.add_argument(
        "--weights", type=Path, help="folder with published starts; without it: random weights"
    )
    parser.add_argument("--seed", type=int, default=0)


def add_export_arguments(parser: argparse.ArgumentParser) -> None:
    """What `export` takes."""
    _add_shared(parser)
    parser.add_argument(
        "--weights", type=Path, required=True, help=f"folder with {GATE_WEIGHTS} and {SEGMENTER_WEIGHTS}"
    )


def work_folder(out: Path) -> Path:
    """Where checkpoints and intermediate files go: beside the bundle, which holds nothing but itself."""
    work = out.with_name(f"{out.name}.work")
    work.mkdir(parents=True, exist_ok=True)
    return work


def run_train(args: argparse.Namespace) -> int:
    """Train both networks, then export, calibrate, measure and write the bundle; prints its figures."""
    torch.set_num_threads(args.threads)
    budget = Budget(minutes=args.minutes, weights=args.weights, work=work_folder(args.out), seed=args.seed)
    return _print(train_bundle(RECIPES[args.recipe], args.frames, budget, args.out))


def run_export(args: argparse.Namespace) -> int:
    """Export trained weights to a calibrated, measured bundle; prints its figures."""
    torch.set_num_threads(args.threads)
    recipe = RECIPES[args.recipe]
    return _print(export_bundle(recipe, _read(recipe, args.frames), args.weights, args.out))


def train_bundle(recipe: Recipe, frames: Path | None, budget: Budget, out: Path) -> Card:
    """Train both networks within `budget`, keep their weights in `budget.work`, and make the bundle `out`."""
    torch.manual_seed(budget.seed)
    split = _read(recipe, frames)
    gate_share = recipe.gate_share(budget)
    segmenter, segmenter_trained = recipe.train_segmenter(
        build_segmenter(recipe.segmenter, INPUT), split, budget.part(1 - gate_share)
    )
    save_weights(segmenter, budget.work / SEGMENTER_WEIGHTS, segmenter_trained)
    gate, gate_trained = recipe.train_gate(
        build_gate(recipe.gate, INPUT), split, budget.part(gate_share), segmenter
    )
    save_weights(gate, budget.work / GATE_WEIGHTS, gate_trained)
    return export_bundle(recipe, split, budget.work, out)


def export_bundle(recipe: Recipe, split: FrameSplit, weights: Path, out: Path) -> Card:
    """Make the bundle `out` from the folder `weights`, so from fp16: graphs and weights then say the same."""
    for name in (GATE_WEIGHTS, SEGMENTER_WEIGHTS):
        if not (weights / name).is_file():
            raise BundleRefused(f"--weights {weights} lacks {name}: give a folder that `train` has written")
    gate, segmenter = build_gate(recipe.gate, INPUT), build_segmenter(recipe.segmenter, INPUT)
    load_weights(gate, weights / GATE_WEIGHTS)
    load_weights(segmenter, weights / SEGMENTER_WEIGHTS)
    trained = {"gate": _trained(weights / GATE_WEIGHTS), "segmenter": _trained(weights / SEGMENTER_WEIGHTS)}
    return assemble(recipe, gate.eval(), segmenter.eval(), trained, split, work_folder(out), out)


def _read(recipe: Recipe, frames: Path | None) -> FrameSplit:
    try:
        return recipe.read(frames)
    except FileNotFoundError as missing:
        raise BundleRefused(
            f"--frames {frames} lacks {missing.filename}: give a folder that holds it"
        ) from None


def _print(card: Card) -> int:
    print(json.dumps({"calibration": card.calibration, "metrics": card.metrics}, indent=2))
    return 0


def _trained(path: Path) -> str:
    with safe_open(path, "pt") as opened:
        return str((opened.metadata() or {}).get("trained", ""))
