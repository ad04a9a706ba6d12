"""Coils: the history, one coil, its map, its report in three forms."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from contracts.identity import NAME_PATTERN
from contracts.reports import CoilReport, Verdict
from station.web.live import as_json
from station.web.parts import Parts
from station.web.refusals import Refused
from station.web.turnstile import Turnstile
from station.web.views import report_view
from station.web.wire import CoilPage, CoilView, Trend

CoilId = Annotated[str, Path(pattern=NAME_PATTERN)]
Line = Annotated[str | None, Query(pattern=NAME_PATTERN, description="Only this line's")]


def _media(*types: str) -> dict[int | str, dict[str, object]]:
    schema = {"schema": {"type": "string"}}
    return {200: {"content": dict.fromkeys(types, schema), "description": "The report, as a file"}}


def coil_routes(parts: Parts) -> APIRouter:
    """`/api/coils` and `/api/trend`."""
    routes = APIRouter(prefix="/api", tags=["coils"])

    @routes.get("/coils")
    async def coils(
        query: Annotated[str, Query(max_length=64, description="Is looked for in coil ids")] = "",
        verdict: Verdict | None = None,
        line: Line = None,
        before: Annotated[str | None, Query(max_length=200, description="The last page's cursor")] = None,
        limit: Annotated[int, Query(ge=1, le=200)] = 50,
    ) -> CoilPage:
        """The history, the newest first."""
        return parts.history.page(query, verdict, line, before, limit)

    @routes.get("/trend")
    async def trend(line: Line = None, last: Annotated[int, Query(ge=1, le=500)] = 50) -> Trend:
        """Defects per 100 m by class, coil by coil."""
        return parts.history.trend(line, last)

    @routes.get("/coils/{coil_id}")
    async def coil(coil_id: CoilId) -> CoilView:
        """One coil: its report, whether its map is kept, its alarms."""
        return await _coil(parts, coil_id)

    return routes


def map_routes(parts: Parts) -> APIRouter:
    """`/api/coils/{coil_id}/map`."""
    routes = APIRouter(prefix="/api/coils/{coil_id}", tags=["coils"])
    at_once = Turnstile("maps", at_once=2, waiting=32)

    @routes.get("/map", response_class=Response, responses={200: {"content": {"application/json": {}}}})
    async def strip_map(coil_id: CoilId) -> Response:
        """Every frame's fate and every region, as columns: what the live stream's snapshot holds."""
        async with at_once.place():
            if parts.strip.seq(coil_id) is None:
                raise Refused(404, "This coil's map is not kept: only the newest coils' are")
            changes = parts.strip.changes_since(coil_id, 0)
            body = await asyncio.to_thread(as_json, {"coil_id": coil_id, "since": 0, **changes})
        return Response(body, media_type="application/json")

    return routes


def report_routes(parts: Parts) -> APIRouter:
    """`/api/coils/{coil_id}/report.*`."""
    routes = APIRouter(prefix="/api/coils/{coil_id}", tags=["coils"], default_response_class=Response)
    printing = Turnstile("printed reports", at_once=1, waiting=8)

    @routes.get("/report.json", responses=_media("application/json"))
    async def report_json(coil_id: CoilId) -> Response:
        """The whole report, as it was published."""
        report = await _report(parts, coil_id)
        text = await asyncio.to_thread(parts.exports.json, report)
        return _file(text.encode(), "application/json", f"{coil_id}.json")

    @routes.get("/report.csv", responses=_media("text/csv"))
    async def report_csv(coil_id: CoilId) -> Response:
        """Its defects, a row each."""
        report = await _report(parts, coil_id)
        text = await asyncio.to_thread(parts.exports.csv, report)
        return _file(text.encode(), "text/csv; charset=utf-8", f"{coil_id}.csv")

    @routes.get("/report.pdf", responses=_media("application/pdf"))
    async def report_pdf(coil_id: CoilId) -> Response:
        """One page, to print."""
        report = await _report(parts, coil_id)
        async with printing.place():
            body = await asyncio.to_thread(parts.exports.pdf, report)
        return _file(body, "application/pdf", f"{coil_id}.pdf")

    return routes


async def _coil(parts: Parts, coil_id: str) -> CoilView:
    report, seq = await parts.history.report(coil_id), parts.strip.seq(coil_id)
    if report is None and seq is None:
        raise _unknown()
    line_id = _line_of(parts, coil_id) if report is None else report.line_id
    return CoilView(
        coil_id=coil_id,
        line_id=line_id,
        seq=seq,
        report=None if report is None else report_view(report),
        alarms=[alarm for alarm in parts.watch.state().alarms if alarm.coil_id == coil_id],
    )


def _line_of(parts: Parts, coil_id: str) -> str:
    return next((line for line, coils in parts.strip.coil_ids().items() if coil_id in coils), "")


async def _report(parts: Parts, coil_id: str) -> CoilReport:
    report = await parts.history.report(coil_id)
    if report is not None:
        return report
    if parts.strip.seq(coil_id) is not None:
        raise Refused(404, "This coil has no report yet: it is closed when its last frame is inspected")
    raise _unknown()


def _unknown() -> Refused:
    return Refused(404, "No such coil is known; the history may no longer reach so far back")


def _file(body: bytes, media_type: str, name: str) -> Response:
    """`name` is a coil's, whose pattern needs no quoting."""
    return Response(
        body, media_type=media_type, headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )
