"""`python -m consumer.coils`: the coil tracker; `regrade` and `map` read what it left in the topics."""

from __future__ import annotations

import argparse
import os
import re
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from consumer.coils.marks.rolls import load_rolls
from consumer.coils.settings import TrackerSettings, read_settings
from consumer.coils.stored.records import StoredTopics, StoredUnreadable
from consumer.coils.verdicts import VerdictPolicy
from consumer.coils.yaml_lines import YamlRefused
from consumer.kafka_errors import TopicMissing
from contracts.identity import NAME_PATTERN
from contracts.kafka_properties import SettingsRefused

DONE, CHANGES, REFUSED, INTERRUPTED = 0, 1, 2, 130

ABOUT = """\
Without a command: run the coil tracker, which closes every coil with a verdict before its deadline; its
settings are COILWATCH_* in the environment, SIGHUP reads its rules again, SIGTERM stops it. `regrade` and
`map` take the same settings, read the topics, and write nothing to them."""


class CommandRefused(Exception):
    """A command cannot do what it was asked; one sentence that says why."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code 0; 1 when `regrade --check` finds a change; 2 with a sentence that says why."""
    given = _parser().parse_args(arguments)
    if given.command is None:
        # Here, or `map` would wait for a web server's and a metric registry's import.
        from consumer.coils import app

        return app.main()
    try:
        return _regrade(given) if given.command == "regrade" else _map(given)
    except (CommandRefused, SettingsRefused, StoredUnreadable, TopicMissing, YamlRefused) as refused:
        print(f"{given.command}: {refused}", file=sys.stderr)
        return REFUSED
    except KeyboardInterrupt:
        return INTERRUPTED


def _regrade(given: argparse.Namespace) -> int:
    from rich.console import Console

    from consumer.coils.grading.rules import load_rules
    from consumer.coils.stored.regrade_command import CoilUnknown, regrade_stored, show

    rules = load_rules(given.rules)
    topics, policy = _stored(given)
    try:
        with topics:
            coils = regrade_stored(topics, rules, policy, given.coil or (), time.time_ns())
    except CoilUnknown as unknown:
        raise CommandRefused(str(unknown)) from None
    show(coils, rules, Console())
    return CHANGES if given.check and any(coil.changes for coil in coils) else DONE


def _map(given: argparse.Namespace) -> int:
    from consumer.coils.stored.map_command import MapRefused, draw_map, form_of

    try:
        form_of(given.out)  # before the broker is asked
        topics, policy = _stored(given)
        with topics:
            draw_map(topics, given.coil, given.out, policy)
    except MapRefused as refused:
        raise CommandRefused(str(refused)) from None
    print(given.out)
    return DONE


def _stored(given: argparse.Namespace) -> tuple[StoredTopics, VerdictPolicy]:
    """By the tracker's own settings; what the command line says goes before them."""
    settings = _settings(given)
    rolls = load_rolls(settings.rolls) if settings.rolls else ()
    topics = StoredTopics(settings.told_properties(), settings.topic_prefix)
    return topics, settings.verdict_policy(rolls)


def _settings(given: argparse.Namespace) -> TrackerSettings:
    said = {"bootstrap_servers": given.bootstrap_servers, "topic_prefix": given.topic_prefix}
    return read_settings(os.environ).model_copy(
        update={name: value for name, value in said.items() if value is not None}
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m consumer.coils",
        description=ABOUT,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", metavar="{regrade,map}")
    regrade = commands.add_parser(
        "regrade",
        help="say which verdicts other rules would change",
        description="Grade the stored coils by other rules, without a model, and say what would change. "
        "Exit code 0; with --check 1 when a verdict changes; 2 when that cannot be told.",
    )
    regrade.add_argument("--rules", type=Path, required=True, metavar="FILE", help="YAML file of rules")
    regrade.add_argument(
        "--coil", action="append", type=_coil_id, metavar="ID", help="only this coil; may be repeated"
    )
    regrade.add_argument("--check", action="store_true", help="exit code 1 when a verdict changes")
    picture = commands.add_parser(
        "map",
        help="draw a coil: verdict, defects, roll marks, lanes, fate of every frame",
        description="Draw a coil from the topics alone.",
    )
    picture.add_argument("coil", type=_coil_id, metavar="COIL", help="the coil's id")
    picture.add_argument("--out", type=Path, required=True, metavar="FILE", help="a .png or a .svg")
    for command in (regrade, picture):
        _add_place(command)
    return parser


def _add_place(command: argparse.ArgumentParser) -> None:
    servers = "default COILWATCH_BOOTSTRAP_SERVERS, or this machine's"
    command.add_argument("--bootstrap-servers", metavar="HOST:PORT", help=servers)
    command.add_argument("--topic-prefix", metavar="TEXT", help="default COILWATCH_TOPIC_PREFIX, or none")


def _coil_id(text: str) -> str:
    if not re.fullmatch(NAME_PATTERN, text):
        raise argparse.ArgumentTypeError(f"{text!r} is no coil's id")
    return text
