"""What every route works with, and who may use it."""

from __future__ import annotations

import pathlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated, Any, NamedTuple

from fastapi import Depends, Header, Path, Request, Security
from fastapi.security import APIKeyCookie, HTTPAuthorizationCredentials, HTTPBearer

from stallaini.clock import Clock
from stallaini.server.alarms.desk import AlarmDesk
from stallaini.server.alarms.notify_file import Means
from stallaini.server.api.pace import Pacer
from stallaini.server.api.problems import Problem
from stallaini.server.commands import Commands
from stallaini.server.link_door import LinkDoor
from stallaini.server.live import LiveHub
from stallaini.server.metrics import Metrics
from stallaini.server.people import guesses
from stallaini.server.people.people import People
from stallaini.server.people.roles import EVERY_SITE, Actor, Grants, SiteRole
from stallaini.server.sites import SITES_HINT, Sites, unknown
from stallaini.server.store.base import Store

PREFIX = "/api/v1"
COOKIE = "stallaini_session"
CSRF_HEADER = "X-Stallaini"
CHAT_HEADER = "X-Stallaini-Chat"
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
DEMO_PERSON = Actor("demo", "demo", Grants({EVERY_SITE: "viewer"}))
_CHAT_TEXT = "The Telegram id of the chat that the bot asks for."

SiteName = Annotated[str, Path(examples=["noto"], max_length=64)]

session_cookie = APIKeyCookie(name=COOKIE, auto_error=False, description="Set by POST /api/v1/session.")
_bearer = HTTPBearer(auto_error=False, description="A token from `stallaini user token`.")


@dataclass(frozen=True)
class Services:
    """The server's parts as the HTTP API sees them. With `demo` whoever has no session acts as `demo`."""

    store: Store
    sites: Sites
    people: People
    hub: LiveHub
    commands: Commands
    metrics: Metrics
    link: LinkDoor
    alarms: AlarmDesk
    means: Means
    clock: Clock
    static_dir: pathlib.Path
    demo: bool = False
    pacer: Pacer = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "pacer", Pacer(self.clock))

    async def check_role(self, actor: Actor, role: SiteRole, site: str) -> None:
        """Raise a problem unless `actor` is at least `role` at `site`, or at all with `*`.

        A site somebody may not see answers as one there is not: same words, hints at their own alone.
        """
        held = actor.grants.at(site)
        if held is None and actor.way == "bot":
            raise not_permitted(f"the bot sees sites for a chat alone; name it in {CHAT_HEADER}")
        if held is None and site != EVERY_SITE:
            seen = [row.site for row in await self.sites.listed(actor.grants)]
            raise unknown("site", site, seen, SITES_HINT)
        if not actor.grants.allow(role, site):
            where = "every site" if site == EVERY_SITE else site
            raise not_permitted(
                f"{actor.name!r} is {held or 'nothing'} at {where}; this needs the role {role}"
            )

    async def check_site(self, actor: Actor, role: SiteRole, site: str) -> None:
        """The same, and that there is such a site."""
        await self.check_role(actor, role, site)
        if site != EVERY_SITE:
            await self.sites.description(site)


def services(request: Request) -> Services:
    """The services of the app that answers this request."""
    found: Services = request.app.state.services
    return found


Parts = Annotated[Services, Depends(services)]


async def _actor(
    request: Request,
    parts: Parts,
    session: Annotated[str | None, Security(session_cookie)],
    bearer: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)],
    chat: Annotated[
        int | None, Header(alias=CHAT_HEADER, description=_CHAT_TEXT, gt=-(2**52), lt=2**52)
    ] = None,
) -> Actor:
    """Who acts. Raises a 401 problem for nobody, 403 for a change by cookie without the header.

    And 429 for who asks too much.
    """
    by_token = "authorization" in request.headers
    token = (bearer.credentials if bearer else "") if by_token else None
    asked = request.state.asked = Asked(token, session, chat, source(request))
    actor = await identify(parts, asked)
    check_pace(parts, actor)
    changes = request.method not in SAFE_METHODS
    if actor.way == "session" and changes and request.headers.get(CSRF_HEADER) != "1":
        detail = f"a change by cookie needs the header {CSRF_HEADER}: 1, which other pages cannot send"
        raise Problem(403, "missing-header", detail)
    return actor


