"""`python -m model evaluate`: bundles judged on frames that they held out; a JSON, a page, a model card."""

from __future__ import annotations

import argparse
import json
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from model.card import LINE, PLANT
from model.evaluation.anchors import anchors_of
from model.evaluation.evaluation import evaluate, pooled_scores
from model.evaluation.galleries import choose_galleries
from model.evaluation.machine import machine_line, now
from model.evaluation.model_card import render_card
from model.evaluation.opened import Opened, held_out, open_bundles, pictures_of, speed_of
from model.evaluation.report import render_report
from model.frames.reading import read_frames
from model.frames.refused import TrainingRefused
from model.load import ENGINES, usable_cores
from model.staging import staged, take_place

log = logging.getLogger(__name__)

EVALUATION_FILE: Final = "evaluation.json"
REPORT_FILE: Final = "report.html"
CARD_FILE: Final = "MODEL_CARD.md"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What `evaluate` takes."""
    parser.add_argument(
        "--bundle",
        action="append",
        required=True,
        dest="bundles",
        help="a shipped bundle's name or a bundle's folder; give several that held out different folds to "
        "cross-validate: the model card is of the first",
    )
    parser.add_argument("--frames", type=Path, required=True, help="folder in the competition's layout")
    parser.add_argument(
        "--out", type=Path, required=True, metavar="DIR", help="a new folder, or an earlier result"
    )
    parser.add_argument("--preset", default=LINE, help="how to run the bundles (default: %(default)s)")
    parser.add_argument("--engine", choices=ENGINES, default="openvino", help="default: %(default)s")
    parser.add_argument("--threads", type=int, metavar="N", help="CPU threads; default: all cores")
    parser.add_argument(
        "--fold", type=int, metavar="K", help="the fold to judge on, for a bundle that states none"
    )
    parser.add_argument(
        "--no-pictures", action="store_true", help="name frames, do not show them: for what is published"
    )
    parser.add_argument("--speed", action="store_true", help="measure milliseconds a frame as well")


def run(args: argparse.Namespace) -> int:
    """Judge, write, and print where; what is refused is refused before the first frame runs."""
    check_replaceable(args.out)
    opened = open_bundles(args.bundles, args.preset, args.fold)
    first, threads = opened[0], args.threads or usable_cores()
    frames = read_frames(args.frames, first.card.input, first.card.classes)
    for bundle in opened:
        bundle.check_fold(frames)
    folds = [held_out(bundle, frames, engine=args.engine, threads=threads) for bundle in opened]
    shown = choose_galleries(folds, PLANT)
    evaluation: dict[str, Any] = {
        "made_at": now(),
        "preset": args.preset,
        "engine": args.engine,
        "threads": threads,
        "machine": machine_line(),
        **evaluate(folds, first.card.classes, anchors_of(first.card.name)),
        "speed": speed_of(first, frames, engine=args.engine, threads=threads) if args.speed else None,
        "galleries": {name: [one.described() for one in some] for name, some in shown.items()},
    }
    pictures = {} if args.no_pictures else pictures_of(shown, frames)
    write(args.out, evaluation, render_report(evaluation, pooled_scores(folds), pictures), first)
    print(summary(evaluation, args.out))
    return 0


def write(out: Path, evaluation: Mapping[str, Any], report: str, first: Opened) -> None:
    """All three files at once, in place of an earlier result."""
    with staged(out) as fresh:
        text = json.dumps(evaluation, indent=1, ensure_ascii=False) + "\n"
        (fresh / EVALUATION_FILE).write_text(text, "utf-8")
        (fresh / REPORT_FILE).write_text(report, "utf-8")
        (fresh / CARD_FILE).write_text(render_card(first.card, first.version, evaluation), "utf-8")
        check_replaceable(out)
        take_place(fresh, out)


def check_replaceable(out: Path) -> None:
    """Raises TrainingRefused when `out` holds what no evaluation has written."""
    if not out.exists():
        return
    if not out.is_dir():
        raise TrainingRefused(f"{out} is a file: give another folder for --out")
    ours = {EVALUATION_FILE, REPORT_FILE, CARD_FILE}
    if others := sorted(entry.name for entry in out.iterdir() if entry.name not in ours):
        raise TrainingRefused(
            f"{out} holds {others[0]}, which is no earlier evaluation: give --out a new or an empty folder"
        )


def summary(evaluation: Mapping[str, Any], out: Path) -> str:
    """What the terminal says."""
    gate, masks = evaluation["gate"], evaluation["masks"]
    lines = [
        f"{len(evaluation['bundles'])} bundles on {evaluation['frames']['total']} frames that they held out, "
        f"preset {evaluation['preset']} on {evaluation['engine']}: AUC {gate['auc']['value']} "
        f"{gate['auc']['interval_95']}"
    ]
    for point, sides in gate["points"].items():
        one = sides["cross_fitted"]
        positive = masks[point]["cross_fitted"]["positive_dice"]
        by_class = " / ".join(f"{each['mean']}" for each in positive["by_class"].values())
        lines.append(
            f"  {point}, cross-fitted: {one['missed']} of {one['defective']} defective missed, "
            f"{one['clean_rejected']} of {one['clean']} clean rejected; positive Dice {by_class}"
        )
    return "\n".join([*lines, f"Written to {out}"])
