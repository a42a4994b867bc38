"""Every error of the HTTP API: `application/problem+json` (RFC 9457), what is wrong and what to do."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, ConfigDict
from starlette.exceptions import HTTPException

MEDIA_TYPE = "application/problem+json"
_TYPE_PREFIX = "urn:stallaini:problem:"
_SECONDS = {"type": "integer", "minimum": 1}
_NOT_JSON = "not valid JSON; send a JSON object as application/json"

logger = logging.getLogger(__name__)


class Problem(Exception):
    """An answer that is an error; `kind` is the stable last part of the problem's type URN."""

    def __init__(
        self, status: int, kind: str, detail: str, *, headers: Mapping[str, str] | None = None, **more: Any
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.kind = kind
        self.detail = detail
        self.headers = headers
        self.more = more


class Fault(BaseModel):
    """One wrong part of a request: where it is (`query start`, `body password`) and what is wrong with it."""

    where: str
    detail: str


class ProblemBody(BaseModel):
    """The body of every error (RFC 9457)."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "type": "urn:stallaini:problem:unknown-site",
                "title": "Not Found",
                "status": 404,
                "detail": "there is no site 'noto2'; GET /api/v1/sites lists those there are",
            }
        }
    )

    type: str
    title: str
    status: int
    detail: str
    errors: list[Fault] | None = None
    retry_after_s: int | None = None


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The OpenAPI `responses` of a route that may end with these statuses."""
    return {status: _response(status) for status in statuses}


def _response(status: int) -> dict[str, Any]:
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemBody"}}}
    response: dict[str, Any] = {"description": HTTPStatus(status).phrase, "content": content}
    if status == 429:
        response["headers"] = {"Retry-After": {"description": "Seconds to wait.", "schema": _SECONDS}}
    return response


def answer(problem: Problem) -> Response:
    """The HTTP response of a problem."""
    body: dict[str, Any] = {
        "type": _TYPE_PREFIX + problem.kind,
        "title": HTTPStatus(problem.status).phrase,
        "status": problem.status,
        "detail": problem.detail,
        **problem.more,
    }
    return JSONResponse(body, problem.status, headers=problem.headers, media_type=MEDIA_TYPE)


def install(app: FastAPI) -> None:
    """Make `app` answer every error as a problem, bugs included."""
    app.add_exception_handler(Problem, _answer_problem)
    app.add_exception_handler(RequestValidationError, _answer_validation)
    app.add_exception_handler(HTTPException, _answer_http)
    app.add_exception_handler(Exception, _answer_bug)


async def _answer_problem(_: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)
    return answer(error)


async def _answer_validation(_: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    faults = [_fault(one) for one in error.errors()]
    detail = "; ".join(f"{fault['where']}: {fault['detail']}" for fault in faults)
    return answer(Problem(422, "invalid-request", f"{detail}; /api/docs shows examples", errors=faults))


def _fault(error: Mapping[str, Any]) -> dict[str, str]:
    place, *path = (str(part) for part in error["loc"])
    message = str(error["msg"]).removeprefix("Value error, ")
    if error["type"] == "json_invalid":
        return {"where": place, "detail": _NOT_JSON}
    return {"where": " ".join([place, ".".join(path)]).strip(), "detail": message[:1].lower() + message[1:]}


async def _answer_http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code == 400:
        # A body that is no text: FastAPI tells it apart from one that is no JSON, and says so to nobody.
        fault = {"where": "body", "detail": _NOT_JSON}
        problem = Problem(
            422, "invalid-request", f"body: {_NOT_JSON}; /api/docs shows examples", errors=[fault]
        )
    elif error.status_code == 405 and (allowed := _methods(request, error)):
        detail = f"{request.method} is not possible at {request.url.path}; use {allowed}"
        problem = Problem(405, "method-not-allowed", detail, headers={"Allow": allowed})
    elif error.status_code in (404, 405):
        problem = Problem(404, "not-found", f"nothing at {request.url.path}; /api/docs lists what there is")
    else:
        problem = Problem(error.status_code, "http-error", str(error.detail), headers=error.headers)
    return answer(problem)


def _methods(request: Request, error: HTTPException) -> str:
    """What is possible at a path, by all its routes; empty where none but the page answers."""
    path = getattr(request.scope.get("route"), "path", "")
    routes = request.app.openapi()["paths"].get(path, {})
    if routes or request.url.path.startswith("/api/v1/"):
        return ", ".join(sorted(method.upper() for method in routes))
    return (error.headers or {}).get("Allow", "GET")


async def _answer_bug(request: Request, error: Exception) -> Response:
    logger.error("%s %s failed: %r", request.method, request.url.path, error)
    detail = "the server failed at this request and has logged why; try again, then report it"
    return answer(Problem(500, "server-error", detail))
