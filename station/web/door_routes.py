"""In and out: the token is shown once, a cookie stands for it afterwards."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from station.web.guard import address, check_attempt
from station.web.security import COOKIE, Door, Security
from station.web.wire import Credentials, Entry


def door_routes(security: Security, door: Door) -> APIRouter:
    """`/api/login`, `/api/logout`."""
    routes = APIRouter(prefix="/api", tags=["door"])

    @routes.post("/login")
    async def login(request: Request, response: Response, credentials: Credentials) -> Entry:
        """Show the token; the answer sets a cookie that scripts can't read and other sites can't send."""
        if door.needs_token:
            check_attempt(door, address(request), credentials.token)
            response.set_cookie(
                COOKIE,
                door.open_session(),
                max_age=int(security.session_s),
                path="/",
                secure=security.https,
                httponly=True,
                samesite="strict",
            )
        return Entry(inside=True, needs_token=door.needs_token)

    @routes.get("/login")
    async def entry(request: Request) -> Entry:
        """Whether a token is needed, and whether this browser has shown it. Asks for none itself."""
        inside = not door.needs_token or door.holds(request.cookies.get(COOKIE, ""))
        return Entry(inside=inside, needs_token=door.needs_token)

    @routes.post("/logout")
    async def logout(request: Request, response: Response) -> Entry:
        """End the session."""
        door.close_session(request.cookies.get(COOKIE, ""))
        response.delete_cookie(COOKIE, path="/", secure=security.https, httponly=True, samesite="strict")
        return Entry(inside=not door.needs_token, needs_token=door.needs_token)

    return routes
