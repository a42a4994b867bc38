"""The single-line diagram of a site, drawn from what it told of itself."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Response

from stallaini.server.api.problems import problems
from stallaini.server.api.services import PREFIX, Parts, SiteName, Viewer
from stallaini.site.diagram import diagram

_DRAWING = {"image/svg+xml": {"example": '<svg xmlns="http://www.w3.org/2000/svg"/>'}}

router = APIRouter(prefix=PREFIX, tags=["sites"], responses=problems(401, 403))


@router.get(
    "/sites/{site}/diagram.svg",
    response_class=Response,
    responses={
        200: {"content": _DRAWING},
        **problems(404, 422),
    },
)
async def draw_site(
    site: SiteName,
    parts: Parts,
    actor: Viewer,
    language: Annotated[Literal["en", "it"] | None, Query(description="Default: the asker's.")] = None,
) -> Response:
    """The site's single-line diagram, an SVG that follows the light or dark theme of whoever looks."""
    description = await parts.sites.description(site)
    drawn = diagram(description, language or actor.language)
    return Response(drawn, media_type="image/svg+xml")
