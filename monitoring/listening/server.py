"""Takes Alertmanager's requests on a daemon thread, and logs each alert in them once."""

from __future__ import annotations

import json
import logging
from http import HTTPStatus

from pydantic import ValidationError

from monitoring.http_server import QuietRequest, QuietServer, Serving
from monitoring.listening.notification import Notification, SentAlert

log = logging.getLogger(__name__)

MOST_BYTES = 1 << 20


def listen(host: str, port: int) -> Serving:
    """Start listening; port 0 takes any free one. Raises PortTaken."""
    return Serving(QuietServer(host, port, _Request, setting="--port"), "listening")


class _Refused(Exception):
    """What is answered to a request that is none of Alertmanager's."""

    def __init__(self, status: HTTPStatus, why: str) -> None:
        super().__init__(why)
        self.status = status


class _Request(QuietRequest):
    def do_GET(self) -> None:  # noqa: N802
        if self.path.partition("?")[0] == "/healthz":
            self._answer(HTTPStatus.OK, {"alive": True})
        else:
            self._answer(HTTPStatus.NOT_FOUND, {"why": "try /healthz, or POST what Alertmanager sends to /"})

    def do_POST(self) -> None:  # noqa: N802
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
        self.send(status, "application/json", json.dumps(said).encode() + b"\n")


def _tell(alert: SentAlert) -> None:
    level = logging.WARNING if alert.status == "firing" else logging.INFO
    log.log(level, "alert %s", alert.status, extra=alert.facts())
