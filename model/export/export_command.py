"""`python -m model export`: trained weights to a calibrated bundle, or to ONNX for other servers."""

from __future__ import annotations

import argparse
import json
import logging
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from torch import nn

from model.bundle import GATE_WEIGHTS, SEGMENTER_WEIGHTS, find, verify
from model.calibration.bound_arguments import add_bound_arguments, bound_of
from model.card import Card
from model.export.assemble import assemble, draft_card
from model.export.export import OUTPUTS
from model.frames.refused import TrainingRefused
from model.load import torch_nets, usable_cores
from model.nets import GateNet, SegmenterNet, build_gate, build_segmenter, load_weights
from model.training.recipe import Recipe, load_recipe
from model.training.recipe_frames import read_split

log = logging.getLogger(__name__)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What `export` takes."""
    parser.add_argument(
        "--recipe", metavar="NAME", help="what the weights are of: a shipped recipe, or a YAML file"
    )
    parser.add_argument(
        "--weights",
        type=Path,
        metavar="DIR",
        help=f"holds {SEGMENTER_WEIGHTS} and, of design separate, {GATE_WEIGHTS}, as DIR.work after `train`",
    )
    parser.add_argument("--bundle", help="take networks and weights from a bundle instead, for --onnx")
    parser.add_argument("--frames", type=Path, metavar="DIR", help="in the competition's layout, for --out")
    parser.add_argument(
        "--hold-out", type=int, metavar="FOLD", help="judges the bundle; default: the recipe's"
    )
    parser.add_argument("--out", type=Path, metavar="DIR", help="the bundle, replaced when it is finished")
    parser.add_argument("--onnx", type=Path, metavar="DIR", help="write gate.onnx and segmenter.onnx there")
    parser.add_argument("--threads", type=int, metavar="N", help="CPU threads; default: all cores")
    add_bound_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Export what was asked for; prints a bundle's figures. Raises TrainingRefused, BundleRefused."""
    if args.out is None and args.onnx is None:
        raise TrainingRefused("there is nothing to export to: give --out for a bundle, --onnx for ONNX files")
    threads = args.threads or usable_cores()
    torch.set_num_threads(threads)
    if args.bundle is not None:
        return _export_bundle(args)
    if args.recipe is None or args.weights is None:
        raise TrainingRefused("export needs --recipe and --weights, or --bundle with --onnx")
    recipe = load_recipe(args.recipe)
    if args.hold_out is not None:
        recipe = recipe.model_copy(update={"held_out_fold": args.hold_out})
    gate, segmenter, trained = read_nets(recipe, args.weights)
    if args.onnx is not None:
        write_onnx(gate, segmenter, draft_card(recipe, {}), args.onnx)
    if args.out is not None:
        work = args.out.with_name(f"{args.out.name}.work")
        work.mkdir(parents=True, exist_ok=True)
        bound = bound_of(args)
        split = read_split(recipe, args.frames)
        card = assemble(recipe, gate, segmenter, trained, split, work, args.out, bound=bound, threads=threads)
        print(json.dumps(card.model_dump(mode="json", include={"name", "data", "presets"}), indent=2))
    return 0


def _export_bundle(args: argparse.Namespace) -> int:
    if args.out is not None or args.recipe is not None or args.weights is not None:
        raise TrainingRefused("--bundle goes with --onnx alone: it has its networks and thresholds already")
    folder = find(args.bundle)
    card = verify(folder)
    gate, segmenter = torch_nets(folder, card)
    write_onnx(gate, segmenter, card, args.onnx)
    return 0


def read_nets(recipe: Recipe, weights: Path) -> tuple[GateNet | None, SegmenterNet, dict[str, str]]:
    """A recipe's networks from a folder, and how each was trained. Raises TrainingRefused."""
    count, trained = len(recipe.classes), {}
    gate = None if recipe.gate is None else build_gate(recipe.gate, recipe.input, count).eval()
    segmenter = build_segmenter(recipe.segmenter, recipe.input, count).eval()
    if gate is not None:
        trained["gate"] = _fill(gate, weights / GATE_WEIGHTS, recipe)
    trained["segmenter"] = _fill(segmenter, weights / SEGMENTER_WEIGHTS, recipe)
    return gate, segmenter, trained


def write_onnx(gate: GateNet | None, segmenter: SegmenterNet, card: Card, folder: Path) -> None:
    """The networks as ONNX files, held against torch. Raises TrainingRefused when one says otherwise."""
    from model.engines.onnx import OnnxRefused, to_onnx  # onnx and onnxruntime only where they are asked for

    nets: dict[str, nn.Module] = {} if gate is None else {"gate": gate}
    nets["segmenter"] = segmenter
    try:
        for network, net in nets.items():
            path = to_onnx(net, card.input, folder / f"{network}.onnx", *OUTPUTS[network])
            print(f"{path}: {path.stat().st_size / 1e6:.1f} MB, checked with onnxruntime")
    except OnnxRefused as refused:
        raise TrainingRefused(str(refused)) from None


def _fill(net: nn.Module, path: Path, recipe: Recipe) -> str:
    if not path.is_file():
        raise TrainingRefused(f"{path.parent} lacks {path.name}: give a folder that `train` has written")
    try:
        load_weights(net, path)
        with safe_open(path, "pt") as opened:
            return str((opened.metadata() or {}).get("trained", ""))
    except (RuntimeError, SafetensorError) as unfit:
        reason = " ".join(str(unfit).split())[:200]  # torch writes many lines
        raise TrainingRefused(f"{path} does not fit recipe {recipe.name} ({reason})") from unfit
