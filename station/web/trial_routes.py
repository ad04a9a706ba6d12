"""Try an image."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request

from station.web.parts import Parts
from station.web.trial_wire import Bundles, TrialView
from station.web.turnstile import Turnstile
from station.web.upload import read_upload

_FORM: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["image", "bundle"],
                    "properties": {
                        "image": {"type": "string", "format": "binary"},
                        "bundle": {"type": "string", "minLength": 1, "maxLength": 256},
                        "preset": {"type": "string", "minLength": 1, "maxLength": 256, "default": "line"},
                    },
                }
            }
        },
    }
}


def trial_routes(parts: Parts) -> APIRouter:
    """`/api/bundles`, `/api/try`."""
    routes = APIRouter(prefix="/api", tags=["try an image"])
    uploading = Turnstile("uploads", at_once=8, waiting=0)

    @routes.get("/bundles")
    async def bundles() -> Bundles:
        """The bundles that an image can be tried on."""
        return parts.trial.bundles()

    @routes.post("/try", openapi_extra=_FORM)
    async def trial(request: Request) -> TrialView:
        """Gate score against threshold, regions and times of one JPEG or PNG."""
        async with uploading.place():
            upload = await read_upload(request)
            return await parts.trial.run(upload.image, upload.bundle, upload.preset)

    return routes
