"""The shipped webhook over real HTTP, and as a process."""

from __future__ import annotations

import json
import logging
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from http.client import HTTPConnection

import pytest

from monitoring.http_server import PortTaken, Serving
from monitoring.listening.server import MOST_BYTES, listen
from tests.support.sources import ROOT

HOST = "127.0.0.1"
FIRING = {
    "status": "firing",
    "labels": {"alertname": "NoFrames", "severity": "page", "line": "line-1"},
    "annotations": {
        "summary": "A coil runs on line-1, but no frame comes: look whether the strip stands still.",
        "description": "No frame of line-1 was inspected for 30s and more.",
        "runbook_url": "monitoring/RUNBOOK.md#noframes",
    },
    "startsAt": "2026-11-23T04:37:42.123456789Z",
    "endsAt": "0001-01-01T00:00:00Z",
    "generatorURL": "http://prometheus:9090/graph",
    "fingerprint": "7b1c2d",
}
RESOLVED = {**FIRING, "status": "resolved", "labels": {"alertname": "WorkerDown", "severity": "ticket"}}


def notification(*alerts: dict[str, object], **other: object) -> bytes:
    """As Alertmanager 0.25 and 0.28 send it."""
    body = {
        "version": "4",
        "groupKey": '{}:{alertname="NoFrames"}',
        "truncatedAlerts": 0,
        "status": "firing",
        "receiver": "webhook",
        "groupLabels": {"alertname": "NoFrames"},
        "commonLabels": {},
        "commonAnnotations": {},
        "externalURL": "http://alertmanager:9093",
        "alerts": list(alerts),
        **other,
    }
    return json.dumps(body).encode()


@pytest.fixture
def listener() -> Iterator[Serving]:
    running = listen(HOST, 0)
    yield running
    running.close()


@pytest.fixture
def told(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.INFO, "monitoring.listening")
    return caplog


def ask(
    listener: Serving,
    method: str,
    path: str,
    body: bytes | None = None,
    headers: dict[str, str] | None = None,
) -> tuple[int, dict[str, object]]:
    connection = HTTPConnection(HOST, listener.port, timeout=5)
    try:
        connection.request(method, path, body=body, headers=headers or {})
        response = connection.getresponse()
        return response.status, json.loads(response.read())
    finally:
        connection.close()


def test_each_alert_is_one_line(listener: Serving, told: pytest.LogCaptureFixture) -> None:
    assert ask(listener, "POST", "/", notification(FIRING, RESOLVED)) == (200, {"alerts": 2})
    firing, resolved = told.records
    assert (firing.levelname, firing.getMessage()) == ("WARNING", "alert firing")
    extras = firing.__dict__
    assert {name: extras[name] for name in ("alert", "severity", "line", "summary", "runbook", "since")} == {
        "alert": "NoFrames",
        "severity": "page",
        "line": "line-1",
        "summary": FIRING["annotations"]["summary"],
        "runbook": "monitoring/RUNBOOK.md#noframes",
        "since": "2026-11-23T04:37:42+00:00",
    }
    assert (resolved.levelname, resolved.getMessage()) == ("INFO", "alert resolved")
    assert resolved.__dict__["alert"] == "WorkerDown"
    assert "line" not in resolved.__dict__


def test_a_group_without_alerts_is_no_event(listener: Serving, told: pytest.LogCaptureFixture) -> None:
    assert ask(listener, "POST", "/", notification()) == (200, {"alerts": 0})
    assert told.records == []


def test_long_texts_are_cut(listener: Serving, told: pytest.LogCaptureFixture) -> None:
    long = {**FIRING, "annotations": {"summary": "x" * 100_000}}
    assert ask(listener, "POST", "/", notification(long))[0] == 200
    (line,) = told.records
    assert line.__dict__["summary"] == "x" * 500


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"", "body: Invalid JSON"),
        (b"{", "body: Invalid JSON"),
        (b"\xff\xfe", "body: Invalid JSON"),
        (b"[]", "body: Input should be an object"),
        (b"[" * 100_000, "body: Invalid JSON"),
        (notification(version="5"), "version: Input should be '4'"),
        (notification({**FIRING, "status": "smoking"}), "alerts.0.status: Input should be"),
        (
            notification({**FIRING, "startsAt": "yesterday"}),
            "alerts.0.startsAt: Input should be a valid datetime",
        ),
        (
            notification({**FIRING, "labels": {"alertname": 7}}),
            "alerts.0.labels.alertname: Input should be a valid",
        ),
        (notification(FIRING, alerts="none"), "alerts: Input should be a valid"),
    ],
    ids=["empty", "cut", "no text", "no object", "deep", "version", "status", "time", "labels", "alerts"],
)
def test_a_malformed_body_is_refused_with_one_line(
    body: bytes, why: str, listener: Serving, told: pytest.LogCaptureFixture
) -> None:
    status, answer = ask(listener, "POST", "/", body)
    assert status == 400
    assert str(answer["why"]).startswith(why)
    (line,) = told.records
    assert (line.levelname, line.getMessage()) == ("WARNING", "notification refused")
    assert line.__dict__["why"] == answer["why"]


