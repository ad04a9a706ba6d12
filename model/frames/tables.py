"""CSV files of somebody's making, read so that whatever is wrong with them can be named with its line."""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from model.frames.problems import Problems

LONGEST_CELL = 64 * 2**20
"""csv refuses cells above 131,072 characters; the RLE of one noisy 2000x4000 mask is longer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row: `at` is "file:line", `cells` by column."""

    at: str
    cells: dict[str, str]

    def __getitem__(self, column: str) -> str:
        return self.cells[column]


def read_table(path: Path, columns: Collection[str], problems: Problems) -> list[Row]:
    """The rows of a comma-separated UTF-8 file with a heading; more columns than asked for are let pass.

    What is wrong goes to `problems`; rows with a wrong number of cells are left out. An absent file is one
    problem too: ask first when it is optional.
    """
    text = _text(path, problems)
    if text is None:
        return []
    with _long_cells():
        reader = csv.reader(io.StringIO(text, newline=""))
        heading = [name.strip() for name in next(reader, [])]
        if missing := [name for name in columns if name not in heading]:
            problems.add(f"{path.name}:1", _wrong_heading(heading, missing, columns))
            return []
        return list(_rows(reader, path.name, heading, problems))


def _text(path: Path, problems: Problems) -> str | None:
    try:
        encoded = path.read_bytes()
    except OSError as unreadable:
        problems.add(path.name, f"cannot be read: {unreadable.strerror}; put it beside the images' folder")
        return None
    try:
        return encoded.decode("utf-8-sig")
    except UnicodeDecodeError as wrong:
        line = encoded.count(b"\n", 0, wrong.start) + 1
        utf16 = encoded[:2] in (b"\xff\xfe", b"\xfe\xff")
        says = f"is {'UTF-16' if utf16 else 'not UTF-8'} (byte {wrong.start}); save it as UTF-8"
        problems.add(f"{path.name}:{line}", says)
        return None


def _wrong_heading(heading: list[str], missing: list[str], columns: Collection[str]) -> str:
    if not heading:
        return f"the file is empty; its first line must be {','.join(columns)}"
    if len(heading) == 1:
        for name, delimiter in (("semicolons", ";"), ("tabs", "\t"), ("bars", "|")):
            if delimiter in heading[0]:
                return f"columns are separated by {name}; save it with commas"
    return (
        f"lacks the column{'s' * (len(missing) > 1)} {', '.join(missing)}; it has {', '.join(heading)[:200]}"
    )


def _rows(reader: Iterator[list[str]], name: str, heading: list[str], problems: Problems) -> Iterator[Row]:
    line = 1
    try:
        for cells in reader:
            line = reader.line_num  # type: ignore[attr-defined]
            if not cells:
                continue
            if len(cells) != len(heading):
                problems.add(f"{name}:{line}", f"has {len(cells)} cells where the heading has {len(heading)}")
                continue
            yield Row(at=f"{name}:{line}", cells=dict(zip(heading, (c.strip() for c in cells), strict=True)))
    except csv.Error as broken:
        problems.add(f"{name}:{line + 1}", f"is not CSV: {broken}")


@contextmanager
def _long_cells() -> Iterator[None]:
    """The limit is the interpreter's, so it is put back."""
    before = csv.field_size_limit(LONGEST_CELL)
    try:
        yield
    finally:
        csv.field_size_limit(before)
