"""What people do with their own account: language, password, sessions, tokens, Telegram."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request

from stallaini.server.api import people_models as shapes
from stallaini.server.api.paging import After, Limit, page
from stallaini.server.api.problems import Problem, problems
from stallaini.server.api.services import (
    PREFIX,
    Parts,
    PersonActor,
    Services,
    not_permitted,
    source,
    unauthorized,
)
from stallaini.server.api.session import throttled
from stallaini.server.api.shown import account, invitation_made, session_listed, token
from stallaini.server.people.audit import By
from stallaini.server.people.guesses import Throttled
from stallaini.server.people.invitations import Offer, TooManyInvitations
from stallaini.server.people.passwords import WeakPassword
from stallaini.server.people.roles import EVERY_SITE, Actor
from stallaini.server.people.sessions import WrongPassword
from stallaini.server.people.tokens import Scope, TooManyTokens

_LINK_S = 15 * 60

router = APIRouter(prefix=PREFIX, tags=["account"], responses=problems(401, 403, 422))

Whose = Annotated[
    str | None, Query(max_length=64, description="Somebody else; for those who administer the server.")
]
PublicId = Annotated[str, Path(max_length=32)]


@router.get("/account")
async def read_account(parts: Parts, actor: PersonActor) -> shapes.Account:
    """One's own account."""
    found = await parts.people.find(actor.name)
    if found is None:  # removed in the same instant
        raise unauthorized("this account was removed")
    return account(found)


@router.patch("/account", status_code=204)
async def change_language(
    change: shapes.LanguageChange, request: Request, parts: Parts, actor: PersonActor
) -> None:
    """Change the language one is spoken to in."""
    await parts.people.set_language(actor.name, change.language, by(actor, request))


@router.post("/account/password", status_code=204, responses=problems(429))
async def change_password(
    change: shapes.PasswordChange, request: Request, parts: Parts, actor: PersonActor
) -> None:
    """Change one's password; ends one's other sessions. Wrong tries are throttled."""
    try:
        await parts.people.sessions.change_password(actor, change.current, change.new, source(request))
    except WrongPassword:
        raise Problem(403, "wrong-password", "this is not your password; type the one you have now") from None
    except Throttled as error:
        raise throttled(error) from None
    except WeakPassword as error:
        raise Problem(422, "weak-password", str(error)) from None


@router.post("/account/telegram", status_code=201, responses=problems(409))
async def link_telegram(request: Request, parts: Parts, actor: PersonActor) -> shapes.InvitationMade:
    """A code that links a Telegram user to one's account: send it to the bot, /start CODE, in 15 minutes."""
    offer = Offer(actor.language, person=actor.name, way="telegram")
    try:
        made = await parts.people.invitations.make(offer, _LINK_S, by(actor, request))
    except TooManyInvitations:
        raise too_many_invitations() from None
    return invitation_made(*made, now_s=int(parts.clock.wall_s()))


@router.delete("/account/telegram/{telegram_id}", status_code=204, responses=problems(404))
async def unlink_telegram(
    telegram_id: Annotated[int, Path(gt=-(2**52), lt=2**52)],
    request: Request,
    parts: Parts,
    actor: PersonActor,
) -> None:
    """Let a Telegram chat act for one no longer."""
    if not await parts.people.chats.leave(telegram_id, by(actor, request), actor.name):
        raise Problem(404, "unknown-chat", f"the chat {telegram_id} is not linked to your account")


@router.get("/sessions", responses=problems(404))
async def list_sessions(
    parts: Parts, actor: PersonActor, person: Whose = None, after: After = None, limit: Limit = 100
) -> shapes.SessionList:
    """Where one is signed in, newest use first."""
    whose = await _whose(parts, actor, person)
    listed = await parts.people.sessions.listed(whose)
    shown, following = page(listed, lambda one: one.id, after, limit)
    return shapes.SessionList(sessions=[session_listed(one, actor.key) for one in shown], next=following)


@router.delete("/sessions", status_code=204, responses=problems(404))
async def end_sessions(request: Request, parts: Parts, actor: PersonActor, person: Whose = None) -> None:
    """Sign out everywhere but here."""
    whose = await _whose(parts, actor, person)
    await parts.people.sessions.end_all(whose, by(actor, request), actor.key)


@router.delete("/sessions/{id}", status_code=204, responses=problems(404))
async def end_session(
    id_: Annotated[PublicId, Path(alias="id")], request: Request, parts: Parts, actor: PersonActor
) -> None:
    """End a session: one's own, or any for those who administer the server."""
    owner = None if actor.grants.server_admin else actor.name
    if not await parts.people.sessions.end_one(id_, by(actor, request), owner):
        raise Problem(404, "unknown-session", "there is no such session; GET /api/v1/sessions lists them")


@router.get("/tokens")
async def list_tokens(
    parts: Parts, actor: PersonActor, after: After = None, limit: Limit = 100
) -> shapes.TokenList:
    """One's own tokens, or everybody's for those who administer the server; by label."""
    listed = await parts.people.tokens.listed(None if actor.grants.server_admin else actor.name)
    shown, following = page(listed, lambda one: one.id, after, limit)
    return shapes.TokenList(tokens=[token(one) for one in shown], next=following)


@router.post("/tokens", status_code=201, responses=problems(404, 409))
async def make_token(
    wanted: shapes.TokenRequest, request: Request, parts: Parts, actor: PersonActor
) -> shapes.TokenMade:
    """A token for a program of one's own, shown this once; it may what it says and what one may oneself."""
    if wanted.role == "bot":
        if not actor.grants.server_admin:
            raise not_permitted("only who administers the server makes tokens with the role bot")
    else:
        await parts.check_site(actor, wanted.role, wanted.site)
    scope = Scope(wanted.label, wanted.role, EVERY_SITE if wanted.role == "bot" else wanted.site)
    try:
        secret, made = await parts.people.tokens.make(scope, by(actor, request))
    except TooManyTokens:
        raise Problem(409, "too-many-tokens", "you have 100 tokens; revoke some you do not use") from None
    except ValueError as error:
        raise Problem(422, "invalid-name", str(error)) from None
    return shapes.TokenMade(token=token(made), secret=secret)


@router.delete("/tokens/{id}", status_code=204, responses=problems(404))
async def revoke_token(
    id_: Annotated[PublicId, Path(alias="id")], request: Request, parts: Parts, actor: PersonActor
) -> None:
    """Revoke a token: one's own, or any for those who administer the server."""
    owner = None if actor.grants.server_admin else actor.name
    if not await parts.people.tokens.revoke(id_, by(actor, request), owner):
        raise Problem(404, "unknown-token", "there is no such token; GET /api/v1/tokens lists them")


def by(actor: Actor, request: Request) -> By:
    """Who does it, for the audit."""
    return By(actor.name, actor.way, source(request))


def too_many_invitations() -> Problem:
    """The 409 problem of somebody with many open invitations."""
    return Problem(409, "too-many-invitations", "200 invitations of yours are open; take some back")


async def _whose(parts: Services, actor: Actor, person: str | None) -> str:
    if person is None or person.casefold() == actor.name.casefold():
        return actor.name
    if not actor.grants.server_admin:
        raise not_permitted("only who administers the server may ask about others")
    found = await parts.people.find(person)
    if found is None:
        raise Problem(404, "unknown-person", f"there is no {person!r}; GET /api/v1/people lists them")
    return found.name
