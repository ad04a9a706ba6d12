"""A Dockerfile and its .dockerignore, read as Docker reads them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from dockerfile_parse import DockerfileParser


class Step(NamedTuple):
    """One instruction, its continued lines joined."""

    instruction: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """From one FROM to the next."""

    base: str
    name: str
    steps: list[Step]


def read_stages(path: Path) -> dict[str, Stage]:
    """All stages by their name; every FROM must give one."""
    stages: dict[str, Stage] = {}
    for entry in DockerfileParser(fileobj=BytesIO(path.read_bytes())).structure:
        step = Step(entry["instruction"], entry["value"])
        if step.instruction == "FROM":
            base, word, name = step.value.split()
            assert word.upper() == "AS", step.value
            latest = stages[name] = Stage(base=base, name=name, steps=[])
        elif step.instruction != "COMMENT":
            latest.steps.append(step)
    return stages


def lineage(stages: Mapping[str, Stage], target: str) -> list[Stage]:
    """The stages that a target begins from, the first one first, and the target itself; none of an image."""
    if target not in stages:
        return []
    return [*lineage(stages, stages[target].base), stages[target]]


def settled(stages: Mapping[str, Stage], target: str, instruction: str) -> str | None:
    """The value of the target's last such instruction, inherited ones too; None without any."""
    steps = [step for stage in lineage(stages, target) for step in stage.steps]
    return next((step.value for step in reversed(steps) if step.instruction == instruction), None)


class Ignored:
    """What a .dockerignore keeps out. The last line that fits decides; with `!` it takes in again."""

    def __init__(self, text: str) -> None:
        lines = [line.strip() for line in text.splitlines()]
        self._rules = [
            (not line.startswith("!"), _compiled(line.removeprefix("!").strip("/")))
            for line in lines
            if line and not line.startswith("#")
        ]

    def __call__(self, path: str) -> bool:
        """Whether a file is out: a line fits it, or a folder that it lies in."""
        folders = [str(folder) for folder in PurePosixPath(path).parents if str(folder) != "."]
        out = False
        for ignores, pattern in self._rules:
            if any(pattern.fullmatch(each) for each in [path, *folders]):
                out = ignores
        return out


def _compiled(line: str) -> re.Pattern[str]:
    pieces = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    split = re.split(r"(\*\*/|\*\*|\*|\?)", line)
    return re.compile("".join(pieces.get(piece, re.escape(piece)) for piece in split))


def context_files(root: Path) -> list[Path]:
    """What is sent to the engine, relative to the root."""
    ignored = Ignored((root / ".dockerignore").read_text(encoding="utf-8"))
    return sorted(_not_ignored(root, root, ignored))


def _not_ignored(folder: Path, root: Path, ignored: Ignored) -> Iterator[Path]:
    for path in folder.iterdir():
        relative = path.relative_to(root)
        if path.is_file() and not ignored(str(relative)):
            yield relative
        # Nothing is taken in again from within a folder of the root that is out: it need not be read.
        elif path.is_dir() and not (folder == root and ignored(str(relative))):
            yield from _not_ignored(path, root, ignored)
