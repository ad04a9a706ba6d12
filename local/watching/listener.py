"""The webhook that is shipped, on this machine, and what it has heard."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

from rich.markup import escape

from local.kafka.ports import HOST
from local.processes.tail import Tail
from local.watching.served import ServedProcess


class ListenerProcess(ServedProcess):
    """`python -m monitoring listen` on `port`, a JSON line an alert in its log."""

    def __init__(self, *, port: int, log: Path) -> None:
        words = ["listen", "--host", HOST, "--port", str(port), "--log-format", "json"]
        command = [sys.executable, "-m", "monitoring", *words]
        super().__init__("the alert listener", command, port=port, log=log, ready="/healthz")


class HeardAlerts:
    """What the listener logs, as a person reads it: each alert once when it fires, once when it is over.

    Alertmanager repeats a group's alerts whenever one of them changes, and tells the end of those whose
    beginning it kept to itself, because another alert said it already.
    """

    def __init__(self, log: Path) -> None:
        self._tail = Tail(log)
        self._firing: set[tuple[str, ...]] = set()

    def new(self) -> Iterator[str]:
        """A line for each, since the last time."""
        for line in self._tail.new_lines():
            said = _alert(line)
            if said is None:
                continue
            alert = tuple(said.get(name, "") for name in ("alert", "line", "severity", "since"))
            fires = said["message"].endswith("firing")
            if fires == (alert in self._firing):
                continue
            (self._firing.add if fires else self._firing.remove)(alert)
            yield _told(said, fires=fires)


def _alert(line: str) -> dict[str, str] | None:
    try:
        said = json.loads(line)
    except ValueError:
        return None
    if not isinstance(said, dict) or not str(said.get("message", "")).startswith("alert "):
        return None
    return {str(name): str(value) for name, value in said.items()}


def _told(said: dict[str, str], *, fires: bool) -> str:
    name, of_line = said.get("alert", "?"), f" on {said['line']}" if "line" in said else ""
    if not fires:
        return f"[bold green]alert over[/bold green] {escape(name + of_line)}"
    severity, summary = said.get("severity", "?"), said.get("summary", "")
    where = f" [dim]({escape(said['runbook'])})[/dim]" if "runbook" in said else ""
    return f"[bold red]alert[/bold red] {escape(f'{name}{of_line}, {severity}: {summary}')}{where}"
