"""What a log line looks like, to a machine and to a person."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from datetime import datetime, timedelta
from io import StringIO

import pytest

from monitoring.logs import configure

NASTY = "one\ntwo\r\u2028three\x85four\x1b[31m"


@pytest.fixture(autouse=True)
def root() -> Iterator[logging.Logger]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield root
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.fixture
def stream() -> StringIO:
    return StringIO()


@pytest.fixture
def log() -> logging.Logger:
    return logging.getLogger("consumer.worker")


def only_event(stream: StringIO) -> dict[str, object]:
    (line,) = stream.getvalue().splitlines()
    event = json.loads(line)
    assert isinstance(event, dict)
    return event


def test_json_has_the_facts_and_the_extras(stream: StringIO, log: logging.Logger) -> None:
    configure("json", "INFO", stream)
    log.info("joined %s", "plant-a", extra={"partition": 3, "offset": 2**60, "bundle": None})
    event = only_event(stream)
    at = datetime.fromisoformat(str(event.pop("ts")))
    assert at.utcoffset() == timedelta(0)
    assert event == {
        "level": "info",
        "logger": "consumer.worker",
        "message": "joined plant-a",
        "partition": 3,
        "offset": 2**60,
        "bundle": None,
    }


def test_json_stays_on_one_line(stream: StringIO, log: logging.Logger) -> None:
    configure("json", "INFO", stream)
    try:
        raise ValueError(NASTY)
    except ValueError:
        log.exception(NASTY, extra={"detail": NASTY, "nested": {NASTY: [NASTY]}})
    event = only_event(stream)
    assert event["message"] == NASTY
    assert event["detail"] == NASTY
    assert "Traceback" in str(event["exception"])
    assert "ValueError" in str(event["exception"])


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (float("nan"), "nan"),
        (float("inf"), "inf"),
        (b"\xff", "b'\\xff'"),
        ((1, 2.5), [1, 2.5]),
        ({("a", 1): True}, {"('a', 1)": True}),
        ("\ud800", "\ud800"),
    ],
    ids=["nan", "inf", "bytes", "tuple", "odd key", "lone surrogate"],
)
def test_json_takes_any_extra(stream: StringIO, log: logging.Logger, value: object, written: object) -> None:
    configure("json", "INFO", stream)
    log.info("odd", extra={"value": value})
    assert only_event(stream)["value"] == written


def test_an_extra_cannot_forge_the_facts(stream: StringIO, log: logging.Logger) -> None:
    configure("json", "INFO", stream)
    log.warning("really", extra={"level": "debug", "ts": "yesterday"})
    event = only_event(stream)
    assert event["level"] == "warning"
    assert event["extra_level"] == "debug"
    assert event["extra_ts"] == "yesterday"


def test_console_is_one_readable_line(stream: StringIO, log: logging.Logger) -> None:
    configure("console", "INFO", stream)
    log.info("joined", extra={"partition": 3, "path": "a b", "empty": ""})
    (line,) = stream.getvalue().splitlines()
    assert line.endswith('INFO    consumer.worker: joined partition=3 path="a b" empty=""')


def test_console_escapes_what_would_forge_a_line(stream: StringIO, log: logging.Logger) -> None:
    configure("console", "INFO", stream)
    log.info(NASTY, extra={"detail": NASTY})
    (line,) = stream.getvalue().splitlines()
    assert "\x1b" not in line
    assert r"one\ntwo" in line


def test_console_shows_the_trace(stream: StringIO, log: logging.Logger) -> None:
    configure("console", "INFO", stream)
    try:
        raise RuntimeError("the model failed")
    except RuntimeError:
        log.exception("stopping")
    assert "RuntimeError: the model failed" in stream.getvalue()


def test_level_is_kept(stream: StringIO, log: logging.Logger) -> None:
    configure("console", "WARNING", stream)
    log.info("quiet")
    assert stream.getvalue() == ""


def test_configuring_again_replaces_only_ours(
    stream: StringIO, log: logging.Logger, root: logging.Logger
) -> None:
    others = logging.NullHandler()
    root.addHandler(others)
    configure("json", "INFO", StringIO())
    configure("console", "INFO", stream)
    log.info("once")
    assert others in root.handlers
    assert len(stream.getvalue().splitlines()) == 1
