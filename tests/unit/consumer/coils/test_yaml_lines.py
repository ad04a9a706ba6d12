from __future__ import annotations

import re
from enum import StrEnum
from pathlib import Path
from typing import Literal

import pytest
from pydantic import BaseModel, ConfigDict

from consumer.coils.yaml_lines import YamlRefused, read_yaml


class Finish(StrEnum):
    DULL = "dull"
    BRIGHT = "bright"


class Item(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str
    size_mm: float
    finish: Literal[Finish.DULL, Finish.BRIGHT] = Finish.DULL


class Sheet(BaseModel):
    model_config = ConfigDict(extra="forbid")

    items: list[Item]


def test_a_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "sheet.yaml"
    path.write_text("items:\n  - {name: a, size_mm: 3}\n", encoding="utf-8")
    assert read_yaml(path, Sheet) == Sheet(items=[Item(name="a", size_mm=3)])


@pytest.mark.parametrize(
    ("text", "refusal"),
    [
        ("items:\n- name: a\n  size_mm: big\n", r"line 3: items\[0\].size_mm: .*valid number"),
        ("items:\n- name: a\n  size_mm: 1\n  colour: red\n", r"line 4: items\[0\].colour: is no known key"),
        (
            "items:\n- name: a\n  size_mm: 1\n  finish: matt\n",
            r"line 4: items\[0\].finish: Input should be 'dull' or 'bright', not 'matt'$",
        ),
        ("items:\n- {name: a, size_mm: 1}\n\n- name: b\n", r"line 4: items\[1\].size_mm: is missing"),
        (
            "items:\n- name: a\n  name: b\n  size_mm: 1\n",
            r"line 3: items\[0\]: the key 'name' is there twice",
        ),
        ("items: [\n", "line 2: the file: is no YAML"),
        ("items: \x01\n", "line 1: the file: is no YAML"),
        ("items: 2026-13-45\n", "line 1: the file: is no YAML"),
        ("items: !!python/object:os.system x\n", "line 1: the file: is no YAML"),
        ("[" * 5000, "line 1: the file: is no YAML"),
        ("", "line 1: the file: is empty"),
        ("- 1\n", "line 1: the file: Input should be a valid dictionary"),
        ("# nothing but\nthings: 1\n", "line 2: items: is missing"),
    ],
    ids=[
        "wrong type",
        "unknown key",
        "none of the choices",
        "missing key",
        "key twice",
        "open bracket",
        "control character",
        "no such day",
        "python object",
        "deep brackets",
        "empty",
        "a list",
        "missing at the top",
    ],
)
def test_a_refusal_names_line_place_and_reason(tmp_path: Path, text: str, refusal: str) -> None:
    path = tmp_path / "sheet.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(YamlRefused, match=f"^{re.escape(str(path))}, {refusal}"):
        read_yaml(path, Sheet)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(YamlRefused, match="cannot be read"):
        read_yaml(tmp_path / "none.yaml", Sheet)


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "sheet.yaml"
    path.write_bytes(b"\xff\xfe\x00items")
    with pytest.raises(YamlRefused, match="cannot be read"):
        read_yaml(path, Sheet)
