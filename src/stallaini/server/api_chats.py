"""Telegram users who may talk to the bot."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path

from stallaini.server import api_models as shapes
from stallaini.server.api_session import throttled
from stallaini.server.guesses import Throttled
from stallaini.server.people import Chat, WrongPassword
from stallaini.server.problems import Problem, problems
from stallaini.server.services import PREFIX, BotActor, Parts

router = APIRouter(prefix=PREFIX, tags=["chats"], responses=problems(401, 403, 422))


@router.post("/chats", status_code=201, responses=problems(429))
async def join_chat(request: shapes.ChatRequest, parts: Parts, _: BotActor) -> shapes.Chat:
    """Let in a Telegram user who gives the bot password; needs a token with the role bot."""
    chat = Chat(request.telegram_id, request.name, request.language)
    try:
        await parts.people.join_chat(chat, request.password)
    except WrongPassword:
        raise Problem(403, "wrong-password", "this is not the bot password; ask the owner for it") from None
    except Throttled as error:
        raise throttled(error) from None
    return _shown(chat)


@router.get("/chats/{telegram_id}", responses=problems(404))
async def read_chat(
    telegram_id: Annotated[int, Path(gt=-(2**52), lt=2**52)], parts: Parts, _: BotActor
) -> shapes.Chat:
    """Whether a Telegram user was let in; needs a token with the role bot."""
    chat = await parts.people.chat(telegram_id)
    if chat is None:
        raise Problem(404, "unknown-chat", f"the Telegram user {telegram_id} has not given the bot password")
    return _shown(chat)


def _shown(chat: Chat) -> shapes.Chat:
    return shapes.Chat(telegram_id=chat.telegram_id, name=chat.name, language=chat.language)