def check_pace(parts: Services, actor: Actor) -> None:
    """Raise a 429 problem for who asks too much."""
    wait_s = parts.pacer.wait_s(actor)
    if wait_s:
        detail = f"{actor.name!r} asks too much at once; ask again in {wait_s} s, and less often"
        headers = {"Retry-After": str(wait_s)}
        raise Problem(429, "too-many-requests", detail, headers=headers, retry_after_s=wait_s)


class Asked(NamedTuple):
    """What a request shows of who asks; a token that is there counts alone, even an empty one."""

    token: str | None
    session: str | None
    chat: int | None
    source: str


async def identify(parts: Services, asked: Asked) -> Actor:
    """Who that is. Raises a 401 problem for nobody."""
    if asked.token is not None:
        program = await parts.people.tokens.actor(asked.token)
        if program is None:
            raise unauthorized("this bearer token is not known; make one with `stallaini user token`")
        return program if asked.chat is None else await _for_chat(parts, program, asked.chat)
    person = await parts.people.sessions.actor(asked.session, asked.source) if asked.session else None
    if person is not None:
        return person
    if parts.demo:
        return DEMO_PERSON
    raise unauthorized("sign in with POST /api/v1/session, or send Authorization: Bearer TOKEN")


async def _for_chat(parts: Services, program: Actor, telegram_id: int) -> Actor:
    if program.way != "bot":
        raise not_permitted(f"only a token with the role bot may speak for chats ({CHAT_HEADER})")
    actor = await parts.people.chats.actor(telegram_id)
    if actor is None:
        raise unauthorized(f"the chat {telegram_id} was not let in; POST {PREFIX}/chats does that")
    return actor


def unauthorized(detail: str) -> Problem:
    """The 401 problem."""
    return Problem(401, "not-signed-in", detail, headers={"WWW-Authenticate": "Bearer"})


def not_permitted(detail: str) -> Problem:
    """The 403 problem of somebody who is known but may not."""
    return Problem(403, "not-permitted", detail)


def source(request: Request) -> str:
    """Where a request comes from, as guesses are counted by it."""
    return guesses.source_of(request.client.host if request.client else "unknown")


AnyActor = Annotated[Actor, Depends(_actor)]
"""Whoever has signed in."""


async def _person(actor: AnyActor) -> Actor:
    if actor.way != "session":
        raise not_permitted("accounts are changed by people who have signed in, not by programs or chats")
    return actor


async def _bot(actor: AnyActor) -> Actor:
    if actor.way != "bot":
        raise not_permitted(f"{actor.name!r} is not the bot; this needs a token with the role bot")
    return actor


async def _of_every_site(actor: AnyActor) -> Actor:
    if actor.grants.at(EVERY_SITE) is None:
        raise not_permitted(f"{actor.name!r} may not see every site; this needs a role at all of them")
    return actor


async def _some_admin(actor: AnyActor) -> Actor:
    if actor.grants.anywhere() != "admin":
        raise not_permitted(f"{actor.name!r} is no admin of any site")
    return actor


PersonActor = Annotated[Actor, Depends(_person)]
"""Somebody who has signed in with a password: who alone may change accounts."""

BotActor = Annotated[Actor, Depends(_bot)]
"""The Telegram bot itself: it vouches for the Telegram ids it names."""

WideActor = Annotated[Actor, Depends(_of_every_site)]
"""Whoever has a role at every site."""

SomeAdmin = Annotated[Actor, Depends(_some_admin)]
"""An admin of one site at least."""


def _at_site(role: SiteRole) -> Callable[..., Any]:
    async def permitted(site: SiteName, actor: AnyActor, parts: Parts) -> Actor:
        await parts.check_role(actor, role, site)
        return actor

    return permitted


Viewer = Annotated[Actor, Depends(_at_site("viewer"))]
"""Whoever may look at the site in the path."""

Operator = Annotated[Actor, Depends(_at_site("operator"))]
"""Whoever may ask something of the site in the path."""
