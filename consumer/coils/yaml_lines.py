"""Reads a YAML file into a pydantic model, and says on which line it is wrong."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

import yaml
from pydantic import BaseModel, ValidationError

Model = TypeVar("Model", bound=BaseModel)

_MEMBER = re.compile(r"<\w+\.\w+: ('[^']*')>")
"""How pydantic writes an enum's member: a person writes only its value."""


class YamlRefused(ValueError):
    """A settings file that cannot be used: file, line, where and why, in one sentence for a person."""


def read_yaml(path: Path, model: type[Model]) -> Model:
    """What the file says, checked by `model`.

    Raises YamlRefused: it cannot be read, is no YAML, has a key twice, or the model refuses it.
    """
    root = _composed(path)
    _refuse_twins(path, root, "the file")
    plain = _plain(path, root)
    try:
        return model.model_validate(plain)
    except ValidationError as refused:
        first = refused.errors(include_url=False)[0]
        line, where = _place(root, first["loc"])
        reason = _reason(first["type"], first["msg"], first["input"])
        raise YamlRefused(f"{path}, line {line}: {where}: {reason}") from None


def _composed(path: Path) -> yaml.Node:
    try:
        root = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    except (OSError, UnicodeDecodeError) as unreadable:
        raise YamlRefused(f"{path}, line 1: the file: cannot be read: {unreadable}") from None
    except yaml.MarkedYAMLError as broken:
        raise YamlRefused(_syntax(path, broken)) from None
    except (yaml.YAMLError, RecursionError) as broken:
        raise YamlRefused(f"{path}, line 1: the file: is no YAML: {broken}") from None
    if root is None:
        raise YamlRefused(f"{path}, line 1: the file: is empty")
    return root


def _syntax(path: Path, broken: yaml.MarkedYAMLError) -> str:
    mark = broken.problem_mark or broken.context_mark
    line = mark.line + 1 if mark else 1
    return f"{path}, line {line}: the file: is no YAML: {broken.problem or broken.context}"


def _plain(path: Path, root: yaml.Node) -> object:
    """Dicts, lists, numbers and text."""
    loader = yaml.SafeLoader("")
    try:
        return loader.construct_document(root)
    except yaml.MarkedYAMLError as broken:
        raise YamlRefused(_syntax(path, broken)) from None
    except (ValueError, RecursionError) as broken:  # the 45th of a month; brackets without end
        raise YamlRefused(f"{path}, line 1: the file: is no YAML: {broken}") from None
    finally:
        loader.dispose()


def _refuse_twins(path: Path, node: yaml.Node, where: str) -> None:
    """YAML takes the last of two equal keys silently: half of a person's settings would be lost."""
    pending = [(node, where)]
    seen: set[int] = set()
    while pending:
        one, place = pending.pop()
        if id(one) in seen:  # an alias, perhaps to what holds it
            continue
        seen.add(id(one))
        if isinstance(one, yaml.SequenceNode):
            pending.extend((each, f"{place}[{index}]") for index, each in enumerate(one.value))
        elif isinstance(one, yaml.MappingNode):
            keys = [key.value for key, _ in one.value if isinstance(key, yaml.ScalarNode)]
            for key, value in one.value:
                if isinstance(key, yaml.ScalarNode) and keys.count(key.value) > 1:
                    line = _last_line(one, key.value)
                    raise YamlRefused(f"{path}, line {line}: {place}: the key {key.value!r} is there twice")
                pending.append((value, str(getattr(key, "value", place))))


def _last_line(mapping: yaml.MappingNode, name: str) -> int:
    return max(int(key.start_mark.line) + 1 for key, _ in mapping.value if key.value == name)


def _place(root: yaml.Node, loc: Sequence[int | str]) -> tuple[int, str]:
    """The line of the deepest thing on the way that the file holds, and its name as a person would write it.

    Parts of `loc` that the file does not hold (a missing key, the member of a union) do not move it.
    """
    node, line, where = root, int(root.start_mark.line) + 1, ""
    for step in loc:
        found = _child(node, step)
        if found is not None:
            node, line = found
        elif step != loc[-1]:
            continue
        where += f"[{step}]" if isinstance(step, int) else f".{step}" if where else step
    return line, where or "the file"


def _child(node: yaml.Node, step: int | str) -> tuple[yaml.Node, int] | None:
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        value = node.value[step]
        return value, int(value.start_mark.line) + 1
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode) and key.value == str(step):
                return value, int(key.start_mark.line) + 1
    return None


def _reason(kind: str, message: str, given: object) -> str:
    if kind == "extra_forbidden":
        return "is no known key"
    if kind == "missing":
        return "is missing"
    said = _MEMBER.sub(r"\1", message.removeprefix("Value error, "))
    return f"{said}, not {given!r}" if kind in ("enum", "literal_error") else said
