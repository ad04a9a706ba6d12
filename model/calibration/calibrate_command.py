"""`python -m model calibrate`: a bundle's thresholds chosen anew, on the frames of whoever runs it."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

from model.bundle import GATE_GRAPH, SEGMENTER_GRAPH, BundleRefused, find, verify, write_bundle
from model.calibration.bound_arguments import add_bound_arguments, bound_of
from model.calibration.calibrated import calibrated
from model.calibration.miss_bound import MissBound, check_enough
from model.calibration.raw_outputs import run_graphs
from model.card import Card
from model.engines.core import runtime
from model.frames import frames as in_memory
from model.frames.frames import JudgedFrame
from model.frames.reading import Frames, read_frames
from model.frames.refused import TrainingRefused
from model.load import usable_cores


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What `calibrate` takes."""
    parser.add_argument("--bundle", required=True, help="a shipped bundle's name, or a bundle's folder")
    parser.add_argument(
        "--frames", type=Path, required=True, metavar="DIR", help="labelled, in the competition's layout"
    )
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--fold", type=int, metavar="K", help="only this fold; default: the one held out")
    which.add_argument(
        "--all", action="store_true", help="all frames: right when the bundle learnt from none of them"
    )
    parser.add_argument(
        "--out", type=Path, required=True, metavar="DIR", help="the bundle; may be the same folder"
    )
    parser.add_argument("--threads", type=int, metavar="N", help="CPU threads; default: all cores")
    add_bound_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Choose, write the bundle, print its points. Raises TrainingRefused, BundleRefused."""
    bound = bound_of(args)
    folder = find(args.bundle)
    card = verify(folder)
    fold = None if args.all else _fold(args.fold, card)
    frames = read_frames(args.frames, card.input, card.classes)
    card = recalibrated(folder, card, frames, fold, bound, args.threads or usable_cores())
    write_bundle(args.out, card, {name: folder / name for name in card.files})
    points = {
        f"{name}/{point}": thresholds.model_dump(mode="json")
        for name, preset in card.presets.items()
        for point, thresholds in preset.operating_points.items()
    }
    print(json.dumps(points, indent=2))
    return 0


def recalibrated(
    folder: Path, card: Card, frames: Frames, fold: int | None, bound: MissBound, threads: int
) -> Card:
    """The card with its presets' points chosen on one fold of these frames, or on all of them."""
    judged = _judged(frames, fold)
    check_enough(judged, bound)
    needed = {"gate": GATE_GRAPH} if card.gate is not None else {}
    needed["segmenter"] = SEGMENTER_GRAPH
    if absent := [name for name in needed.values() if name not in card.files]:
        raise BundleRefused(f"{folder} has no {absent[0]} to calibrate: export it again")
    core = runtime()
    graphs = {network: core.read_model(folder / name) for network, name in needed.items()}
    outputs = run_graphs(card, graphs, [frame.pixels for frame in judged], threads)
    which = "all frames" if fold is None else f"fold {fold}"
    where = f"{which} of {frames.root.name}, chosen anew by `calibrate`"
    return calibrated(card, outputs, judged, bound, presets=tuple(card.presets), where=where)


def _judged(frames: Frames, fold: int | None) -> Sequence[JudgedFrame]:
    """Frames that only ever train judge nothing."""
    kept = [e for e in frames.entries if not e.only_trains and fold in (None, e.fold)]
    if not kept:
        folds = sorted({e.fold for e in frames.entries if e.fold is not None})
        raise TrainingRefused(f"{frames.root} has no fold {fold}: give one of {', '.join(map(str, folds))}")
    return [in_memory.judged(entry, frames.pixels[entry.image_id], frames.spec) for entry in kept]


def _fold(given: int | None, card: Card) -> int:
    stated = card.data.get("held_out_fold") if given is None else given
    if not isinstance(stated, int):
        raise TrainingRefused(
            f"bundle {card.name} does not say which fold it held out: give --fold, or --all for frames "
            "that it did not learn from"
        )
    return stated
