"""The command line of `python -m local`, and the plans it makes."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from contracts.coils import DEFAULT_BUDGET_S as LINE_BUDGET_S
from local.kafka import cli as kafka_cli
from local.plan import (
    DEFAULT_BUDGET_S,
    REAL_ROLL_MARK,
    SYNTHETIC_ROLL_MARK,
    SYNTHETIC_RULES,
    DemoPlan,
    UpPlan,
)

DEFAULT_FPS = 20.0
DEFAULT_DEFECT_SHARE = 0.1
"""More than a good line has, so that a short strip shows every kind; less than a folder of defects has."""

DEFAULT_SPEED_MPS = 5.0
DEFAULT_CAMERAS = 2
DEFAULT_UP_FRAMES = 1000
"""A camera and coil: 205 m, 41 s at 5 m/s. A real one has thousands; who looks on wants to see a verdict."""

NO_ROLL_MARK = "none"


def command_line() -> argparse.ArgumentParser:
    """All commands."""
    whole = argparse.ArgumentParser(prog="python -m local", description="The whole line on one machine")
    commands = whole.add_subparsers(dest="command", required=True)
    kafka_cli.add_arguments(commands.add_parser("kafka", help="a real single-node Apache Kafka"))
    _add_demo(
        commands.add_parser("demo", help="two coils through the whole line, held against what was sent")
    )
    _add_up(commands.add_parser("up", help="the line, live and watched, until Ctrl-C"))
    return whole


def demo_plan(given: argparse.Namespace) -> DemoPlan:
    """What `demo` is asked to show."""
    synthetic = given.frames is None
    return DemoPlan(
        frames=given.frames,
        bundle=_bundle(given),
        coils=given.coils,
        frames_per_coil=given.frames_per_coil,
        fps=given.fps,
        defect_share=DEFAULT_DEFECT_SHARE if given.defect_share is None else given.defect_share,
        share_may_give_way=given.defect_share is None and not synthetic,
        out=given.out,
        budget_s=given.budget_s,
        roll_mark=_roll_mark(given),
        mark_may_give_way=given.roll_mark is None and not synthetic,
    )


def up_plan(given: argparse.Namespace, home: Path) -> UpPlan:
    """What `up` is asked to run; what it stores lies in `home`."""
    return UpPlan(
        frames=given.frames,
        bundle=_bundle(given),
        cameras=given.cameras,
        frames_per_coil=given.frames_per_coil,
        speed_mps=given.speed_mps,
        rules=_rules(given),
        defect_share=given.defect_share,
        out=home,
        budget_s=given.budget_s,
        roll_mark=_roll_mark(given),
        mark_may_give_way=given.roll_mark is None and given.frames is not None,
        watched=not given.line_only,
    )


def _bundle(given: argparse.Namespace) -> str:
    return str(given.bundle or ("synthetic" if given.frames is None else "severstal"))


def _rules(given: argparse.Namespace) -> Path | None:
    """The synthetic strip's own only with the bundle whose classes they name."""
    synthetic = given.frames is None and _bundle(given) == "synthetic"
    return SYNTHETIC_RULES if synthetic else None


def _roll_mark(given: argparse.Namespace) -> str | None:
    if given.roll_mark == NO_ROLL_MARK:
        return None
    default = SYNTHETIC_ROLL_MARK if given.frames is None else REAL_ROLL_MARK
    return default if given.roll_mark is None else str(given.roll_mark)


def _add_demo(demo: argparse.ArgumentParser) -> None:
    _add_line(demo, frames=200, budget_s=DEFAULT_BUDGET_S)
    demo.add_argument("--coils", type=_count, default=2, metavar="N", help="default 2")
    demo.add_argument("--fps", type=float, default=DEFAULT_FPS, help=f"frames/s; default {DEFAULT_FPS:g}")
    demo.add_argument(
        "--defect-share", type=float, metavar="SHARE",
        help="default .1; --frames without labels: as they come",
    )  # fmt: skip
    demo.add_argument("--out", type=Path, default=Path("out/demo"), metavar="DIR", help="default out/demo")


def _add_up(up: argparse.ArgumentParser) -> None:
    _add_line(up, frames=DEFAULT_UP_FRAMES, budget_s=LINE_BUDGET_S)
    up.add_argument(
        "--cameras", type=_count, default=DEFAULT_CAMERAS, metavar="N", help=f"default {DEFAULT_CAMERAS}"
    )
    up.add_argument(
        "--speed-mps", type=_within(100.0, "m/s"), default=DEFAULT_SPEED_MPS, metavar="M/S",
        help=f"line speed; default {DEFAULT_SPEED_MPS:g}, which two cameras make 49 frames/s",
    )  # fmt: skip
    up.add_argument("--defect-share", type=float, metavar="SHARE", help="default .05; --frames: as they come")
    up.add_argument(
        "--line-only", action="store_true", help="without Prometheus, Alertmanager and the alert listener"
    )


def _add_line(parser: argparse.ArgumentParser, *, frames: int, budget_s: float) -> None:
    parser.add_argument(
        "--frames", type=Path, metavar="FOLDER", help="real frames; default a synthetic strip"
    )
    parser.add_argument("--bundle", help="default: severstal with --frames, else synthetic")
    parser.add_argument(
        "--frames-per-coil", type=_count, default=frames, metavar="N", help=f"of a camera; default {frames}"
    )
    parser.add_argument(
        "--budget-s", type=_within(86_400.0, "seconds"), default=budget_s, metavar="S",
        help=f"a coil's verdict is due so long after its start; default {budget_s:g}",
    )  # fmt: skip
    parser.add_argument(
        "--roll-mark", metavar="MARK",
        help=f"as the simulator takes it, or {NO_ROLL_MARK}; default {SYNTHETIC_ROLL_MARK}, "
        f"with --frames {REAL_ROLL_MARK} if the labels know a frame for it",
    )  # fmt: skip


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of at least 1")
    return int(text)


def _within(most: float, unit: str) -> Callable[[str], float]:
    def convert(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = 0.0
        if not 0 < value <= most:
            raise argparse.ArgumentTypeError(f"{text!r} is not a number of {unit} above 0, at most {most:g}")
        return value

    return convert
