"""What every route works with, and who may use it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from fastapi import Depends, Request, Security
from fastapi.security import APIKeyCookie, HTTPAuthorizationCredentials, HTTPBearer

from stallaini.clock import Clock
from stallaini.server.commands import Commands
from stallaini.server.link_door import LinkDoor
from stallaini.server.live import LiveHub
from stallaini.server.metrics import Metrics
from stallaini.server.people import People, Person, Role
from stallaini.server.problems import Problem
from stallaini.server.sites import Sites
from stallaini.server.store.base import Store

PREFIX = "/api/v1"
COOKIE = "stallaini_session"
CSRF_HEADER = "X-Stallaini"
DEMO_PERSON = Person("demo", "viewer")
_SAFE_METHODS = ("GET", "HEAD", "OPTIONS")

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
    clock: Clock
    static_dir: Path
    demo: bool = False


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
) -> Person:
    """Who acts. Raises a 401 problem for nobody, 403 for a change by cookie without the header."""
    if "authorization" in request.headers:
        program = await parts.people.bearer(bearer.credentials) if bearer else None
        if program is None:
            raise unauthorized("this bearer token is not known; make one with `stallaini user token`")
        return program
    person = await parts.people.session(session) if session else None
    if person is not None:
        if request.method not in _SAFE_METHODS and request.headers.get(CSRF_HEADER) != "1":
            detail = f"a change by cookie needs the header {CSRF_HEADER}: 1, which other pages cannot send"
            raise Problem(403, "missing-header", detail)
        return person
    if parts.demo:
        return DEMO_PERSON
    raise unauthorized("sign in with POST /api/v1/session, or send Authorization: Bearer TOKEN")


def unauthorized(detail: str) -> Problem:
    """The 401 problem."""
    return Problem(401, "not-signed-in", detail, headers={"WWW-Authenticate": "Bearer"})


def _only(*roles: Role) -> Callable[..., Any]:
    async def permitted(actor: Annotated[Person, Depends(_actor)]) -> Person:
        if actor.role not in roles:
            detail = f"{actor.name!r} is a {actor.role}; this needs the role {' or '.join(roles)}"
            raise Problem(403, "not-permitted", detail)
        return actor

    return permitted


AnyActor = Annotated[Person, Depends(_only("admin", "viewer", "bot"))]
"""Whoever has signed in."""

AdminActor = Annotated[Person, Depends(_only("admin"))]
"""Whoever may ask something of a site."""

BotActor = Annotated[Person, Depends(_only("bot"))]
"""The Telegram bot alone: it vouches for the Telegram ids it names."""
