"""`python -m model predict|train|calibrate ...`: builds the parts from the command line and runs them."""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.text import Text

from model.bundle import BundleRefused, bundle_version, find
from model.card import DESIGNS, LINE, PLANT
from model.frames.refused import TrainingRefused
from model.load import ENGINES, load_inspector
from model.outputs import DRAWN, Outputs
from model.predict import PredictRefused, Unreadable, list_images, predict

DONE, SOME_UNREADABLE, REFUSED, INTERRUPTED = 0, 1, 2, 130

_TRAINING = {
    "fetch": "download the Severstal competition's frames through kagglehub",
    "train": "train a recipe's networks, then make a bundle of them (needs torch)",
    "export": "make a bundle from trained weights: graphs, calibration, figures; or ONNX (needs torch)",
    "calibrate": "choose a bundle's thresholds anew on frames of your own",
    "evaluate": "judge bundles on the frames that they held out: JSON and an HTML report",
    "analyse": "describe a labelled dataset: table, plots, duplicates, labels to look at again",
    "bench": "measure three designs at shares of defective frames on each engine: table, plot, JSON",
    "study": "repeat the reference study: train its rows, judge them, tables, bundles (needs torch)",
}
"""Command -> what it does."""

_LIVES_IN = {
    "fetch": "frames",
    "train": "training",
    "export": "export",
    "calibrate": "calibration",
    "evaluate": "evaluation",
    "analyse": "analysis",
    "bench": "bench",
    "study": "study",
}
"""Command -> its part of `model`; COMMAND_command there: add_arguments(parser), run(args) -> exit code."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit codes: 0 done, 1 done but some images could not be read, 2 refused, 130 interrupted."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        if given[:1] and given[0] in _TRAINING:
            return _train_or_export(given[0], given[1:])
        parser = _parser()
        if not given:
            parser.print_help()
            return REFUSED
        return _predict(parser.parse_args(given))
    except (BundleRefused, PredictRefused, TrainingRefused) as refused:
        return _complain(str(refused), REFUSED)
    except KeyboardInterrupt:
        return _complain("interrupted, nothing was written", INTERRUPTED)


def _complain(sentence: str, code: int) -> int:
    print(f"coilwatch-model: {sentence}", file=sys.stderr)
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="coilwatch-model", description="Gate, segmenter and their bundles.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    folder = commands.add_parser("predict", help="run a folder of images through a bundle")
    folder.add_argument("folder", type=Path, metavar="FOLDER", help="holds .jpg or .png frames")
    folder.add_argument("--bundle", required=True, help="a shipped bundle's name, or a bundle's folder")
    folder.add_argument(
        "--out", required=True, type=Path, metavar="DIR", help="a new folder, or an earlier result"
    )
    folder.add_argument("--preset", default=LINE, help="the card lists them; default: %(default)s")
    folder.add_argument("--operating-point", default=PLANT, help="the same; default: %(default)s")
    folder.add_argument("--design", choices=DESIGNS, help="how the networks run; default: the preset's own")
    folder.add_argument("--engine", choices=ENGINES, default="openvino", help="default: %(default)s")
    folder.add_argument("--threads", type=_count, metavar="N", help="CPU threads; default: all cores")
    folder.add_argument("--limit", type=_count, metavar="N", help="only the first N images by name")
    folder.add_argument(
        "--overlays", choices=DRAWN, default="all", help="which to draw; default: %(default)s"
    )
    for name, says in _TRAINING.items():
        commands.add_parser(name, help=says, add_help=False)
    return parser


def _count(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number above 0")
    return int(text)


def _predict(given: argparse.Namespace) -> int:
    images = list_images(given.folder, given.limit)
    bundle = find(given.bundle)
    inspector = load_inspector(
        bundle,
        engine=given.engine,
        threads=given.threads,
        preset=given.preset,
        operating_point=given.operating_point,
        design=given.design,
    )
    inspector.warm_up()
    unreadable: list[Unreadable] = []
    defective = masks = 0
    console = Console(stderr=True)
    with Outputs(given.out, inspector, given.overlays) as outputs, _progress(console) as progress:
        for item in progress.track(predict(images, inspector), len(images), description="Inspecting"):
            if isinstance(item, Unreadable):
                unreadable.append(item)
            else:
                masks += outputs.add(item)
                defective += item.result.defective
    clean = len(images) - defective - len(unreadable)
    version = bundle_version(bundle, given.preset, given.operating_point)
    print(
        f"{len(images)} images by {version} on {given.engine}: {clean} clean, "
        f"{defective} defective with {masks} masks, {len(unreadable)} unreadable. Written to {given.out}"
    )
    for item in unreadable:
        print(f"  unreadable: {item.image_id}: {item.reason}", file=sys.stderr)
    return SOME_UNREADABLE if unreadable else DONE


class _RateColumn(TextColumn):
    """Frames a second over the last half minute."""

    def __init__(self) -> None:
        super().__init__("")

    def render(self, task) -> Text:  # type: ignore[no-untyped-def]
        """Empty until there is a rate."""
        return Text(f"{task.speed:.0f} frames/s" if task.speed else "")


def _progress(console: Console) -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), _RateColumn())
    return Progress(*columns, TimeRemainingColumn(), console=console, disable=not console.is_terminal)


def _train_or_export(command: str, given: list[str]) -> int:
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # before torch: else cuBLAS is not repeatable
    try:
        module = import_module(f"model.{_LIVES_IN[command]}.{command}_command")
    except ModuleNotFoundError as absent:
        if absent.name is None or absent.name.startswith("model."):
            raise
        return _complain(
            f"{command} needs {absent.name}, which is not installed: pip install 'coilwatch[torch]'", REFUSED
        )
    parser = argparse.ArgumentParser(prog=f"coilwatch-model {command}", description=_TRAINING[command])
    module.add_arguments(parser)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    return int(module.run(parser.parse_args(given)))
