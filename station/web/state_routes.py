"""The line as a whole, once and live."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request

from contracts.identity import NAME_PATTERN
from station.web.border import ALLOWED
from station.web.live import Follower, Pulse
from station.web.live_stream import LiveStream
from station.web.parts import Parts
from station.web.wire import State

Coil = Annotated[
    str | None, Query(pattern=NAME_PATTERN, description="Follow this coil; without: the newest of each line")
]


def state_routes(parts: Parts, pulse: Pulse) -> APIRouter:
    """`/api/state`, `/api/live`."""
    routes = APIRouter(prefix="/api", tags=["line"])

    @routes.get("/state")
    async def state() -> State:
        """The line right now: what it is like, which coils are kept, which alarms stand."""
        return parts.watch.state()

    @routes.get(
        "/live",
        response_class=LiveStream,
        status_code=200,  # its constructor, where FastAPI would look, has none
        responses={200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}}},
    )
    async def live(request: Request, coil: Coil = None) -> LiveStream:
        """Server-sent events: `hello`, `state`, `snapshot` (a coil as a whole), `changes`, `bye`."""
        return LiveStream(pulse, Follower(pulse, coil), wall_ns=parts.wall_ns, allowed=request.scope[ALLOWED])

    return routes
