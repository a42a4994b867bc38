"""Telegram chats that may talk to the bot."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path

from stallaini.server.api import people_models as shapes
from stallaini.server.api.problems import Problem, problems
from stallaini.server.api.services import PREFIX, BotActor, Parts, Services
from stallaini.server.api.session import throttled
from stallaini.server.people.audit import By
from stallaini.server.people.chats import Chat
from stallaini.server.people.guesses import Throttled
from stallaini.server.people.roles import Actor
from stallaini.server.people.sessions import WrongPassword

router = APIRouter(prefix=PREFIX, tags=["chats"], responses=problems(401, 403, 422))

TelegramId = Annotated[int, Path(gt=-(2**52), lt=2**52)]


@router.post("/chats", status_code=201, responses=problems(429))
async def join_chat(request: shapes.ChatRequest, parts: Parts, _: BotActor) -> shapes.Chat:
    """Let in a chat that gives an invitation's code or the bot password; needs a token with the role bot."""
    chat = Chat(request.telegram_id, request.name, request.language)
    try:
        return await _shown(parts, chat.telegram_id, await parts.people.chats.join(chat, request.secret))
    except WrongPassword:
        detail = "this is neither the bot password nor an invitation that holds; ask the owner for one"
        raise Problem(403, "wrong-password", detail) from None
    except Throttled as error:
        raise throttled(error) from None


@router.get("/chats/{telegram_id}", responses=problems(404))
async def read_chat(telegram_id: TelegramId, parts: Parts, _: BotActor) -> shapes.Chat:
    """Whether a chat was let in, and for whom it acts; needs a token with the role bot."""
    actor = await parts.people.chats.actor(telegram_id)
    if actor is None:
        raise _unknown(telegram_id)
    return await _shown(parts, telegram_id, actor)


@router.patch("/chats/{telegram_id}", responses=problems(404))
async def change_chat(
    telegram_id: TelegramId, change: shapes.ChatChange, parts: Parts, _: BotActor
) -> shapes.Chat:
    """Change the language of the account a chat acts for, or its site; needs a token with the role bot."""
    chats = parts.people.chats
    if change.language is not None:
        await chats.set_language(telegram_id, change.language, _by(telegram_id))
    if change.site is not None:
        await chats.choose_site(telegram_id, change.site)
    actor = await chats.actor(telegram_id)
    if actor is None:
        raise _unknown(telegram_id)
    return await _shown(parts, telegram_id, actor)


@router.delete("/chats/{telegram_id}", status_code=204, responses=problems(404))
async def leave_chat(telegram_id: TelegramId, parts: Parts, _: BotActor) -> None:
    """Let a chat act for nobody any more; needs a token with the role bot."""
    if not await parts.people.chats.leave(telegram_id, _by(telegram_id)):
        raise _unknown(telegram_id)


def _by(telegram_id: int) -> By:
    return By(None, "chat", f"telegram {telegram_id}")


def _unknown(telegram_id: int) -> Problem:
    return Problem(404, "unknown-chat", f"the chat {telegram_id} was not let in")


async def _shown(parts: Services, telegram_id: int, actor: Actor) -> shapes.Chat:
    return shapes.Chat(
        telegram_id=telegram_id,
        name=actor.name,
        language=actor.language,
        roles=dict(actor.grants.by_site),
        site=await parts.people.chats.chosen_site(telegram_id),
    )
