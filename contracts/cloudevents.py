"""What all records share: CloudEvents 1.0 attributes as Kafka headers, in binary content mode.

Source: CloudEvents 1.0.2, and its Kafka protocol binding, section 3.2: attribute `x` travels as header
`ce_x`, UTF-8, and `datacontenttype` as `content-type`. The major version is the `.v1` of `ce_type`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache

Headers = Sequence[tuple[str, bytes | None]]
"""As `confluent_kafka.Message.headers()` returns them; None there means no headers at all."""

MAJOR = 1
SPEC_VERSION = "1.0"
CONTENT_TYPE = "content-type"
JSON_CONTENT_TYPE = "application/json"
TRACEPARENT = "ce_traceparent"
"""W3C trace context, as CloudEvents' distributed tracing extension carries it."""

_TYPE = re.compile(r"coilwatch\.([a-z]+(?:-[a-z]+)*)\.v([0-9]{1,9})")
_TIME = re.compile(r"(\d{4}-\d\d-\d\d)[Tt](\d\d:\d\d:\d\d)(\.\d+)?([Zz]|[+-]\d\d:\d\d)", re.ASCII)


def type_name(kind: str, major: int = MAJOR) -> str:
    """`ce_type` of a kind of message, as `coilwatch.frame.v1`."""
    return f"coilwatch.{kind}.v{major}"


def split_type(ce_type: str) -> tuple[str, int] | None:
    """(kind, major), or None when it is no type of ours."""
    match = _TYPE.fullmatch(ce_type)
    return (match[1], int(match[2])) if match else None


@lru_cache(maxsize=64)
def _second(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def format_time(at_ns: int) -> str:
    """RFC 3339 in UTC with all nine digits: `2026-01-31T08:15:30.123456789Z`."""
    seconds, fraction = divmod(at_ns, 1_000_000_000)
    return f"{_second(seconds)}.{fraction:09d}Z"


def parse_time(text: str) -> int:
    """Nanoseconds since the epoch of an RFC 3339 time. Raises ValueError."""
    match = _TIME.fullmatch(text)
    if match is None:
        raise ValueError("not an RFC 3339 time")
    day, clock, fraction, zone = match.groups()
    at = datetime.fromisoformat(f"{day}T{clock}{zone.upper().replace('Z', '+00:00')}")
    nanoseconds = int((fraction or ".0")[1:10].ljust(9, "0"))
    return int(at.timestamp()) * 1_000_000_000 + nanoseconds


def clip(text: str, limit: int = 500) -> str:
    """Hostile input quoted in a sentence must not swell it: at most `limit` characters, always encodable."""
    safe = text.encode("utf-8", "backslashreplace").decode()
    return safe if len(safe) <= limit else safe[: limit - 1] + "…"
