"""What a request can be refused for: each a status and a sentence that says what to do."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

from starlette.exceptions import HTTPException


class Fault(Enum):
    """Why a part of the station can't give what it was asked for; the value is the HTTP status."""

    MALFORMED = 400
    NOT_HERE = 404
    CONFLICT = 409
    GONE = 410
    TOO_LARGE = 413
    NOT_AN_IMAGE = 415
    DAMAGED = 422
    AWAY = 503


class PartRefused(Exception):
    """What the parts behind the page raise; the message is one sentence for the person who asked."""

    def __init__(self, fault: Fault, sentence: str) -> None:
        super().__init__(sentence)
        self.fault = fault


class Refused(HTTPException):
    """What the border itself raises."""

    def __init__(self, status: int, sentence: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(status, sentence, dict(headers) if headers else None)


class Busy(Refused):
    """Too much of one kind is going on; asking again a little later will do."""

    def __init__(self, what: str) -> None:
        super().__init__(503, f"Too many {what} at once; try again in a moment", {"Retry-After": "1"})
