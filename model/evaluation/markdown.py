"""Tables and lists in Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any


def table(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(_cell(cell) for cell in line) + " |" for line in lines)


def bullets(figures: Mapping[str, Any], depth: int = 0) -> str:
    """Nested facts as a Markdown list."""
    lines = []
    for name, value in figures.items():
        said = str(name).replace("_", " ")
        if isinstance(value, Mapping):
            lines.append(f"{'  ' * depth}- {said}:")
            lines += [bullets(value, depth + 1)] if value else []
        else:
            listed = ", ".join(map(str, value)) if isinstance(value, (list, tuple)) else value
            lines.append(f"{'  ' * depth}- {said}: {listed}")
    return "\n".join(lines)


def bullets_of(sentences: Iterable[str]) -> str:
    """A Markdown list."""
    return "\n".join(f"- {sentence}" for sentence in sentences)


def _cell(value: Any) -> str:
    return str(value).replace("|", "\\|")
