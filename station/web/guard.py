"""What every request must show before any route sees it: the right host, the same origin, the token."""

from __future__ import annotations

import math
from collections.abc import Callable
from urllib.parse import urlsplit

from starlette.requests import HTTPConnection

from station.web.refusals import Refused
from station.web.security import COOKIE, Door, Security

API = "/api"
OWN_HEADER = "x-coilwatch"
NO_TOKEN_NEEDED = frozenset({"/api/login"})
HARMLESS = frozenset({"GET", "HEAD", "OPTIONS"})
BODY_TYPES = ("application/json", "multipart/form-data")
JSON_BYTES = 16 * 1024

Allowed = Callable[[], bool]
"""Whether who began a request may still have what it streams."""


class Guard:
    """Checks a request's head. Raises Refused."""

    def __init__(self, security: Security, door: Door) -> None:
        self._security = security
        self._door = door

    def check(self, request: HTTPConnection) -> Allowed:
        """All there is to check; what it returns says whether the answer is still true later."""
        self._check_host(request)
        path, method = request.scope["path"], request.scope["method"]
        if not _is_api(path):
            return lambda: True
        _check_not_from_elsewhere(request)
        bearer = _bearer(request)
        allowed = self._check_token(request, path, bearer)
        if method not in HARMLESS:
            self._check_meant(request, bearer is not None)
        return allowed

    def body_limit(self, request: HTTPConnection) -> int:
        """How many bytes a request may carry."""
        return self._security.upload_bytes if request.scope["path"] == "/api/try" else JSON_BYTES

    def _check_host(self, request: HTTPConnection) -> None:
        """Another name for this address is how DNS rebinding reads a loopback server from a web page."""
        named = request.headers.getlist("host")
        if len(named) != 1:
            raise Refused(400, "A request must name one host")
        hosts = self._security.hosts
        if hosts is not None and host_name(named[0]) not in hosts:
            raise Refused(
                421, "This server does not go by that name; set COILWATCH_STATION_ALLOWED_HOSTS if it should"
            )

    def _check_token(self, request: HTTPConnection, path: str, bearer: str | None) -> Allowed:
        if not self._door.needs_token or path in NO_TOKEN_NEEDED:
            return lambda: True
        if bearer is not None:
            check_attempt(self._door, address(request), bearer)
            return lambda: True
        session = request.cookies.get(COOKIE, "")
        if not self._door.holds(session):
            raise Refused(
                401, "Log in first, or send the token: Authorization: Bearer", {"WWW-Authenticate": "Bearer"}
            )
        return lambda: self._door.holds(session)

    def _check_meant(self, request: HTTPConnection, has_bearer: bool) -> None:
        """That a person on our own page, or a program with the token, sent it: no other page's form."""
        origin = request.headers.get("origin")
        said = origin is not None or "sec-fetch-site" in request.headers
        if origin is not None and not self._is_ours(origin, request.headers.get("host", "")):
            raise Refused(403, "This can only be asked from the station's own page")
        if not said and not has_bearer:
            raise Refused(403, "Send Origin (or Sec-Fetch-Site: none), as a browser does, or a bearer token")
        if request.headers.get(OWN_HEADER) != "1":
            raise Refused(403, "Send the header X-Coilwatch: 1")
        content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if content_type not in BODY_TYPES:
            raise Refused(415, "Send application/json or multipart/form-data")

    def _is_ours(self, origin: str, host: str) -> bool:
        try:
            parts = urlsplit(origin)
        except ValueError:
            return False
        schemes = {"https"} if self._security.https else {"http", "https"}
        return parts.scheme in schemes and bool(host) and parts.netloc.lower() == host.lower()


def check_attempt(door: Door, caller: str, token: str) -> None:
    """Compare a token that was shown, unless this address showed too many wrong ones. Raises Refused."""
    wait_s = door.attempts.wait_s(caller)
    if wait_s > 0:
        raise Refused(
            429, "Too many wrong tokens; wait a minute", {"Retry-After": str(max(1, math.ceil(wait_s)))}
        )
    if not door.knows(token):
        door.attempts.failed(caller)
        raise Refused(401, "That is not the token", {"WWW-Authenticate": "Bearer"})


def address(request: HTTPConnection) -> str:
    """Who calls."""
    return request.client.host if request.client else "unknown"


def host_name(host: str) -> str:
    """Of a Host header, lower case, without port; "" for what is none."""
    try:
        return (urlsplit(f"//{host}").hostname or "").rstrip(".")
    except ValueError:
        return ""


def _is_api(path: str) -> bool:
    return path == API or path.startswith(f"{API}/")


def _check_not_from_elsewhere(request: HTTPConnection) -> None:
    """Browsers say who made them ask (Fetch Metadata): another site's page has no business here."""
    if request.headers.get("sec-fetch-site", "none") not in {"same-origin", "none"}:
        raise Refused(403, "This can only be asked from the station's own page")


def _bearer(request: HTTPConnection) -> str | None:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None
