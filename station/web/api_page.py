"""The API, described: OpenAPI, and a page of it that loads nothing from outside."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

STYLE = """\
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
code { font-family: ui-monospace, monospace; }
section { border-top: 1px solid #8886; padding: .5rem 0; }
h2 { font-size: 1rem; margin: .5rem 0; }
"""


def api_page_routes() -> APIRouter:
    """`/api/docs` and its style. Not in the description itself."""
    routes = APIRouter(prefix="/api", include_in_schema=False)

    @routes.get("/docs")
    async def page(request: Request) -> HTMLResponse:
        return HTMLResponse(api_page(request.app.openapi()))

    @routes.get("/docs.css")
    async def style() -> Response:
        return Response(STYLE, media_type="text/css")

    return routes


def api_page(document: dict[str, Any]) -> str:
    """An OpenAPI document as one HTML page without script."""
    title = escape(document["info"]["title"])
    sections = "\n".join(_sections(document["paths"]))
    about = escape(document["info"].get("description", ""))
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        '<meta name="viewport" content="width=device-width"><link rel="stylesheet" href="docs.css"></head>\n'
        f'<body><h1>{title}</h1>\n<p>{about}</p>\n<p><a href="openapi.json">openapi.json</a></p>\n'
        f"{sections}\n</body></html>\n"
    )


def _sections(paths: dict[str, Any]) -> Iterator[str]:
    for path, methods in paths.items():
        for method, operation in methods.items():
            yield (
                f"<section><h2><code>{escape(method.upper())} {escape(path)}</code></h2>"
                f"<p>{escape(operation.get('description', ''))}</p>{_parameters(operation)}</section>"
            )


def _parameters(operation: dict[str, Any]) -> str:
    items = [
        f"<li><code>{escape(each['name'])}</code> ({escape(each['in'])}) "
        f"{escape(each.get('description', ''))}</li>"
        for each in operation.get("parameters", [])
    ]
    return f"<ul>{''.join(items)}</ul>" if items else ""
