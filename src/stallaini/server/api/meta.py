"""About the server itself: health, metrics, and the API's documentation."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Request
from fastapi.responses import FileResponse, HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.exceptions import HTTPException
from swagger_ui_bundle import swagger_ui_path

from stallaini import __version__
from stallaini.server.api import models as shapes
from stallaini.server.api.problems import problems
from stallaini.server.api.services import Parts, WideActor

router = APIRouter(tags=["server"])

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Stallaini API</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="stylesheet" href="/api/docs/swagger-ui.css"><link rel="icon" href="/api/docs/favicon-32x32.png">
</head><body><div id="swagger-ui"></div>
<script src="/api/docs/swagger-ui-bundle.js"></script><script src="/api/docs/start.js"></script>
</body></html>"""

# validatorUrl: Swagger UI would send the document to a server of its maker.
_START = """SwaggerUIBundle({
  url: "/api/openapi.json", dom_id: "#swagger-ui", deepLinking: true, validatorUrl: null,
  requestInterceptor: (request) => { request.headers["X-Stallaini"] = "1"; return request; },
});"""

_UI_FILES = ("swagger-ui.css", "swagger-ui-bundle.js", "favicon-32x32.png")


@router.get("/healthz")
async def read_health() -> shapes.Health:
    """Whether the server answers; open to everybody."""
    return shapes.Health(status="ok", version=__version__)


@router.get(
    "/metrics",
    response_class=PlainTextResponse,
    responses={
        **problems(401, 403),
        200: {"content": {"text/plain": {"example": "stallaini_uplinks_total 3.0"}}},
    },
)
async def read_metrics(parts: Parts, _: WideActor) -> Response:
    """What the server counts of itself, for Prometheus; give it a token with the role viewer."""
    parts.metrics.show_alarms(await parts.alarms.count())
    return Response(parts.metrics.text(), media_type="text/plain; version=0.0.4; charset=utf-8")


@router.get("/api/openapi.json", include_in_schema=False)
async def read_openapi(request: Request) -> Response:
    """The OpenAPI document."""
    return JSONResponse(request.app.openapi())


@router.get("/api/docs", include_in_schema=False)
async def read_docs() -> Response:
    """The API's documentation, to read and to try."""
    return HTMLResponse(_PAGE)


@router.get("/api/docs/{name}", include_in_schema=False)
async def read_docs_file(name: Annotated[str, Path()]) -> Response:
    """A file of Swagger UI, from the installed package."""
    if name == "start.js":
        return Response(_START, media_type="text/javascript")
    if name not in _UI_FILES:
        raise HTTPException(404)
    return FileResponse(str(swagger_ui_path / name))
