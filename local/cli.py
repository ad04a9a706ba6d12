"""`python -m local kafka|demo|up`: the stack on one machine without Docker."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from confluent_kafka import KafkaException
from rich.console import Console

from contracts.admin import TopicsUnavailable
from local.arguments import command_line, demo_plan, up_plan
from local.demo import run_demo
from local.kafka import cli as kafka_cli
from local.kafka.prerequisites import BrokerUnavailable
from local.kafka.settings import DEFAULT_PORT
from local.live.addresses import KAFKA_SETTING, PortsRefused, read_ports
from local.live.up import run_up
from local.packages import PackagesMissing
from local.processes.children import ChildFailed
from local.processes.interruption import Interruption
from local.stack import Place
from local.watching.configuration import ConfigurationInvalid
from producer_sim.manifest import ManifestInvalid

ROOT = Path(__file__).resolve().parent.parent
FAILED, INTERRUPTED = 1, 130
FAILURES = (
    BrokerUnavailable,
    ChildFailed,
    ConfigurationInvalid,
    KafkaException,
    ManifestInvalid,
    PackagesMissing,
    PortsRefused,
    TopicsUnavailable,
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code 0, also of a live line that was ended; 1 with a sentence that says why; 130: interrupted."""
    given = command_line().parse_args(arguments)
    try:
        if given.command == "kafka":
            return kafka_cli.run(given.action, local_home(os.environ), kafka_port(os.environ))
        return _demo(given, os.environ) if given.command == "demo" else _up(given, os.environ)
    except FAILURES as failure:
        print(f"{given.command}: {failure}", file=sys.stderr)
        return FAILED
    except KeyboardInterrupt:
        print(f"{given.command}: interrupted; what was started is stopped", file=sys.stderr)
        return INTERRUPTED


def _demo(given: argparse.Namespace, environment: Mapping[str, str]) -> int:
    place = _place("demo", environment)
    wrong = run_demo(demo_plan(given), place)
    for sentence in wrong:
        place.console.print(f"[bold red]demo[/bold red]  {sentence}", highlight=False, soft_wrap=True)
    if not wrong:
        place.say("every frame accounted for, every verdict in time, and the manifest agrees")
    return FAILED if wrong else 0


def _up(given: argparse.Namespace, environment: Mapping[str, str]) -> int:
    place = _place("up", environment)
    ports = read_ports(environment, kafka_port(environment))
    try:
        run_up(up_plan(given, local_home(environment) / "up"), ports, place)
    except KeyboardInterrupt:
        place.say("ended; what was started is stopped, what it stored stays for the next time")
    return 0


def _place(command: str, environment: Mapping[str, str]) -> Place:
    interruption = Interruption()
    interruption.install()
    broker = kafka_cli.broker_here(local_home(environment), kafka_port(environment))
    return Place(
        command=command,
        broker=broker,
        environment=environment,
        console=Console(),
        interruption=interruption,
    )


def local_home(environment: Mapping[str, str]) -> Path:
    """Where jars, data and logs lie: `.local` in the checkout, or in the current folder without one."""
    said = environment.get("COILWATCH_LOCAL_HOME")
    if said:
        return Path(said)
    return (ROOT if (ROOT / "pyproject.toml").exists() else Path.cwd()) / ".local"


def kafka_port(environment: Mapping[str, str]) -> int:
    """The local broker's port; the controller takes the next one."""
    said = environment.get(KAFKA_SETTING, str(DEFAULT_PORT))
    if not said.isdecimal() or not 1024 <= int(said) < 65_535:
        raise BrokerUnavailable(f"{KAFKA_SETTING} is {said!r}: a port from 1024 to 65534")
    return int(said)
