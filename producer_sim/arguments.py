"""The command line: what can be asked for, and which wishes exclude each other."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

from contracts import topics
from contracts.coils import DEFAULT_BUDGET_S
from producer_sim.faults import parse_fault
from producer_sim.roll_marks import parse_roll_mark
from producer_sim.topic_range import parse_bound

DEFAULT_BOOTSTRAP_SERVERS = "127.0.0.1:19092"
DEFAULT_SPEED_MPS = 5.0
DEFAULT_SYNTHETIC_DEFECT_SHARE = 0.05

SHORT_TOPICS = {
    "frames": topics.FRAMES,
    "inspections": topics.INSPECTIONS,
    "defects": topics.DEFECTS,
    "dead-letters": topics.DEAD_LETTERS,
    "coil-events": topics.COIL_EVENTS,
    "coil-reports": topics.COIL_REPORTS,
    "alarms": topics.ALARMS,
}

_NEW_RUN_DEFAULTS: dict[str, Any] = {
    "labels": None,
    "seed": 1,
    "defect_share": None,
    "distinct": None,
    "lines": 1,
    "coils": 1,
    "endless": False,
    "cameras": 1,
    "frames_per_coil": 300,
    "coil_prefix": None,
    "mm_per_px": 0.8,
    "speed_mps": None,
    "budget_s": DEFAULT_BUDGET_S,
    "fault": [],
    "roll_mark": [],
    "manifest": None,
    "manifest_masks": False,
}
"""Options that make a new run; a recording has been made already."""


class _Parser(argparse.ArgumentParser):
    """Says one sentence instead of the whole usage."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message} (see {self.prog} --help)\n")


def parse(arguments: list[str] | None) -> argparse.Namespace:
    """Read the command line; exits with 2 and one sentence when it makes no sense."""
    parser = _Parser(
        prog="coilwatch-sim",
        description="Send frames as a steel line would, record what was sent, compare what came of it.",
        epilog="Exit codes: 0 done, 1 the broker failed or diff found a difference, 2 refused, 130 stopped.",
        allow_abbrev=False,
    )
    commands = parser.add_subparsers(dest="command", required=True, parser_class=_Parser)
    replay = _command(commands, "replay", "send frames: synthetic (default), of a folder, or a recording")
    _add_source(replay)
    _add_shape(replay)
    _add_roll_marks(replay)
    _add_faults_and_manifest(replay)
    _add_record(_command(commands, "record", "write a topic range to a file that replay can send again"))
    _add_diff(_command(commands, "diff", "compare two runs' results; exits 1 at the first difference"))
    given = parser.parse_args(arguments)
    if given.command == "replay":
        _settle_replay(replay, given)
    return given


