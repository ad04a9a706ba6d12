"""`python -m local kafka|demo`: the stack on one machine without Docker."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from confluent_kafka import KafkaException
from rich.console import Console

from contracts.admin import TopicsUnavailable
from local.children import ChildFailed
from local.demo import run_demo
from local.interruption import Interruption
from local.kafka import cli as kafka_cli
from local.kafka.prerequisites import BrokerUnavailable
from local.kafka.settings import DEFAULT_PORT
from local.plan import DEFAULT_BUDGET_S, REAL_ROLL_MARK, SYNTHETIC_ROLL_MARK, DemoPlan
from local.stack import Place
from producer_sim.manifest import ManifestInvalid

ROOT = Path(__file__).resolve().parent.parent
DEFAULT_FPS = 20.0
DEFAULT_DEFECT_SHARE = 0.1
"""More than a good line has, so that a short strip shows every kind; less than a folder of defects has."""

NO_ROLL_MARK = "none"

FAILED, INTERRUPTED = 1, 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code 0; 1 with a sentence that says why; 130 when interrupted."""
    given = _parser().parse_args(arguments)
    try:
        if given.command == "kafka":
            return kafka_cli.run(given.action, local_home(os.environ), kafka_port(os.environ))
        return _demo(given, os.environ)
    except (BrokerUnavailable, ChildFailed, TopicsUnavailable, ManifestInvalid, KafkaException) as failure:
        print(f"{given.command}: {failure}", file=sys.stderr)
        return FAILED
    except KeyboardInterrupt:
        print(f"{given.command}: interrupted; what was started is stopped", file=sys.stderr)
        return INTERRUPTED


def _demo(given: argparse.Namespace, environment: Mapping[str, str]) -> int:
    console = Console()
    interruption = Interruption()
    interruption.install()
    broker = kafka_cli.broker_here(local_home(environment), kafka_port(environment))
    place = Place(broker=broker, environment=environment, console=console, interruption=interruption)
    wrong = run_demo(_plan(given), place)
    for sentence in wrong:
        console.print(f"[bold red]demo[/bold red]  {sentence}", highlight=False, soft_wrap=True)
    if not wrong:
        place.say("every frame accounted for, every verdict in time, and the manifest agrees")
    return FAILED if wrong else 0


def _plan(given: argparse.Namespace) -> DemoPlan:
    synthetic = given.frames is None
    return DemoPlan(
        frames=given.frames,
        bundle=given.bundle or ("synthetic" if synthetic else "severstal"),
        coils=given.coils,
        frames_per_coil=given.frames_per_coil,
        fps=given.fps,
        defect_share=DEFAULT_DEFECT_SHARE if given.defect_share is None else given.defect_share,
        share_may_give_way=given.defect_share is None and not synthetic,
        out=given.out,
        budget_s=given.budget_s,
        roll_mark=_roll_mark(given, SYNTHETIC_ROLL_MARK if synthetic else REAL_ROLL_MARK),
        mark_may_give_way=given.roll_mark is None and not synthetic,
    )


def _roll_mark(given: argparse.Namespace, default: str) -> str | None:
    if given.roll_mark == NO_ROLL_MARK:
        return None
    return default if given.roll_mark is None else str(given.roll_mark)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m local", description="The whole line on one machine")
    commands = parser.add_subparsers(dest="command", required=True)
    kafka_cli.add_arguments(commands.add_parser("kafka", help="a real single-node Apache Kafka"))
    demo = commands.add_parser("demo", help="two coils through the whole line, held against what was sent")
    demo.add_argument("--frames", type=Path, metavar="FOLDER", help="real frames; default a synthetic strip")
    demo.add_argument("--bundle", help="default: severstal with --frames, else synthetic")
    demo.add_argument("--coils", type=_count, default=2, metavar="N", help="default 2")
    demo.add_argument("--frames-per-coil", type=_count, default=200, metavar="N", help="default 200")
    demo.add_argument("--fps", type=float, default=DEFAULT_FPS, help=f"frames/s; default {DEFAULT_FPS:g}")
    demo.add_argument(
        "--defect-share",
        type=float,
        metavar="SHARE",
        help="default .1; --frames without labels: as they come",
    )
    demo.add_argument(
        "--budget-s",
        type=_seconds,
        default=DEFAULT_BUDGET_S,
        metavar="S",
        help=f"a coil's verdict is due so long after its start; default {DEFAULT_BUDGET_S:g}",
    )
    demo.add_argument(
        "--roll-mark",
        metavar="MARK",
        help=f"as the simulator takes it, or {NO_ROLL_MARK}; default {SYNTHETIC_ROLL_MARK}, "
        f"with --frames {REAL_ROLL_MARK} if the labels know a frame for it",
    )
    demo.add_argument("--out", type=Path, default=Path("out/demo"), metavar="DIR", help="default out/demo")
    return parser


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of at least 1")
    return int(text)


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value <= 86_400:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds above 0, at most 86400")
    return value


def local_home(environment: Mapping[str, str]) -> Path:
    """Where jars, data and logs lie: `.local` in the checkout, or in the current folder without one."""
    said = environment.get("COILWATCH_LOCAL_HOME")
    if said:
        return Path(said)
    return (ROOT if (ROOT / "pyproject.toml").exists() else Path.cwd()) / ".local"


def kafka_port(environment: Mapping[str, str]) -> int:
    """The local broker's port; the controller takes the next one."""
    said = environment.get("COILWATCH_LOCAL_KAFKA_PORT", str(DEFAULT_PORT))
    if not said.isdecimal() or not 1024 <= int(said) < 65_535:
        raise BrokerUnavailable(f"COILWATCH_LOCAL_KAFKA_PORT is {said!r}: a port from 1024 to 65534")
    return int(said)
