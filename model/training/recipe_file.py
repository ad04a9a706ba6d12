"""Reading a recipe's YAML so that a refusal can name the line, the key and what is allowed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, get_args

import yaml
from pydantic import BaseModel, ValidationError

from model.frames.refused import TrainingRefused

Place = tuple[str | int, ...]
Lines = dict[Place, int]


def read_yaml(path: Path) -> tuple[Any, Lines]:
    """What a YAML file says, and the line (from 1) of every place in it. Raises TrainingRefused."""
    try:
        text = path.read_text(encoding="utf-8")
        lines: Lines = {}
        _note_lines(yaml.compose(text, Loader=yaml.SafeLoader), (), lines)
        return yaml.safe_load(text), lines
    except (OSError, UnicodeDecodeError) as unreadable:
        raise TrainingRefused(f"{path} cannot be read: {unreadable}") from None
    except yaml.YAMLError as broken:
        said = " ".join(str(broken).split())
        raise TrainingRefused(f"{path} is not YAML: {said}") from None


def _note_lines(node: yaml.Node | None, place: Place, lines: Lines) -> None:
    """Keys that came by a merge (`<<`) have no line of their own: their mapping's stands for them."""
    if node is None:
        return
    lines.setdefault(place, node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            lines[(*place, key.value)] = key.start_mark.line + 1
            _note_lines(value, (*place, key.value), lines)
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            _note_lines(value, (*place, index), lines)


def explain(path: Path, lines: Lines, model: type[BaseModel], invalid: ValidationError) -> str:
    """One sentence on the first thing that is wrong: file, line, key, and what is allowed there."""
    first = invalid.errors()[0]
    place: Place = first["loc"]
    key = ".".join(str(part) for part in place)
    where = f"{path}, line {_line(lines, place)}"
    if first["type"] == "extra_forbidden":
        return f"{where}: {key} is not a key here, allowed are {', '.join(_keys(model, place[:-1]))}"
    if first["type"] == "missing":
        return f"{where}: {key} is missing"
    said = first["msg"].removeprefix("Value error, ")
    if not place or isinstance(first["input"], dict):
        return f"{where}: {key + ': ' if key else ''}{said}"
    return f"{where}: {key} is {first['input']!r}: {said[0].lower()}{said[1:]}"


def _line(lines: Lines, place: Place) -> int:
    while place and place not in lines:
        place = place[:-1]
    return lines.get(place, 1)


def _keys(model: type[BaseModel], place: Place) -> Sequence[str]:
    """The keys of the part at `place`."""
    for step in place:
        if isinstance(step, str) and step in model.model_fields:
            found = _part(model.model_fields[step].annotation)
            model = found if found is not None else model
    return list(model.model_fields)


def _part(annotation: Any) -> type[BaseModel] | None:
    """The model inside `X`, `X | None` or `tuple[X, ...]`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((part for inner in get_args(annotation) if (part := _part(inner)) is not None), None)