def _command(commands: Any, name: str, summary: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(
        name, help=summary, description=summary, allow_abbrev=False
    )
    parser.add_argument("--bootstrap-servers", default=DEFAULT_BOOTSTRAP_SERVERS, metavar="HOST:PORT")
    parser.add_argument(
        "--property", action="append", default=[], type=_property, metavar="NAME=VALUE",
        help="any librdkafka property; repeatable",
    )  # fmt: skip
    parser.add_argument(
        "--properties", type=Path, metavar="FILE",
        help="NAME=VALUE lines, for secrets that must not be seen in the process list",
    )  # fmt: skip
    if name != "diff":
        parser.add_argument("--topic-prefix", default="", help="put before every topic's name")
    return parser


def _add_source(parser: argparse.ArgumentParser) -> None:
    source = parser.add_mutually_exclusive_group()
    source.add_argument("--synthetic", action="store_true", help="a synthetic strip (default)")
    source.add_argument("--frames", type=Path, metavar="FOLDER", help="JPEGs and PNGs, over and over")
    source.add_argument("--recording", type=Path, metavar="FILE", help="what `record` wrote, byte for byte")
    parser.add_argument(
        "--labels", type=Path, metavar="CSV",
        help="truth of --frames; default: frames.csv, or the competition's train.csv, beside the folder",
    )  # fmt: skip
    parser.add_argument("--seed", type=_whole(0), help="default 1")
    parser.add_argument(
        "--defect-share", type=_number(0, 1),
        help="share of defective frames; default .05 for --synthetic, as they come for --frames",
    )  # fmt: skip
    parser.add_argument(
        "--distinct", type=_whole(1), metavar="N", help="use only N different frames, over and over"
    )


def _add_shape(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--lines", type=_whole(1), metavar="N", help="side by side; default 1")
    coils = parser.add_mutually_exclusive_group()
    coils.add_argument("--coils", type=_whole(1), metavar="N", help="of each line, in turn; default 1")
    coils.add_argument(
        "--endless", action="store_true", default=None,
        help="coil after coil until SIGINT or SIGTERM, which ends the running one: exit code 0",
    )  # fmt: skip
    parser.add_argument("--cameras", type=_whole(1), metavar="N", help="of each line; default 1")
    parser.add_argument("--frames-per-coil", type=_whole(1), metavar="N", help="of each camera; default 300")
    parser.add_argument("--coil-prefix", help="start of each coil's id; default sim-DATE-TIME-")
    parser.add_argument("--mm-per-px", type=_number(0.001, 100), help="both ways; default 0.8")
    parser.add_argument("--budget-s", type=_number(0.001, 86_400), help="until a verdict is due; default 300")
    pace = parser.add_mutually_exclusive_group()
    pace.add_argument(
        "--speed-mps", type=_number(0.001, 100), help=f"line speed, m/s; default {DEFAULT_SPEED_MPS:g}"
    )
    pace.add_argument("--fps", type=_number(0.001, 1e6), help="frames/s of all cameras together")
    pace.add_argument("--flat-out", action="store_true", help="as fast as it goes (default of --recording)")
    parser.add_argument("--no-progress", action="store_true", help="no progress bar")


def _add_roll_marks(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--roll-mark", action="append", type=_said(parse_roll_mark),
        metavar="diameter=MM,class=N,lane=MM[,jitter=SHARE][,miss=SHARE][,from=MM][,to=MM]",
        help="a damaged roll: at every turn (pi x diameter along the strip) a defect of that class, at that "
        "distance from the drive side; jitter: of a hit's position, one standard deviation in periods; "
        "miss: the share of turns without a hit; from, to: where on the coil. On real frames ONE labelled "
        "frame comes again and again, its period rounded to whole frames. The manifest says what was sent. "
        "Repeatable",
    )  # fmt: skip


def _add_faults_and_manifest(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--fault", action="append", type=_said(parse_fault), metavar="NAME=PROBABILITY",
        help="drop, duplicate, corrupt, truncate, reorder, late, wrong-size, unknown-version; repeatable",
    )  # fmt: skip
    parser.add_argument("--manifest", type=Path, metavar="FILE", help="write what was sent and what is known")
    parser.add_argument("--manifest-masks", action="store_true", default=None, help="with the masks' RLE")


def _add_record(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--topic", action="append", type=_topic, metavar="NAME",
        help=f"one of {', '.join(SHORT_TOPICS)}; repeatable; default frames and coil-events",
    )  # fmt: skip
    bound = "beginning, end, an offset in every partition, or an ISO 8601 time"
    parser.add_argument("--from", dest="start", type=_said(parse_bound), default="beginning", help=bound)
    parser.add_argument("--to", dest="end", type=_said(parse_bound), default="end", help=bound)
    parser.add_argument("--coil", action="append", default=[], metavar="ID", help="only this one; repeatable")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE")


def _add_diff(parser: argparse.ArgumentParser) -> None:
    side = "a recording with inspections, or kafka:PREFIX for the topics with that prefix on the broker"
    parser.add_argument("a", help=side)
    parser.add_argument("b", help="the same")
    parser.add_argument("--coil", action="append", default=[], metavar="ID", help="only this one; repeatable")


def _settle_replay(parser: argparse.ArgumentParser, given: argparse.Namespace) -> None:
    named = [name for name in _NEW_RUN_DEFAULTS if getattr(given, name) is not None]
    if given.recording is not None and named:
        option = "--" + named[0].replace("_", "-")
        parser.error(f"{option} does not go with --recording, which is sent as it is")
    if given.labels is not None and given.frames is None:
        parser.error("--labels goes with --frames only: the synthetic strip knows its own truth")
    for name, default in _NEW_RUN_DEFAULTS.items():
        if getattr(given, name) is None:
            setattr(given, name, default)
    if given.roll_mark and given.distinct is not None and given.frames is None:
        parser.error("--roll-mark needs every synthetic frame to be drawn: leave --distinct out")
    if given.endless and given.manifest is not None:
        parser.error("--manifest does not go with --endless: it would hold every frame of a run without end")
    faults = [fault for fault, _ in given.fault]
    if len(set(faults)) < len(faults):
        parser.error("the same --fault is given twice")


def _said(parse_text: Callable[[str], Any]) -> Callable[[str], Any]:
    """An argparse type whose ValueError is the sentence to print."""

    def convert(text: str) -> Any:
        try:
            return parse_text(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from None

    return convert


def _whole(least: int) -> Callable[[str], int]:
    def convert(text: str) -> int:
        if not (text.isdecimal() and text.isascii()) or not least <= int(text) < 2**31:
            raise argparse.ArgumentTypeError(f"'{text}' is not a whole number from {least} up")
        return int(text)

    return convert


def _number(least: float, most: float) -> Callable[[str], float]:
    def convert(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = float("nan")
        if not least <= value <= most:
            raise argparse.ArgumentTypeError(f"'{text}' is not a number within {least:g}..{most:g}")
        return value

    return convert


def _property(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not name or not equals:
        raise argparse.ArgumentTypeError(f"'{text}' is no NAME=VALUE")
    return name.strip(), value.strip()


def _topic(text: str) -> str:
    if text in SHORT_TOPICS.values():
        return text
    if text not in SHORT_TOPICS:
        raise argparse.ArgumentTypeError(f"'{text}' is no topic: give one of {', '.join(SHORT_TOPICS)}")
    return SHORT_TOPICS[text]
