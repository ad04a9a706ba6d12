"""Puts the web application together."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.responses import JSONResponse

from station.web.alarm_routes import alarm_routes
from station.web.api_page import api_page_routes
from station.web.border import Border
from station.web.coil_routes import coil_routes, map_routes, report_routes
from station.web.door_routes import door_routes
from station.web.failures import say_why
from station.web.frame_routes import frame_routes
from station.web.guard import Guard
from station.web.live import Pulse
from station.web.page_files import PageFiles
from station.web.parts import Parts
from station.web.security import Door, Security
from station.web.state_routes import state_routes
from station.web.trial_routes import trial_routes
from station.web.wire import Healthy, Problem

ABOUT = (
    'What the operator\'s page is made of. Every refusal is {"error": a sentence}. What changes something '
    "needs the header X-Coilwatch: 1, and Origin or a bearer token."
)
PROBLEMS: dict[int | str, dict[str, Any]] = {
    "4XX": {"model": Problem, "description": "Refused: the sentence says why"},
    "5XX": {"model": Problem, "description": "Not now: the sentence says why"},
}


def make_app(
    parts: Parts,
    security: Security,
    *,
    pages: Path | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> FastAPI:
    """The application; `app.state.pulse.close()` ends its live streams, before the server waits for them.

    `pages`: the folder of the page's files; None or not there: the API alone.
    """
    door, pulse = Door(security, clock), Pulse(parts)
    app = FastAPI(
        title="coilwatch station",
        version="1",
        description=ABOUT,
        openapi_url="/api/openapi.json",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        responses=PROBLEMS,
        lifespan=_lifespan(pulse),
    )
    app.state.pulse = pulse
    say_why(app)
    for routes in (
        state_routes(parts, pulse),
        coil_routes(parts),
        map_routes(parts),
        report_routes(parts),
        frame_routes(parts),
        alarm_routes(parts),
        trial_routes(parts),
        door_routes(security, door),
        api_page_routes(),
        _health_routes(parts),
    ):
        app.include_router(routes)
    if pages is not None and pages.is_dir():
        app.mount("/", PageFiles(directory=pages, html=True), name="pages")
    app.add_middleware(Border, guard=Guard(security, door), security=security, clock=clock)
    return app


def _health_routes(parts: Parts) -> APIRouter:
    routes = APIRouter(tags=["health"])

    @routes.get("/healthz")
    async def alive() -> Healthy:
        """Whether the loop turns: it does, or there would be no answer."""
        return Healthy(ok=True)

    @routes.get("/readyz", responses={503: {"model": Healthy}})
    async def ready() -> JSONResponse:
        """Whether the topics' past has been read."""
        is_ready = parts.watch.ready()
        said = Healthy(ok=is_ready, why="" if is_ready else "the topics' past is still being read")
        return JSONResponse(said.model_dump(), 200 if is_ready else 503)

    return routes


def _lifespan(pulse: Pulse) -> Callable[[FastAPI], Any]:
    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        turning = asyncio.create_task(pulse.run(), name="pulse")
        try:
            yield
        finally:
            pulse.close()
            turning.cancel()
            with suppress(asyncio.CancelledError):
                await turning

    return lifespan
