"""What Telegram's Bot API does to chats: messages shown and edited, presses answered, menus set."""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.support.telegram_wire import (
    MAX_CAPTION,
    MAX_TEXT,
    MAX_TOAST,
    Json,
    Refusal,
    checked_html,
    read_buttons,
    read_json,
)

TOKEN = "123456789:AAE4xTestTokenOfTheStandInNobodyElseHas"
BOT_NAME = "stallaini_test_bot"
_BOT = {"id": 123456789, "is_bot": True, "first_name": "Stallaini", "username": BOT_NAME}


@dataclass
class Call:
    """One call of the bot, when it came (monotonic clock), and why it broke Telegram's rules, if it did."""

    method: str
    params: Mapping[str, Any]
    at_s: float
    refusal: str | None = None


@dataclass
class Heard:
    """A message as the person sees it: text (a picture's caption), buttons by label, picture bytes."""

    message_id: int
    text: str
    buttons: dict[str, str]
    photo: bytes | None = None
    edits: int = 0
    gone: bool = False


@dataclass
class Chat:
    id: int
    kind: str
    title: str
    language: str
    messages: list[Heard] = field(default_factory=list)
    said: set[int] = field(default_factory=set)
    deleted: set[int] = field(default_factory=set)
    may_delete: bool = True
    blocked: bool = False


class BotApi:
    """The calls of the Bot API that are about chats, each `_on_METHOD`. They raise Refusal."""

    def __init__(self) -> None:
        self._chats: dict[int, Chat] = {}
        self._ids = itertools.count(1)
        self.menus: dict[tuple[int | None, str], dict[str, str]] = {}
        """Per chat (None: all others) and language: command -> description."""
        self._pressed: set[str] = set()

    def _on_getMe(self, _: Json) -> Json:
        return {**_BOT, "can_join_groups": True, "can_read_all_group_messages": False}

    def _on_sendMessage(self, params: Json) -> Json:
        return self._deliver(params, checked_html(str(params.get("text", "")), MAX_TEXT), None)

    def _on_sendPhoto(self, params: Json) -> Json:
        image = next((value for value in params.values() if isinstance(value, bytes)), b"")
        if not image.startswith((b"\x89PNG\r\n\x1a\n", b"\xff\xd8")):
            raise Refusal(400, "Bad Request: IMAGE_PROCESS_FAILED")
        return self._deliver(params, checked_html(str(params.get("caption", "")), MAX_CAPTION), image)

    def _deliver(self, params: Json, text: str, photo: bytes | None) -> Json:
        chat = self._chat(params)
        if not text and photo is None:
            raise Refusal(400, "Bad Request: message text is empty")
        heard = Heard(next(self._ids), text, read_buttons(params), photo)
        chat.messages.append(heard)
        return self._shown(chat, heard)

    def _on_editMessageText(self, params: Json) -> Json:
        chat, heard = self._own_message(params)
        if heard.photo is not None:
            raise Refusal(400, "Bad Request: there is no text in the message to edit")
        text, buttons = checked_html(str(params["text"]), MAX_TEXT), read_buttons(params)
        if (heard.text, heard.buttons) == (text, buttons):
            raise Refusal(400, "Bad Request: message is not modified")
        heard.text, heard.buttons, heard.edits = text, buttons, heard.edits + 1
        return self._shown(chat, heard)

    def _on_editMessageMedia(self, params: Json) -> Json:
        chat, heard = self._own_message(params)
        media = json.loads(params["media"])
        image = params[media["media"].removeprefix("attach://")]
        if heard.photo is None or not image.startswith(b"\x89PNG\r\n\x1a\n"):
            raise Refusal(400, "Bad Request: IMAGE_PROCESS_FAILED")
        text, buttons = checked_html(str(media.get("caption", "")), MAX_CAPTION), read_buttons(params)
        heard.text, heard.buttons, heard.photo = text, buttons, image
        heard.edits += 1
        return self._shown(chat, heard)

    def _on_answerCallbackQuery(self, params: Json) -> bool:
        identity, text = str(params["callback_query_id"]), str(params.get("text") or "")
        if identity not in self._pressed:
            raise Refusal(
                400, "Bad Request: query is too old and response timeout expired or query ID is invalid"
            )
        if len(text) > MAX_TOAST:
            raise Refusal(400, "Bad Request: MESSAGE_TOO_LONG")
        self._pressed.discard(identity)
        return True

    def _on_setMyCommands(self, params: Json) -> bool:
        listed = params["commands"]
        commands = {one["command"]: one["description"] for one in read_json(listed)}
        if not all(
            name.islower() and len(name) <= 32 and 1 <= len(says) <= 256 for name, says in commands.items()
        ):
            raise Refusal(400, "Bad Request: BOT_COMMAND_INVALID")
        self.menus[self._scope(params)] = commands
        return True

    def _on_deleteMyCommands(self, params: Json) -> bool:
        self.menus.pop(self._scope(params), None)
        return True

    def _scope(self, params: Json) -> tuple[int | None, str]:
        scope = read_json(params.get("scope") or "{}")
        return (self._chat(scope).id if "chat_id" in scope else None, str(params.get("language_code") or ""))

    def _on_deleteMessage(self, params: Json) -> bool:
        chat, wanted = self._chat(params), int(params["message_id"])
        if not chat.may_delete or wanted not in chat.said:
            raise Refusal(400, "Bad Request: message can't be deleted")
        chat.deleted.add(wanted)
        return True

    def _own_message(self, params: Json) -> tuple[Chat, Heard]:
        chat, wanted = self._chat(params), int(params["message_id"])
        heard = next((one for one in chat.messages if one.message_id == wanted), None)
        if heard is None or heard.gone:
            raise Refusal(400, "Bad Request: message to edit not found")
        return chat, heard

    def _chat(self, params: Json) -> Chat:
        chat = self._chats.get(int(params["chat_id"]))
        if chat is None:
            raise Refusal(400, "Bad Request: chat not found")
        if chat.blocked:
            raise Refusal(403, "Forbidden: bot was blocked by the user")
        return chat

    def _shown(self, chat: Chat, heard: Heard) -> Json:
        """A message of the bot as Telegram tells it."""
        message: Json = {"message_id": heard.message_id, "date": int(time.time()), "from": _BOT}
        message["chat"] = chat_json(chat)
        if heard.photo is None:
            return {**message, "text": heard.text}
        size = {"file_id": "f", "file_unique_id": "f", "width": 1, "height": 1, "file_size": len(heard.photo)}
        return {**message, "caption": heard.text, "photo": [size]}


def person(chat: Chat, member: int | None) -> Json:
    name = chat.title if chat.kind == "private" else "Bruno"
    identity = chat.id if chat.kind == "private" else member or 77
    return {"id": identity, "is_bot": False, "first_name": name, "language_code": chat.language}


def chat_json(chat: Chat) -> Json:
    if chat.kind == "private":
        return {"id": chat.id, "type": chat.kind, "first_name": chat.title}
    return {"id": chat.id, "type": chat.kind, "title": chat.title}
