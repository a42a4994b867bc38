"""What a page asks first, told in the page itself: over a mobile link each question costs a round trip."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path

from fastapi import Request, Response
from fastapi.responses import HTMLResponse
from pydantic import BaseModel

from stallaini.server.api import models, people_models
from stallaini.server.api.problems import Problem
from stallaini.server.api.services import COOKIE, Asked, Services, check_pace, identify, source
from stallaini.server.api.session import renew, shown
from stallaini.server.api.sites import describe
from stallaini.server.people.roles import Actor

PLACE = '<script id="start" type="application/json"></script>'
"""In the built page: where the start is put. As a block of data it is nothing that a browser runs."""


class Start(BaseModel):
    """Who looks, at which sites, and the first of them as it is now; without one that has spoken, None."""

    session: people_models.Session
    sites: list[models.SiteListed]
    site: models.SiteDetail | None
    now: models.Now | None


async def frame(index: Path, request: Request, parts: Services) -> Response | None:
    """The page with what is known to who asks for it, kept by nobody; None for who has not signed in."""
    cookie = request.cookies.get(COOKIE)
    try:
        actor = await identify(parts, Asked(None, cookie, None, source(request)))
        check_pace(parts, actor)
    except Problem:
        return None
    html = await asyncio.to_thread(index.read_text, encoding="utf-8")
    start = (await _start(parts, actor)).model_dump_json().replace("<", "\\u003c")
    filled = html.replace(PLACE, PLACE.replace("></", f">{start}</"))
    answer = HTMLResponse(filled, headers={"Cache-Control": "no-store"})
    renew(actor, cookie, request, answer)
    return answer


async def _start(parts: Services, actor: Actor) -> Start:
    rows = await parts.sites.listed(actor.grants)
    start = Start(session=shown(actor), sites=rows, site=None, now=None)
    if rows:
        first = rows[0].site
        with contextlib.suppress(Problem):
            start.site, start.now = await describe(parts, first), await parts.sites.now(first)
    return start
