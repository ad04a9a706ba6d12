"""`python -m monitoring dashboards [--check]`: the dashboards' JSON, written or held against the code."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path

HERE = Path(__file__).resolve().parents[1] / "grafana" / "dashboards"
COMMAND = "python -m monitoring dashboards"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 when a file differs")
    parser.add_argument("--to", type=Path, default=HERE, help="folder of the JSON files")


def run(given: argparse.Namespace) -> int:
    """The command's exit code."""
    try:
        # Only who changes dashboards needs the SDK.
        from monitoring.dashboards.files import files
    except ModuleNotFoundError as missing:
        if (missing.name or "").partition(".")[0] != "grafana_foundation_sdk":
            raise
        print("dashboards are written with grafana-foundation-sdk: pip install -e '.[dev]'", file=sys.stderr)
        return 1
    made = files()
    if given.check:
        return _say(differences(made, given.to))
    given.to.mkdir(parents=True, exist_ok=True)
    for name, text in made.items():
        (given.to / name).write_text(text, encoding="utf-8")
        print(given.to / name)
    return 0


def differences(made: Mapping[str, str], folder: Path) -> list[str]:
    """One sentence for each file that is not what the code says; it names the command that mends it."""
    return [
        f"{name} is not what the code writes: run `{COMMAND}`"
        for name, text in made.items()
        if not (folder / name).exists() or (folder / name).read_text(encoding="utf-8") != text
    ] + [
        f"{found.name} is written by no code: remove it, or add it to monitoring/dashboards/files.py"
        for found in sorted(folder.glob("*.json"))
        if found.name not in made
    ]


def _say(found: list[str]) -> int:
    for sentence in found:
        print(sentence, file=sys.stderr)
    return 1 if found else 0
