"""Signing in and out."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Request, Response, Security

from stallaini.server import api_models as shapes
from stallaini.server.guesses import Throttled
from stallaini.server.people import SESSION_S, WrongPassword
from stallaini.server.problems import Problem, problems
from stallaini.server.services import COOKIE, PREFIX, AnyActor, Parts, session_cookie

router = APIRouter(prefix=PREFIX, tags=["session"])


@router.post("/session", responses=problems(401, 422, 429))
async def sign_in(
    credentials: shapes.Credentials, request: Request, response: Response, parts: Parts
) -> shapes.Session:
    """Sign in; the answer sets the session's cookie. Wrong tries are throttled by account and by source."""
    address = request.client.host if request.client else "unknown"
    try:
        token, person = await parts.people.sign_in(credentials.name, credentials.password, address)
    except WrongPassword:
        raise Problem(401, "wrong-password", "name and password do not fit; check both") from None
    except Throttled as error:
        raise throttled(error) from None
    _set_cookie(request, response, token)
    return shapes.Session(name=person.name, role=person.role)


@router.get("/session", responses=problems(401))
async def who_am_i(
    actor: AnyActor,
    request: Request,
    response: Response,
    cookie: Annotated[str | None, Security(session_cookie)],
) -> shapes.Session:
    """Who is signed in; renews the cookie for another 90 days."""
    if cookie and "authorization" not in request.headers and actor.name != "demo":
        _set_cookie(request, response, cookie)
    return shapes.Session(name=actor.name, role=actor.role)


@router.delete("/session", status_code=204, responses=problems(401, 403))
async def sign_out(
    _: AnyActor, response: Response, parts: Parts, cookie: Annotated[str | None, Security(session_cookie)]
) -> None:
    """Sign out."""
    if cookie:
        await parts.people.end_session(cookie)
    response.delete_cookie(COOKIE, httponly=True, samesite="lax")


def throttled(error: Throttled) -> Problem:
    """The 429 problem of too many guesses."""
    headers = {"Retry-After": str(error.retry_after_s)}
    return Problem(429, "too-many-tries", str(error), headers=headers, retry_after_s=error.retry_after_s)


def _set_cookie(request: Request, response: Response, token: str) -> None:
    response.set_cookie(
        COOKIE, token, max_age=SESSION_S, httponly=True, samesite="lax", secure=request.url.scheme == "https"
    )
