"""Structured logs on the standard library's logging: one line an event, with every `extra=` field.

Facts and identity travel as fields: `log.info("joined", extra={"partitions": 8})`.
"""

from __future__ import annotations

import json
import logging
import math
import sys
from datetime import UTC, datetime
from typing import Any, Literal, TextIO

Format = Literal["console", "json"]

_OWN_FIELDS = ("ts", "level", "logger", "message", "exception")
_STANDARD = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName"}


class _Handler(logging.StreamHandler[TextIO]):
    """Its own type, so that configuring again replaces it and leaves other people's handlers alone."""


def configure(format: Format, level: int | str = logging.INFO, stream: TextIO | None = None) -> None:
    """Send the root logger's events to `stream` (stderr) as one JSON object or one readable line each."""
    handler = _Handler(stream or sys.stderr)
    handler.setFormatter(JsonFormatter() if format == "json" else ConsoleFormatter())
    root = logging.getLogger()
    for old in [old for old in root.handlers if isinstance(old, _Handler)]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(level)


class JsonFormatter(logging.Formatter):
    """One JSON object a line: ts (UTC, ISO 8601), level, logger, message, the extras, and `exception`."""

    def format(self, record: logging.LogRecord) -> str:
        """Never more than one line: JSON escapes every character that would break it."""
        event: dict[str, Any] = {
            "ts": _utc(record).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        for name, value in _extras(record).items():
            event[f"extra_{name}" if name in _OWN_FIELDS else name] = value
        if trace := _trace(self, record):
            event["exception"] = trace
        return json.dumps(_plain(event))


class ConsoleFormatter(logging.Formatter):
    """`12:00:00.000 INFO    logger: message key=value`; only an exception's trace takes lines of its own."""

    def format(self, record: logging.LogRecord) -> str:
        """One line, then the trace if there is one."""
        clock = _utc(record).astimezone().strftime("%H:%M:%S.%f")[:-3]
        words = [f"{clock} {record.levelname:<7} {record.name}:", _one_line(record.getMessage())]
        words += [f"{name}={_word(value)}" for name, value in _extras(record).items()]
        trace = _trace(self, record)
        return "\n".join([" ".join(words), trace] if trace else [" ".join(words)])


def _extras(record: logging.LogRecord) -> dict[str, Any]:
    return {name: value for name, value in record.__dict__.items() if name not in _STANDARD}


def _utc(record: logging.LogRecord) -> datetime:
    return datetime.fromtimestamp(record.created, UTC)


def _trace(formatter: logging.Formatter, record: logging.LogRecord) -> str:
    parts = [formatter.formatException(record.exc_info)] if record.exc_info else []
    if record.stack_info:
        parts.append(formatter.formatStack(record.stack_info))
    return "\n".join(parts)


def _plain(value: object) -> Any:
    """Whatever was logged, as JSON can say it: NaN and strange objects become their text."""
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, str):
        return str(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, dict):
        return {str(name): _plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(item) for item in value]
    return str(value)


def _word(value: object) -> str:
    text = str(value)
    return text if text and text.isprintable() and not set(text) & set(' "=') else json.dumps(text)


def _one_line(text: str) -> str:
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)
