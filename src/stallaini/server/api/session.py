"""Signing in and out, by password or by an invitation."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Request, Response, Security

from stallaini.server.api import people_models as shapes
from stallaini.server.api.problems import Problem, problems
from stallaini.server.api.services import (
    COOKIE,
    PREFIX,
    AnyActor,
    Parts,
    PersonActor,
    session_cookie,
    source,
)
from stallaini.server.people.accounts import Taken
from stallaini.server.people.audit import By
from stallaini.server.people.guesses import Throttled
from stallaini.server.people.invitations import Newcomer, NoInvitation
from stallaini.server.people.passwords import WeakPassword
from stallaini.server.people.roles import Actor
from stallaini.server.people.sessions import DEVICE_S, SESSION_S, Caller, SignedIn, WrongPassword
from stallaini.server.times import iso

DEVICE_COOKIE = "stallaini_device"

router = APIRouter(prefix=PREFIX, tags=["session"])


@router.post("/session", responses=problems(401, 403, 422, 429))
async def sign_in(
    credentials: shapes.Credentials, request: Request, response: Response, parts: Parts
) -> shapes.Session:
    """Sign in; the answer sets the session's cookie. Wrong tries are throttled by account and by source."""
    try:
        signed_in = await parts.people.sessions.sign_in(
            credentials.name, credentials.password, _caller(request)
        )
    except WrongPassword:
        raise Problem(401, "wrong-password", "name and password do not fit; check both") from None
    except Throttled as error:
        raise throttled(error) from None
    _set_cookies(request, response, signed_in)
    return shown(signed_in.actor)


@router.get("/session", responses=problems(401, 403, 422))
async def who_am_i(
    actor: AnyActor,
    request: Request,
    response: Response,
    cookie: Annotated[str | None, Security(session_cookie)],
) -> shapes.Session:
    """Who is signed in; renews the cookie for another 90 days."""
    renew(actor, cookie, request, response)
    return shown(actor)


@router.delete("/session", status_code=204, responses=problems(401, 403, 422))
async def sign_out(
    actor: AnyActor,
    request: Request,
    response: Response,
    parts: Parts,
    cookie: Annotated[str | None, Security(session_cookie)],
) -> None:
    """Sign out."""
    if cookie and actor.way == "session":
        await parts.people.sessions.end(cookie, By(actor.name, actor.way, source(request)))
    response.delete_cookie(COOKIE, httponly=True, samesite="strict")


@router.post("/join/offer", responses=problems(403, 404, 422))
async def look_at_invitation(shown: shapes.CodeShown, parts: Parts) -> shapes.OfferShown:
    """What an invitation's code offers; open to everybody who has one."""
    try:
        found = await parts.people.invitations.look(shown.code)
    except NoInvitation:
        raise _no_invitation() from None
    offer = found.offer
    return shapes.OfferShown(
        role=offer.role,
        site=offer.site,
        language=offer.language,
        person=offer.person,
        expires_at=iso(found.expires_s),
    )


@router.post("/join", status_code=201, responses=problems(403, 404, 409, 422))
async def join(
    wanted: shapes.JoinRequest, request: Request, response: Response, parts: Parts
) -> shapes.Session:
    """Use an invitation: make the account, or set the account's password, and sign in."""
    newcomer = Newcomer(wanted.name, wanted.password, wanted.language)
    try:
        signed_in = await parts.people.invitations.enter(wanted.code, newcomer, _caller(request))
    except NoInvitation:
        raise _no_invitation() from None
    except WeakPassword as error:
        raise Problem(422, "weak-password", str(error)) from None
    except ValueError as error:
        raise Problem(422, "invalid-name", str(error)) from None
    except Taken:
        detail = f"there is a {wanted.name!r} already; choose another name"
        raise Problem(409, "name-taken", detail) from None
    _set_cookies(request, response, signed_in)
    return shown(signed_in.actor)


@router.post("/join/accept", status_code=204, responses=problems(401, 403, 404, 422))
async def accept_invitation(
    shown: shapes.CodeShown, actor: PersonActor, request: Request, parts: Parts
) -> None:
    """Add what an invitation offers to the account one is signed in with."""
    try:
        by = By(actor.name, actor.way, source(request))
        await parts.people.invitations.accept(shown.code, actor, by)
    except NoInvitation:
        raise _no_invitation() from None


def throttled(error: Throttled) -> Problem:
    """The 429 problem of too many guesses."""
    headers = {"Retry-After": str(error.retry_after_s)}
    return Problem(429, "too-many-tries", str(error), headers=headers, retry_after_s=error.retry_after_s)


def _no_invitation() -> Problem:
    detail = "this invitation does not hold (any more); ask for a new one"
    return Problem(404, "no-invitation", detail)


def renew(actor: Actor, cookie: str | None, request: Request, response: Response) -> None:
    """Let the cookie of who signed in last for another 90 days."""
    if cookie and actor.way == "session":
        _set_cookie(request, response, COOKIE, cookie, SESSION_S)


def shown(actor: Actor) -> shapes.Session:
    """Who that is, as the API tells it."""
    return shapes.Session(
        name=actor.name,
        via=actor.way,
        role="bot" if actor.way == "bot" else actor.grants.anywhere(),
        language=actor.language,
        roles=dict(actor.grants.by_site),
    )


def _caller(request: Request) -> Caller:
    agent, device = request.headers.get("user-agent", ""), request.cookies.get(DEVICE_COOKIE, "")
    return Caller(source(request), "".join(filter(str.isprintable, agent)), device)


def _set_cookies(request: Request, response: Response, signed_in: SignedIn) -> None:
    _set_cookie(request, response, COOKIE, signed_in.session, SESSION_S)
    # Sent back to signing in alone: nothing else asks which browser this is.
    _set_cookie(request, response, DEVICE_COOKIE, signed_in.device, DEVICE_S, f"{PREFIX}/session")


def _set_cookie(
    request: Request, response: Response, name: str, value: str, max_age_s: int, path: str = "/"
) -> None:
    secure = request.url.scheme == "https"
    response.set_cookie(
        name, value, max_age=max_age_s, path=path, httponly=True, samesite="strict", secure=secure
    )
