"""Yesterday's records must load today, and mean the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from contracts.codec import (
    dead_letter_headers,
    decode,
    encode,
    frame_headers,
    read_dead_letter,
    read_frame_header,
)
from contracts.message_codec import KINDS
from tests.support.golden_records import FOLDER, GoldenRecord, read_record, todays_records
from tests.support.messages import DEAD_LETTER, FRAME_HEADER, MESSAGES

FILES = sorted(FOLDER.glob("*.json"))
JSON_FILES = [path for path in FILES if not path.stem.startswith(("frame", "dead-letter"))]
TODAYS_FILES = [path for path in JSON_FILES if "." not in path.stem]
ADVICE = "the contract changed: tests/support/golden_records.py says what to do"


def test_every_message_has_its_file() -> None:
    assert {path.stem for path in FILES} >= todays_records().keys(), (
        "run `python -m tests.support.golden_records`"
    )
    kinds = {dict(read_record(path.read_text(encoding="utf-8")).headers)["ce_type"] for path in JSON_FILES}
    assert kinds == {f"coilwatch.{kind.kind}.v1".encode() for kind in KINDS}


@pytest.mark.parametrize("path", JSON_FILES, ids=lambda path: path.stem)
def test_it_loads(path: Path) -> None:
    golden = read_record(path.read_text(encoding="utf-8"))
    assert decode(golden.headers, golden.value)


@pytest.mark.parametrize("path", TODAYS_FILES, ids=lambda path: path.stem)
def test_it_loads_and_is_written_identically(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    golden = read_record(text)
    message = decode(golden.headers, golden.value)
    encoded = encode(message)
    again = GoldenRecord(
        topic=encoded.topic, key=encoded.key, headers=list(encoded.headers), value=encoded.value
    )
    assert again.text() == text, ADVICE


@pytest.mark.parametrize("name", MESSAGES)
def test_it_means_what_it_meant(name: str) -> None:
    golden = read_record((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    assert decode(golden.headers, golden.value) == MESSAGES[name], ADVICE


def test_the_frame_record() -> None:
    golden = read_record((FOLDER / "frame.json").read_text(encoding="utf-8"))
    assert read_frame_header(golden.key, golden.headers) == FRAME_HEADER, ADVICE
    assert frame_headers(FRAME_HEADER) == golden.headers, ADVICE
    assert FRAME_HEADER.key == golden.key, ADVICE


def test_the_dead_letter() -> None:
    golden = read_record((FOLDER / "dead-letter.json").read_text(encoding="utf-8"))
    assert read_dead_letter(golden.headers) == DEAD_LETTER, ADVICE
    assert dead_letter_headers(DEAD_LETTER, frame_headers(FRAME_HEADER)) == golden.headers, ADVICE
    assert read_frame_header(golden.key, golden.headers) == FRAME_HEADER
