"""The machines' door: the link's messages by HTTP, for sites whose UDP is blocked."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from stallaini.link.posted import ROUTE
from stallaini.server.api.problems import problems
from stallaini.server.api.services import Parts
from stallaini.server.people.guesses import source_of

router = APIRouter(tags=["link"])

_BINARY = {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}
_ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The CoAP message that answers; its code says whether it refuses.",
        "content": _BINARY,
    },
    **problems(400, 411, 413, 429),
}


@router.post(
    ROUTE,
    response_class=Response,
    responses=_ANSWERS,
    openapi_extra={"requestBody": {"required": True, "content": _BINARY}},
)
async def post_message(request: Request, parts: Parts) -> Response:
    """A site's message, CoAP with OSCORE as on UDP, and its answer. Its own key is its only way in.

    For edges, not for people: docs/reference/wire.md describes the bytes.
    """
    source = source_of(request.client.host if request.client else "unknown")
    with parts.link.admitted(source, int(request.headers.get("content-length", 0))):
        return Response(await parts.link.answer(await request.body(), source))
