"""Takes Alertmanager's requests on a daemon thread, and logs each alert in them once."""

from __future__ import annotations

import errno
import json
import logging
import socketserver
import sys
import threading
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from pydantic import ValidationError

from monitoring.http import PortTaken
from monitoring.listening.notification import Notification, SentAlert

log = logging.getLogger(__name__)

MOST_BYTES = 1 << 20
CLIENT_TIMEOUT_S = 10.0
POLL_INTERVAL_S = 0.1


class Listener:
    """A running webhook; `port` is the one it really got."""

    def __init__(self, host: str, port: int) -> None:
        """Port 0 takes any free one. Raises PortTaken."""
        try:
            self._server = _Server((host, port), _Request)
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise PortTaken(host, port, "--port") from None
            raise
        self.port: int = self._server.server_address[1]
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(POLL_INTERVAL_S,), name="listening", daemon=True
        )
        self._thread.start()

    def close(self) -> None:
        """Stop listening and wait for the thread."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    # A client that hangs must not keep the listener from ending.
    block_on_close = False

    def server_bind(self) -> None:
        # HTTPServer's own asks the name server for this host's name, which can hang for seconds off-line.
        socketserver.TCPServer.server_bind(self)

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that goes away is no event; anything else is a bug, and says so in the log."""
        if not isinstance(sys.exception(), ConnectionError):
            log.exception("request failed", extra={"client": client_address})


class _Refused(Exception):
    """What is answered to a request that is none of Alertmanager's."""

    def __init__(self, status: HTTPStatus, why: str) -> None:
        super().__init__(why)
        self.status = status


class _Request(BaseHTTPRequestHandler):
    server_version = "coilwatch"
    sys_version = ""
    timeout = CLIENT_TIMEOUT_S

    def do_GET(self) -> None:
        if self.path.partition("?")[0] == "/healthz":
            self._answer(HTTPStatus.OK, {"alive": True})
        else:
            self._answer(HTTPStatus.NOT_FOUND, {"why": "try /healthz, or POST what Alertmanager sends to /"})

    def do_POST(self) -> None:
        try:
            alerts = self._notification().alerts
        except _Refused as refused:
            log.warning(
                "notification refused",
                extra={"why": str(refused), "status": refused.status.value, "client": self.client_address[0]},
            )
            # The body may still be on its way: what follows on this connection is no request.
            self.close_connection = True
            self._answer(refused.status, {"why": str(refused)})
            return
        for alert in alerts:
            _tell(alert)
        self._answer(HTTPStatus.OK, {"alerts": len(alerts)})

    def _notification(self) -> Notification:
        if self.path.partition("?")[0] != "/":
            raise _Refused(HTTPStatus.NOT_FOUND, "alerts are posted to /")
        try:
            return Notification.model_validate_json(self._body())
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False, include_context=False)[0]
            place = ".".join(map(str, first["loc"])) or "body"
            raise _Refused(HTTPStatus.BAD_REQUEST, f"{place}: {first['msg']}") from None

    def _body(self) -> bytes:
        length = self.headers.get("Content-Length")
        if length is None:
            raise _Refused(HTTPStatus.LENGTH_REQUIRED, "no Content-Length")
        if not (length.isascii() and length.isdigit()):
            raise _Refused(HTTPStatus.BAD_REQUEST, "Content-Length is no number")
        if len(length) > len(str(MOST_BYTES)) or int(length) > MOST_BYTES:
            raise _Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"more than {MOST_BYTES} bytes")
        return self.rfile.read(int(length))

    def _answer(self, status: HTTPStatus, said: dict[str, object]) -> None:
        body = json.dumps(said).encode() + b"\n"
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: each alert has its line already."""


def _tell(alert: SentAlert) -> None:
    level = logging.WARNING if alert.status == "firing" else logging.INFO
    log.log(level, "alert %s", alert.status, extra=alert.facts())
