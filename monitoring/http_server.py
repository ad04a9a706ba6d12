"""A small HTTP server on a daemon thread: for scrapes, probes and alerts, not for people."""

from __future__ import annotations

import errno
import logging
import socketserver
import sys
import threading
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

log = logging.getLogger(__name__)

CLIENT_TIMEOUT_S = 10.0
POLL_INTERVAL_S = 0.1


class PortTaken(Exception):
    """Another process listens there already."""

    def __init__(self, host: str, port: int, setting: str) -> None:
        super().__init__(
            f"port {port} on {host} is in use: set {setting} to another port, or to 0 for any free one"
        )


class QuietServer(ThreadingHTTPServer):
    """Listens at once; a client that hangs keeps neither others nor the end waiting."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, host: str, port: int, request: type[QuietRequest], *, setting: str) -> None:
        """Port 0 takes any free one. Raises PortTaken, which names the `setting` to change."""
        try:
            super().__init__((host, port), request)
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise PortTaken(host, port, setting) from None
            raise

    def server_bind(self) -> None:
        """Bind. HTTPServer's own asks for this host's name, too, which can hang for seconds off-line."""
        socketserver.TCPServer.server_bind(self)

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that goes away is no event; anything else is a bug, and says so in the log."""
        if not isinstance(sys.exception(), ConnectionError):
            log.exception("request failed", extra={"client": client_address})


class QuietRequest(BaseHTTPRequestHandler):
    """One request; what answers it is a subclass's."""

    server_version = "coilwatch"
    sys_version = ""
    timeout = CLIENT_TIMEOUT_S

    def send(self, status: HTTPStatus, content_type: str, body: bytes) -> None:
        """The whole answer."""
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: a probe each second is no event."""


class Serving:
    """A server on its thread; `port` is the one it really got."""

    def __init__(self, server: QuietServer, name: str) -> None:
        self._server = server
        self.port: int = server.server_address[1]
        self._thread = threading.Thread(
            target=server.serve_forever, args=(POLL_INTERVAL_S,), name=name, daemon=True
        )
        self._thread.start()

    def close(self) -> None:
        """Stop listening and wait for the thread."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