@pytest.mark.parametrize(
    ("length", "status"),
    [
        (str(MOST_BYTES + 1), 413),
        ("9" * 5000, 413),
        ("-1", 400),
        ("1e3", 400),
        ("\u0663", 400),
    ],
    ids=["one more", "absurd", "negative", "float", "other digits"],
)
def test_a_length_is_believed_only_within_bounds(
    length: str, status: int, listener: Serving, told: pytest.LogCaptureFixture
) -> None:
    with socket.create_connection((HOST, listener.port), timeout=5) as connection:
        connection.sendall(f"POST / HTTP/1.1\r\nContent-Length: {length}\r\n\r\n".encode())
        answer = connection.makefile("rb").readline().decode()
    assert answer.split()[1] == str(status)
    assert len(told.records) == 1


def test_a_body_of_unknown_length_is_refused(listener: Serving) -> None:
    with socket.create_connection((HOST, listener.port), timeout=5) as connection:
        connection.sendall(b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n")
        assert connection.makefile("rb").readline().split()[1] == b"411"


def test_a_client_that_goes_away_disturbs_nobody(
    listener: Serving, told: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    with socket.create_connection((HOST, listener.port), timeout=5) as connection:
        connection.sendall(b"POST / HTTP/1.1\r\nContent-Length: 100\r\n\r\n{")
    assert ask(listener, "POST", "/", notification(FIRING))[0] == 200
    assert "Traceback" not in capfd.readouterr().err


def test_health_and_other_paths(listener: Serving, told: pytest.LogCaptureFixture) -> None:
    assert ask(listener, "GET", "/healthz?verbose=1") == (200, {"alive": True})
    status, answer = ask(listener, "GET", "/")
    assert status == 404
    assert "/healthz" in str(answer["why"])
    assert told.records == []
    assert ask(listener, "POST", "/api/v2/alerts", notification(FIRING))[0] == 404


def test_a_taken_port_is_one_clear_sentence(listener: Serving) -> None:
    with pytest.raises(PortTaken, match=rf"port {listener.port} .* set --port to another"):
        listen(HOST, listener.port)


# --- as a process ---


def command(*words: str) -> list[str]:
    return [sys.executable, "-m", "monitoring", "listen", *words]


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT])
def test_logs_in_json_without_letting_a_text_break_the_line_and_ends_cleanly(ending: signal.Signals) -> None:
    nasty = {**FIRING, "annotations": {"summary": 'one\ntwo\x1b[31m {"level": "info"}'}}
    with subprocess.Popen(
        command("--port", "0", "--log-format", "json"), cwd=ROOT, stderr=subprocess.PIPE, text=True
    ) as running:
        assert running.stderr is not None
        started = json.loads(running.stderr.readline())
        assert (started["message"], started["host"]) == ("listening for alerts", HOST)
        connection = HTTPConnection(HOST, started["port"], timeout=5)
        connection.request("POST", "/", body=notification(nasty))
        assert connection.getresponse().status == 200
        connection.close()
        line = running.stderr.readline()
        running.send_signal(ending)
        rest = running.stderr.read()
    told = json.loads(line)
    assert (told["level"], told["message"], told["alert"]) == ("warning", "alert firing", "NoFrames")
    assert told["summary"] == 'one\ntwo\x1b[31m {"level": "info"}'
    assert "\x1b" not in line
    assert (running.returncode, json.loads(rest)["message"]) == (0, "stopped")


def test_a_taken_port_refuses_the_start(listener: Serving) -> None:
    ran = subprocess.run(
        command("--port", str(listener.port)),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ran.returncode == 2
    (said,) = ran.stderr.splitlines()
    assert f"port {listener.port} on {HOST} is in use: set --port to another port" in said


def test_an_address_that_is_not_ours_refuses_the_start() -> None:
    ran = subprocess.run(
        command("--host", "192.0.2.1", "--port", "0"),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ran.returncode == 2
    (said,) = ran.stderr.splitlines()
    assert "cannot listen on 192.0.2.1" in said


@pytest.mark.parametrize("port", ["65536", "-1", "http"])
def test_a_port_that_is_none_is_refused_by_the_command_line(port: str) -> None:
    ran = subprocess.run(
        command(f"--port={port}"), cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert ran.returncode == 2
    assert "is no port: 0 to 65535" in ran.stderr
