"""Every refusal as {"error": a sentence}."""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from station.web.border import WHY
from station.web.refusals import PartRefused

_SENTENCES = {404: "There is nothing at this address", 405: "This address does not take that method"}


def say_why(app: FastAPI) -> None:
    """Teach the application our form of refusal."""
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(PartRefused, _part)


def _http(request: Request, failure: Exception) -> JSONResponse:
    assert isinstance(failure, HTTPException)
    stock = type(failure) is HTTPException  # the router's own
    sentence = _SENTENCES.get(failure.status_code) if stock else None
    return _problem(request, failure.status_code, sentence or str(failure.detail), failure.headers)


def _invalid(request: Request, failure: Exception) -> JSONResponse:
    """The first mistake, without the input itself."""
    assert isinstance(failure, RequestValidationError)
    first = failure.errors()[0]
    where = ".".join(str(part) for part in first["loc"])[:100]
    return _problem(request, 422, f"{where}: {first['msg']}"[:300])


def _part(request: Request, failure: Exception) -> JSONResponse:
    assert isinstance(failure, PartRefused)
    return _problem(request, failure.fault.value, str(failure))


def _problem(
    request: Request, status: int, sentence: str, headers: Mapping[str, str] | None = None
) -> JSONResponse:
    request.scope[WHY] = sentence
    return JSONResponse({"error": sentence}, status, headers=dict(headers) if headers else None)
