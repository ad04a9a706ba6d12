"""`/metrics`, `/healthz` and `/readyz` on a daemon thread."""

from __future__ import annotations

import errno
import json
import socketserver
import threading
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from prometheus_client import CollectorRegistry, disable_created_metrics
from prometheus_client.exposition import choose_encoder

from monitoring.health import Health

CLIENT_TIMEOUT_S = 10.0
POLL_INTERVAL_S = 0.1


NOT_HERE = b"try /metrics, /healthz or /readyz\n"


class PortTaken(Exception):
    """Another process listens there already."""

    def __init__(self, host: str, port: int, setting: str) -> None:
        super().__init__(
            f"port {port} on {host} is in use: set {setting} to another port, or to 0 for any free one"
        )


class MonitoringServer:
    """A running server; `port` is the one it really got."""

    def __init__(self, server: _Server) -> None:
        self._server = server
        self.port: int = server.server_address[1]
        self._thread = threading.Thread(
            target=server.serve_forever, args=(POLL_INTERVAL_S,), name="monitoring", daemon=True
        )
        self._thread.start()

    def close(self) -> None:
        """Stop listening and wait for the thread."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def serve(
    registry: CollectorRegistry,
    health: Health,
    host: str,
    port: int,
    *,
    setting: str = "COILWATCH_METRICS_PORT",
) -> MonitoringServer:
    """Start serving; port 0 takes any free one. Raises PortTaken, which names the `setting` to change.

    When each counter began is told to nobody, from now on in the whole process: it would be a series beside
    each of them.
    """
    disable_created_metrics()  # type: ignore[no-untyped-call]
    try:
        return MonitoringServer(_Server(registry, health, host, port))
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise PortTaken(host, port, setting) from None
        raise


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    # A stuck scraper must not keep a stopping worker from closing.
    block_on_close = False

    def __init__(self, registry: CollectorRegistry, health: Health, host: str, port: int) -> None:
        self.registry = registry
        self.health = health
        super().__init__((host, port), _Request)

    def server_bind(self) -> None:
        # HTTPServer's own asks the name server for this host's name, which can hang for seconds off-line.
        socketserver.TCPServer.server_bind(self)


class _Request(BaseHTTPRequestHandler):
    server: _Server
    server_version = "coilwatch"
    sys_version = ""
    timeout = CLIENT_TIMEOUT_S

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        health = self.server.health
        if path == "/metrics":
            self._send_metrics()
        elif path == "/healthz":
            self._send_word("alive", health.alive(), health.why())
        elif path == "/readyz":
            self._send_word("ready", health.ready(), health.why())
        else:
            self._send(HTTPStatus.NOT_FOUND, "text/plain; charset=utf-8", NOT_HERE)

    def _send_metrics(self) -> None:
        encode, content_type = choose_encoder(self.headers.get("Accept") or "")
        self._send(HTTPStatus.OK, content_type, encode(self.server.registry))

    def _send_word(self, word: str, holds: bool, why: str) -> None:
        status = HTTPStatus.OK if holds else HTTPStatus.SERVICE_UNAVAILABLE
        self._send(status, "application/json", json.dumps({word: holds, "why": why}).encode() + b"\n")

    def _send(self, status: HTTPStatus, content_type: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: a probe each second is no event."""
