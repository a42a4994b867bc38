"""Server-sent events: the present state of a site as long as somebody looks."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import StreamingResponse
from fastapi.sse import format_sse_event

from stallaini.server.api.models import Now
from stallaini.server.api.problems import Problem, problems
from stallaini.server.api.services import PREFIX, Asked, Parts, Services, SiteName, Viewer, identify
from stallaini.server.changes import Changes
from stallaini.server.times import iso_minute

# Ages grow without any news: the state is sent anew at least this often (real seconds).
RESEND_S = 5.0
# A site that sends faster than this (a replay, a crowd of late minutes) does not flood the reader.
_SHORTEST_S = 0.2
_WELCOME_S = 30.0

router = APIRouter(prefix=PREFIX, tags=["sites"])


class _Welcome:
    """Whether who opened a stream may still look: looked up anew every half minute."""

    def __init__(self, parts: Services, asked: Asked, site: str) -> None:
        self._parts, self._asked, self._site = parts, asked, site
        self._until_s = parts.clock.monotonic_s() + _WELCOME_S

    async def holds(self) -> bool:
        """False once the session has ended, the token is revoked or the role is taken."""
        now_s = self._parts.clock.monotonic_s()
        if now_s < self._until_s:
            return True
        self._until_s = now_s + _WELCOME_S
        try:
            actor = await identify(self._parts, self._asked)
        except Problem:
            return False
        return actor.grants.allow("viewer", self._site)


class EventStream(StreamingResponse):
    """Server-sent events, written by the route itself."""

    media_type = "text/event-stream"


_SHOWN: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "`now` events with the same object as GET now, at once, on every change and at least "
        "every 5 s, or after the first one `changes` events; `minute` events when a newer minute is stored; "
        "`alarms` events when an alarm of the site changes. "
        "Sent gzipped to clients that accept it.",
        "content": {
            "text/event-stream": {"example": 'event: minute\ndata: {"minute_at":"2026-11-16T08:29:00Z"}'}
        },
    }
}


@router.get(
    "/sites/{site}/live",
    response_class=EventStream,
    responses={**problems(401, 403, 404, 422), **_SHOWN},
)
async def watch_site(
    site: SiteName,
    request: Request,
    parts: Parts,
    _: Viewer,
    changes: Annotated[bool, Query(description="After the first `now`, send `changes` events.")] = False,
) -> EventStream:
    """The site's state as it changes, as server-sent events; the site sends live values meanwhile."""
    first = await parts.sites.now(site)
    welcome = _Welcome(parts, request.state.asked, site)
    headers = {"X-Accel-Buffering": "no"}
    stream = _events(site, parts, welcome, first, changes)
    if "gzip" in request.headers.get("accept-encoding", ""):
        headers |= {"Content-Encoding": "gzip", "Vary": "Accept-Encoding"}
        stream = _gzipped(stream)
    return EventStream(stream, headers=headers)


async def _events(
    site: str, parts: Services, welcome: _Welcome, first: Now, brief: bool
) -> AsyncIterator[bytes]:
    told = Changes(first)
    with parts.hub.subscribe(site) as subscription:
        yield format_sse_event(event="now", data_str=first.model_dump_json())
        while True:
            news = await subscription.news(RESEND_S)
            if news.closed or not await welcome.holds():
                return
            if news.minute is not None:
                yield format_sse_event(
                    event="minute", data_str=f'{{"minute_at":"{iso_minute(news.minute)}"}}'
                )
            if news.alarms:
                yield format_sse_event(event="alarms", data_str="{}")
            now = await parts.sites.now(site)
            event, data = told.next(now) if brief else ("now", now.model_dump_json())
            yield format_sse_event(event=event, data_str=data)
            await asyncio.sleep(_SHORTEST_S)


async def _gzipped(events: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Each event flushed on its own; what repeats from one to the next costs almost nothing."""
    packer = zlib.compressobj(6, zlib.DEFLATED, zlib.MAX_WBITS | 16)
    async for event in events:
        yield packer.compress(event) + packer.flush(zlib.Z_SYNC_FLUSH)
    yield packer.flush()
