"""`python -m monitoring rules|dashboards|preview|listen`: what watches the line, and what it tells."""

from __future__ import annotations

import argparse
import importlib
from collections.abc import Sequence
from typing import NamedTuple, Protocol, cast


class _Command(NamedTuple):
    module: str
    help: str


COMMANDS = {
    "rules": _Command("monitoring.rules.command", "write Prometheus's rules from the code"),
    "dashboards": _Command("monitoring.dashboards.command", "write Grafana's dashboards from the code"),
    "preview": _Command("monitoring.preview.command", "draw the dashboards from a live Prometheus"),
    "listen": _Command("monitoring.listening.command", "log each alert that Alertmanager sends"),
}


class _Module(Protocol):
    def add_arguments(self, parser: argparse.ArgumentParser) -> None: ...

    def run(self, given: argparse.Namespace) -> int: ...


def main(arguments: Sequence[str] | None = None) -> int:
    """The command's exit code."""
    parser = argparse.ArgumentParser(prog="python -m monitoring", description="The line, watched")
    commands = parser.add_subparsers(dest="command", required=True)
    modules: dict[str, _Module] = {}
    for name, command in COMMANDS.items():
        # Light all of them: what draws, serves or types dashboards is imported when it runs.
        modules[name] = cast(_Module, importlib.import_module(command.module))
        modules[name].add_arguments(commands.add_parser(name, help=command.help))
    given = parser.parse_args(arguments)
    return modules[given.command].run(given)
