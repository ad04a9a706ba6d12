"""The rules of the grade, from their YAML file, and the version under which a report names them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from consumer.coils.grading.rules_file import Allowance, Rule, RulesFile
from consumer.coils.yaml_lines import YamlRefused, read_yaml

SHIPPED = Path(__file__).parent / "default.yaml"
"""What a tracker grades by that was given no file of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What a coil is graded by. `version` like "2026-11/1a2b3c4d": an edited file is seen, too."""

    version: str
    classes: tuple[str, ...]
    allowance: Allowance
    rules: tuple[Rule, ...]


def load_rules(path: Path | None = None) -> Rules:
    """The rules of a file, or the shipped ones. Raises YamlRefused with file, line, key and reason.

    The version's digits behind the slash are the first 8 of the file's SHA-256, as `sha256sum` prints it.
    """
    where = SHIPPED if path is None else path
    digest = _digest(where)
    file = read_yaml(where, RulesFile)
    if _digest(where) != digest:  # a running tracker reads it again while somebody writes it
        raise YamlRefused(f"{where}, line 1: the file: changed while it was read; read it again")
    return Rules(
        version=f"{file.version}/{digest}",
        classes=file.classes,
        allowance=file.allowance,
        rules=file.rules,
    )


def _digest(path: Path) -> str:
    """Nothing of what cannot be read: who reads it next says why."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()[:8]
    except OSError:
        return ""
