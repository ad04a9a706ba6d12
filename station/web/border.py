"""The outermost layer: every request is checked, every answer gets its headers, a refusal one log line."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping

from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from station.web.body import check_announced, limited
from station.web.guard import Guard, address
from station.web.security import Security

log = logging.getLogger("station.web")

CSP = (
    "default-src 'self'; img-src 'self' blob: data:; object-src 'none'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'"
)
HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": CSP,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Frame-Options": "DENY",
}
WHY = "coilwatch.why"
ALLOWED = "coilwatch.allowed"
PROBES = frozenset({"/healthz", "/readyz"})


class Border:
    """ASGI middleware. A plain one: Starlette's BaseHTTPMiddleware would buffer the live stream."""

    def __init__(self, app: ASGIApp, guard: Guard, security: Security, clock: Callable[[], float]) -> None:
        self._app = app
        self._guard = guard
        self._body_s = security.body_s
        self._clock = clock
        self._headers = dict(HEADERS)
        if security.https:
            self._headers["Strict-Transport-Security"] = "max-age=31536000"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        elif scope["type"] == "http":
            await self._answer(scope, receive, _Answer(send, scope, self._headers))
        else:
            await self._app(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive, answer: _Answer) -> None:
        request = HTTPConnection(scope)
        try:
            scope[ALLOWED] = self._guard.check(request)
            limit_bytes = self._guard.body_limit(request)
            check_announced(request, limit_bytes)
            bounded = limited(receive, limit_bytes, self._body_s, self._clock)
            await self._app(scope, bounded, answer.send)
        except HTTPException as refused:
            await answer.refuse(refused.status_code, str(refused.detail), refused.headers or {})
        except Exception:
            log.exception("a request failed", extra={"path": scope["path"][:200]})
            await answer.refuse(500, "Something went wrong here; the log says what", {})


class _Answer:
    """One answer on its way out."""

    def __init__(self, send: Send, scope: Scope, headers: Mapping[str, str]) -> None:
        self._send = send
        self._scope = scope
        self._headers = headers
        self._begun = False

    async def send(self, message: Message) -> None:
        """Pass it on; its head gets our headers."""
        if message["type"] == "http.response.start":
            self._begun = True
            headers = MutableHeaders(scope=message)
            for name, value in self._headers.items():
                headers[name] = value
            headers.setdefault("Cache-Control", "no-store")
            self._note(message["status"])
        await self._send(message)

    async def refuse(self, status: int, sentence: str, headers: Mapping[str, str]) -> None:
        """A whole answer that says why not; nothing when another one has begun."""
        if self._begun:
            return
        self._scope[WHY] = sentence
        body = json.dumps({"error": sentence}).encode()
        head = {"Content-Type": "application/json", "Content-Length": str(len(body)), **headers}
        raw = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in head.items()]
        await self.send({"type": "http.response.start", "status": status, "headers": raw})
        await self._send({"type": "http.response.body", "body": body})

    def _note(self, status: int) -> None:
        if status < 400 or status == 500 or self._scope["path"] in PROBES:  # 500 has its own line
            return
        request = HTTPConnection(self._scope)
        log.warning(
            "refused",
            extra={
                "status": status,
                "method": self._scope["method"][:16],
                "path": self._scope["path"][:200],
                "client": address(request),
                "why": self._scope.get(WHY, "")[:200],
            },
        )
