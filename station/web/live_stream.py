"""The answer that does not end: one client's server-sent events, until it goes or the server does."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from station.web.live import HEARTBEAT, HEARTBEAT_S, Follower, Pulse, hello

_HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
]
BYE = b"event: bye\ndata: {}\n\n"


class LiveStream(Response):
    """Sends when there is news, and a comment when there is none for `heartbeat_s`."""

    def __init__(
        self,
        pulse: Pulse,
        follower: Follower,
        *,
        wall_ns: Callable[[], int],
        allowed: Callable[[], bool],
        heartbeat_s: float = HEARTBEAT_S,
    ) -> None:
        super().__init__()
        self._pulse = pulse
        self._follower = follower
        self._wall_ns = wall_ns
        self._allowed = allowed
        self._heartbeat_s = heartbeat_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Stream. Raises Busy before anything is sent when there are too many already."""
        self._pulse.enter()
        gone = asyncio.create_task(_gone(receive))
        try:
            await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
            await _send(send, hello(self._wall_ns))
            while not (gone.done() or self._pulse.closed) and self._allowed():
                news = self._pulse.news  # before looking: what changes meanwhile is seen next time
                told = await self._follower.new()
                await _send(send, b"".join(told)) if told else await self._wait(news, gone, send)
            if not gone.done():
                await send({"type": "http.response.body", "body": BYE, "more_body": False})
        finally:
            gone.cancel()
            self._pulse.leave()

    async def _wait(self, news: asyncio.Event, gone: asyncio.Task[None], send: Send) -> None:
        """Until there is news or the client goes; a heartbeat when neither comes."""
        woken = asyncio.create_task(news.wait())
        try:
            done, _ = await asyncio.wait(
                {woken, gone}, timeout=self._heartbeat_s, return_when=asyncio.FIRST_COMPLETED
            )
        finally:
            woken.cancel()
        if not done:
            await _send(send, HEARTBEAT)


async def _send(send: Send, body: bytes) -> None:
    """Waits as long as the client's connection is full: that is all the queue there is."""
    await send({"type": "http.response.body", "body": body, "more_body": True})


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
