"""`python -m model bench`: three designs x share of defective frames x engine, in one run."""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import logging
import os
import platform
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

from model.bench.contenders import REFERENCE, REFERENCE_RESIZED, Contenders, contenders
from model.bench.engines import BENCH_ENGINES, TORCH_CUDA, device_name
from model.bench.figures import figures_of
from model.bench.page import render
from model.bench.rounds import Plan, measure
from model.evaluation.machine import now, processor
from model.load import usable_cores

log = logging.getLogger(__name__)

NAME: Final = "bench"
"""Of the files: bench.json, bench.md, bench.svg, bench.png."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What `bench` takes."""
    parser.add_argument(
        "--models",
        nargs="+",
        default=["severstal", REFERENCE],
        metavar="NAME",
        help=f"bundles by name or folder, {REFERENCE}, {REFERENCE_RESIZED} (default: %(default)s)",
    )
    parser.add_argument("--engines", nargs="+", choices=BENCH_ENGINES, default=list(BENCH_ENGINES))
    parser.add_argument(
        "--percent",
        nargs="+",
        type=_percent,
        default=[0, 5, 50, 100],
        metavar="P",
        help="of the frames that are defective (default: %(default)s)",
    )
    parser.add_argument("--frames", type=Path, metavar="FOLDER", help="real frames; default: synthetic ones")
    parser.add_argument(
        "--distinct", type=_at_least_four, default=48, help="different frames (default: %(default)s)"
    )
    parser.add_argument("--repeats", type=_count, default=5, help="rounds (default: %(default)s)")
    parser.add_argument(
        "--turn-s", type=float, default=2.0, metavar="S", help="a row's turn, about (default: %(default)s)"
    )
    parser.add_argument("--threads", type=_count, metavar="N", help="CPU threads; default: all cores")
    parser.add_argument(
        "--out", type=Path, default=Path("out/designs"), metavar="DIR",
        help=f"gets {NAME}.json, {NAME}.md, {NAME}.svg and {NAME}.png (default: %(default)s)",
    )  # fmt: skip


def run(args: argparse.Namespace) -> int:
    """Measure all, then write and print; a bundle that is not there is refused before anything runs."""
    sets = [contenders(name) for name in args.models]
    plan = Plan(
        engines=tuple(dict.fromkeys(args.engines)),
        percents=tuple(sorted(set(args.percent))),
        repeats=args.repeats,
        turn_s=args.turn_s,
        threads=args.threads or usable_cores(),
        folder=args.frames,
        distinct=args.distinct,
    )
    load = round(os.getloadavg()[0], 2)
    with ThreadPoolExecutor(plan.threads, thread_name_prefix="decode") as decoders:
        found = [_of_one(one, plan, decoders) for one in sets]
    record = {
        "made_at": now(),
        "command": _command(args),
        "machine": machine(plan, load),
        "percents": list(plan.percents),
        "repeats": plan.repeats,
        "turn_s": plan.turn_s,
        "threads": plan.threads,
        "found": found,
    }
    print(write(record, args.out))
    print(f"Written to {args.out}")
    return 0


def _of_one(one: Contenders, plan: Plan, decoders: ThreadPoolExecutor) -> dict[str, Any]:
    """Its inspectors are gone when the next set's are built."""
    return figures_of(one, measure(one, plan, decoders), plan)


def write(record: Mapping[str, Any], out: Path) -> str:
    """All files into `out`, beside whatever is there; returns the page."""
    out.mkdir(parents=True, exist_ok=True)
    text = json.dumps(rounded(record), indent=1, ensure_ascii=False) + "\n"
    (out / f"{NAME}.json").write_text(text, "utf-8")
    page = render(record, f"{NAME}.svg" if _drawn(record, out) else None)
    (out / f"{NAME}.md").write_text(page, "utf-8")
    return page


def _drawn(record: Mapping[str, Any], out: Path) -> bool:
    try:
        from model.bench.picture import draw
    except ModuleNotFoundError as absent:
        if absent.name is None or absent.name.startswith("model."):
            raise
        log.info("no plot: %s is not installed", absent.name)
        return False
    return draw(record, out / f"{NAME}.svg", out / f"{NAME}.png")


def machine(plan: Plan, load: float) -> str:
    """Cores, processor, GPU, system, the versions that figures depend on, and who else was at work."""
    names = ("openvino", "torch")
    versions = ", ".join(f"{name} {_version(name)}" for name in names)
    gpu = device_name(TORCH_CUDA) if TORCH_CUDA in plan.engines else ""
    return (
        f"{usable_cores()} x {processor()}{f', {gpu}' if gpu else ''}, {platform.system()}, "
        f"Python {platform.python_version()}, {versions}, {plan.threads} threads, load before {load}"
    )


def rounded(value: Any) -> Any:
    """Four significant digits: more is noise."""
    if isinstance(value, float):
        return float(f"{value:.4g}")
    if isinstance(value, Mapping):
        return {name: rounded(item) for name, item in value.items()}
    return [rounded(item) for item in value] if isinstance(value, list | tuple) else value


def _command(args: argparse.Namespace) -> str:
    """As whoever repeats it would type it: folders by their names alone."""
    names = [Path(name).name for name in args.models]
    parts = [f"--models {' '.join(names)}", f"--engines {' '.join(args.engines)}"]
    parts += [f"--percent {' '.join(map(str, args.percent))}"]
    parts += [f"--frames {args.frames.name}"] if args.frames else []
    parts += [f"--repeats {args.repeats} --turn-s {args.turn_s:g} --distinct {args.distinct}"]
    return f"python -m model bench {' '.join(parts)}"


def _version(distribution: str) -> str:
    """A GPU machine may have no OpenVINO, a line's no torch."""
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return "none"


def _count(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number above 0")
    return int(text)


def _at_least_four(text: str) -> int:
    if (count := _count(text)) < 4:
        raise argparse.ArgumentTypeError("at least 4: some are to pass, some not")
    return count


def _percent(text: str) -> int:
    if not text.isdigit() or int(text) > 100:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 0 to 100")
    return int(text)
