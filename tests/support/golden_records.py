"""Records as files under `tests/golden/messages`: topic, key, headers, and the value unless it is an image.

`python -m tests.support.golden_records` writes those that are missing, and never touches a file that exists.
After a compatible change (a field more), rename the old file to `NAME.BEFORE-WHAT.json`, which must still
load, and write the new one. Anything else is a new major version.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from contracts.codec import dead_letter_headers, encode, frame_headers
from contracts.topics import DEAD_LETTERS, FRAMES
from tests.support.messages import DEAD_LETTER, FRAME_HEADER, MESSAGES

FOLDER = Path(__file__).parents[1] / "golden" / "messages"


@dataclass(frozen=True, slots=True, kw_only=True)
class GoldenRecord:
    """One record; `value` is None where it is an image."""

    topic: str
    key: bytes | None
    headers: list[tuple[str, bytes | None]]
    value: bytes | None

    def text(self) -> str:
        """As it lies in the file: JSON for people."""
        fields: dict[str, Any] = {
            "topic": self.topic,
            "key": _text(self.key),
            "headers": {name: _text(value) for name, value in self.headers},
        }
        if self.value is not None:
            fields["value"] = json.loads(self.value)
        return json.dumps(fields, indent=2, ensure_ascii=False) + "\n"


def read_record(text: str) -> GoldenRecord:
    """The record of a file."""
    fields = json.loads(text)
    return GoldenRecord(
        topic=fields["topic"],
        key=_bytes(fields["key"]),
        headers=[(name, _bytes(value)) for name, value in fields["headers"].items()],
        value=json.dumps(fields["value"]).encode() if "value" in fields else None,
    )


def todays_records() -> dict[str, GoldenRecord]:
    """One record of every message, as today's code makes it."""
    headers: list[tuple[str, bytes | None]] = list(frame_headers(FRAME_HEADER))
    letter = dead_letter_headers(DEAD_LETTER, headers)
    images = {
        "frame": GoldenRecord(topic=FRAMES, key=FRAME_HEADER.key, headers=headers, value=None),
        "dead-letter": GoldenRecord(topic=DEAD_LETTERS, key=FRAME_HEADER.key, headers=letter, value=None),
    }
    encoded = {name: encode(message) for name, message in MESSAGES.items()}
    return images | {
        name: GoldenRecord(topic=e.topic, key=e.key, headers=list(e.headers), value=e.value)
        for name, e in encoded.items()
    }


def _text(value: bytes | None) -> str | None:
    return None if value is None else value.decode()


def _bytes(text: str | None) -> bytes | None:
    return None if text is None else text.encode()


if __name__ == "__main__":
    for name, record in todays_records().items():
        path = FOLDER / f"{name}.json"
        if not path.exists():
            path.write_text(record.text(), encoding="utf-8")
            print(f"wrote {path.name}")
