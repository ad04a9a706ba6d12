"""The frames themselves, fetched from Kafka by their offset."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Path, Response

from station.web.parts import Parts
from station.web.turnstile import Turnstile

Partition = Annotated[int, Path(ge=0, le=2**31 - 1)]
Offset = Annotated[int, Path(ge=0, le=2**53 - 1)]
IMMUTABLE = {"Cache-Control": "private, max-age=31536000, immutable"}
IMAGE = {"schema": {"type": "string", "format": "binary"}}


def frame_routes(parts: Parts) -> APIRouter:
    """`/api/frames/{partition}/{offset}`."""
    routes = APIRouter(prefix="/api/frames", tags=["frames"])
    fetching = Turnstile("frames", at_once=2, waiting=64)

    @routes.get(
        "/{partition}/{offset}",
        response_class=Response,
        responses={200: {"content": {"image/jpeg": IMAGE, "image/png": IMAGE}}},
    )
    async def frame(partition: Partition, offset: Offset) -> Response:
        """The image as the camera sent it; 410 when Kafka's retention took it."""
        async with fetching.place():
            picture = await asyncio.to_thread(parts.frames.frame, partition, offset)
        return Response(picture.image, media_type=picture.content_type, headers=IMMUTABLE)

    return routes
