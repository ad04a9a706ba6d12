"""A request's body, within its limit and its time, refused while it still comes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from starlette.requests import HTTPConnection
from starlette.types import Message, Receive

from station.web.refusals import Refused


def check_announced(request: HTTPConnection, limit_bytes: int) -> None:
    """Refuse at once what says itself that it is too large. Raises Refused."""
    announced = request.headers.get("content-length")
    if announced is None:
        return
    if not (announced.isascii() and announced.isdigit()):
        raise Refused(400, "Content-Length must be a number")
    if len(announced) > 18 or int(announced) > limit_bytes:
        raise _too_large(limit_bytes)


def limited(receive: Receive, limit_bytes: int, body_s: float, clock: Callable[[], float]) -> Receive:
    """`receive` that raises Refused when too much comes, or too slowly."""
    got_bytes, whole = 0, False
    until_s = clock() + body_s

    async def receive_some() -> Message:
        nonlocal got_bytes, whole
        if whole:  # what comes now is that the client has gone, and that has time
            return await receive()
        try:
            async with asyncio.timeout(max(0.0, until_s - clock())):
                message = await receive()
        except TimeoutError:
            raise Refused(408, f"The request's body took longer than {body_s:g} s") from None
        if message["type"] == "http.request":
            got_bytes += len(message.get("body", b""))
            whole = not message.get("more_body", False)
            if got_bytes > limit_bytes:
                raise _too_large(limit_bytes)
        return message

    return receive_some


def _too_large(limit_bytes: int) -> Refused:
    return Refused(413, f"That is too large: at most {limit_bytes:,} bytes", {"Connection": "close"})
