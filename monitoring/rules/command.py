"""`python -m monitoring rules [--check]`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from monitoring.rules.file import COMMAND, RULES_FILE, rules_text


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the flags."""
    parser.add_argument(
        "--check", action="store_true", help="write nothing; exit 1 when the file is not what the code says"
    )
    parser.add_argument(
        "--file", type=Path, default=RULES_FILE, help="another file than the one that is shipped"
    )


def run(given: argparse.Namespace) -> int:
    """Write the file, or compare it with the code."""
    file: Path = given.file
    wanted = rules_text()
    as_before = file.is_file() and file.read_text(encoding="utf-8") == wanted
    if given.check:
        if not as_before:
            print(f"{file.name} is not what monitoring/rules says: run `{COMMAND}`", file=sys.stderr)
        return 0 if as_before else 1
    if not as_before:
        file.write_text(wanted, encoding="utf-8")
    print(f"{file}: {'as before' if as_before else 'written'}")
    return 0
