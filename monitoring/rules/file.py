"""The rules as the file that Prometheus reads: the same text for the same rules, pretty enough to read."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from monitoring.rules.groups import GROUPS
from monitoring.rules.rule import Group, Record

RULES_FILE = Path(__file__).resolve().parents[1] / "prometheus" / "rules.yml"
COMMAND = "python -m monitoring rules"

WIDTH = 100
_BEFORE = 20
"""What stands before a text on its line, about."""

_HEADER = f"""\
# Written by `{COMMAND}` from monitoring/rules/. Change it there: a test holds both equal.
# What each alert means and what to do is in monitoring/RUNBOOK.md.
groups:
"""


def rules_text() -> str:
    """The whole file."""
    return _HEADER + "\n".join(_group_text(group) for group in GROUPS)


def _group_text(group: Group) -> str:
    every = [] if group.interval_s is None else [f"    interval: {group.interval_s}s"]
    lines = [f"  - name: {group.name}", *every, "    rules:", *_rules_text(group)]
    return "\n".join(lines) + "\n"


def _rules_text(group: Group) -> Iterator[str]:
    for rule in group.rules:
        if isinstance(rule, Record):
            yield f"      # {rule.says}."
        written = yaml.dump([rule.as_yaml()], Dumper=_Dumper, sort_keys=False, width=WIDTH)
        yield textwrap.indent(written.rstrip("\n"), " " * 6)


class _Dumper(yaml.SafeDumper):
    """Writes a text of several lines, and a long one, as a block."""


def _text(dumper: yaml.SafeDumper, text: str) -> Any:
    style = "|" if "\n" in text else ">" if len(text) > WIDTH - _BEFORE else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)
