"""`python -m local kafka|demo`: the stack on one machine without Docker."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from local.kafka import cli as kafka_cli
from local.kafka.prerequisites import BrokerUnavailable
from local.kafka.settings import DEFAULT_PORT

ROOT = Path(__file__).resolve().parent.parent


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code 0, or 1 with one line that says why."""
    given = _parser().parse_args(arguments)
    try:
        return _run(given, os.environ)
    except BrokerUnavailable as unavailable:
        print(f"kafka: {unavailable}", file=sys.stderr)
        return 1


def _run(given: argparse.Namespace, environment: Mapping[str, str]) -> int:
    return kafka_cli.run(given.action, local_home(environment), kafka_port(environment))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m local", description="The whole line on one machine")
    commands = parser.add_subparsers(dest="command", required=True)
    kafka_cli.add_arguments(commands.add_parser("kafka", help="a real single-node Apache Kafka"))
    return parser


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
