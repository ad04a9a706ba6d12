"""`/metrics`, `/healthz` and `/readyz` on a daemon thread."""

from __future__ import annotations

import json
from http import HTTPStatus

from prometheus_client import CollectorRegistry, disable_created_metrics
from prometheus_client.exposition import choose_encoder

from monitoring.health import Health
from monitoring.http_server import QuietRequest, QuietServer, Serving

NOT_HERE = b"try /metrics, /healthz or /readyz\n"


def serve(
    registry: CollectorRegistry,
    health: Health,
    host: str,
    port: int,
    *,
    setting: str = "COILWATCH_METRICS_PORT",
) -> Serving:
    """Start serving; port 0 takes any free one. Raises PortTaken, which names the `setting` to change.

    When each counter began is told to nobody, from now on in the whole process: it would be a series beside
    each of them.
    """
    disable_created_metrics()  # type: ignore[no-untyped-call]
    return Serving(_Server(registry, health, host, port, setting), "monitoring")


class _Server(QuietServer):
    def __init__(
        self, registry: CollectorRegistry, health: Health, host: str, port: int, setting: str
    ) -> None:
        self.registry = registry
        self.health = health
        super().__init__(host, port, _Request, setting=setting)


class _Request(QuietRequest):
    server: _Server

    def do_GET(self) -> None:  # noqa: N802
        path = self.path.partition("?")[0]
        health = self.server.health
        if path == "/metrics":
            encode, content_type = choose_encoder(self.headers.get("Accept") or "")
            self.send(HTTPStatus.OK, content_type, encode(self.server.registry))
        elif path == "/healthz":
            self._send_word("alive", health.alive(), health.why())
        elif path == "/readyz":
            self._send_word("ready", health.ready(), health.why())
        else:
            self.send(HTTPStatus.NOT_FOUND, "text/plain; charset=utf-8", NOT_HERE)

    def _send_word(self, word: str, holds: bool, why: str) -> None:
        status = HTTPStatus.OK if holds else HTTPStatus.SERVICE_UNAVAILABLE
        self.send(status, "application/json", json.dumps({word: holds, "why": why}).encode() + b"\n")
