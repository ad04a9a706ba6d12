"""Who may use the API: a token, and sessions for those who showed it at the door."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field

from station.web.attempts import Attempts

COOKIE = "coilwatch_session"
SESSIONS = 1000
MIB = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Security:
    """What is asked of a request. Settings make it; nothing in it changes."""

    token: str | None = field(default=None, repr=False)
    """None: whoever reaches the port may use it; the settings allow that on loopback alone."""
    hosts: frozenset[str] | None = None
    """Names that a request may call this server by, lower case, without port; None: any."""
    https: bool = False
    """Whether people reach the page by https: then the cookie goes nowhere else."""
    session_s: float = 12 * 3600.0
    upload_bytes: int = 16 * MIB
    body_s: float = 30.0
    """How long a request's body may take to come."""


class Door:
    """Who is in: compares tokens, keeps sessions in bounded memory, and counts failures."""

    def __init__(self, security: Security, clock: Callable[[], float]) -> None:
        self._digest = None if security.token is None else _digest(security.token)
        self._session_s = security.session_s
        self._clock = clock
        self._sessions: dict[str, float] = {}
        self.attempts = Attempts(clock)

    @property
    def needs_token(self) -> bool:
        """Whether there is a door at all."""
        return self._digest is not None

    def knows(self, token: str) -> bool:
        """Whether it is the token, in a time that tells nothing of how much of it is right."""
        return self._digest is not None and hmac.compare_digest(_digest(token), self._digest)

    def open_session(self) -> str:
        """A new session's id: 256 random bits. The oldest session ends when there are too many."""
        if len(self._sessions) >= SESSIONS:
            self._sessions.pop(next(iter(self._sessions)))
        session = secrets.token_urlsafe(32)
        self._sessions[session] = self._clock() + self._session_s
        return session

    def holds(self, session: str) -> bool:
        """Whether the session lives."""
        ends_at_s = self._sessions.get(session)
        if ends_at_s is None:
            return False
        if self._clock() >= ends_at_s:
            del self._sessions[session]
            return False
        return True

    def close_session(self, session: str) -> None:
        """Log out."""
        self._sessions.pop(session, None)


def _digest(token: str) -> bytes:
    """Of equal length, whatever was sent."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
