"""A stand-in for Telegram's Bot API over real HTTP: a chat's two ends, the API's rules, and its faults.

The bot's end is `url`; the tests' end are `TelegramStandIn` and the `Talk` objects it hands out. It refuses
what Telegram would refuse (wrong token, broken HTML, texts and button data too long), so that a bot that
passes here does not fail there for such a reason. Not modelled: webhooks, media groups, several bots.
"""

from __future__ import annotations

import itertools
import json
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any

from tests.support.telegram_wire import (
    MAX_CAPTION,
    MAX_TEXT,
    Json,
    Refusal,
    checked_html,
    read_buttons,
    read_params,
)

TOKEN = "123456789:AAE4xTestTokenOfTheStandInNobodyElseHas"
BOT_NAME = "stallaini_test_bot"
_BOT = {"id": 123456789, "is_bot": True, "first_name": "Stallaini", "username": BOT_NAME}


def too_many_requests(retry_after_s: int) -> Refusal:
    """429, as Telegram words it."""
    return Refusal(429, f"Too Many Requests: retry after {retry_after_s}", retry_after=retry_after_s)


def bad_gateway() -> Refusal:
    """502, as Telegram's front answers while a data centre is away."""
    return Refusal(502, "Bad Gateway")


class Hang:
    """A fault: the call is not answered, and the connection closed after `seconds`."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds


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


@dataclass
class _Chat:
    id: int
    kind: str
    title: str
    language: str
    messages: list[Heard] = field(default_factory=list)
    said: set[int] = field(default_factory=set)
    deleted: set[int] = field(default_factory=set)
    may_delete: bool = True
    blocked: bool = False


class TelegramStandIn:
    """Use with `with`; `url` is what the bot is given as the Bot API's address."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._chats: dict[int, _Chat] = {}
        self._updates: list[Json] = []
        self._ids = itertools.count(1)
        self._faults: list[tuple[str, Refusal | Hang]] = []
        self.calls: list[Call] = []
        self.redeliver = False
        """Whether each confirmed update is delivered a second time."""
        self._redelivered: set[int] = set()
        self._closing = False
        handler = type("Handler", (_Handler,), {"stand_in": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    def __enter__(self) -> TelegramStandIn:
        self._thread.start()
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        self._server.shutdown()
        self._server.server_close()

    def talk(self, chat_id: int, language: str = "en", kind: str = "private", title: str = "Anna") -> Talk:
        """A person's (or a group's) end of a chat with the bot."""
        chat = self._chats.setdefault(chat_id, _Chat(chat_id, kind, title, language))
        return Talk(self, chat)

    def fail(self, method: str, *faults: Refusal | Hang) -> None:
        """Answer the next calls of `method` with these faults, one each."""
        with self._changed:
            self._faults += [(method, fault) for fault in faults]

    def calls_of(self, method: str) -> list[Call]:
        """What the bot called so far, refused calls included."""
        with self._changed:
            return [call for call in self.calls if call.method == method]

    def refusals(self) -> list[tuple[str, str]]:
        """The calls that broke Telegram's rules: method and what Telegram says to it."""
        with self._changed:
            return [(call.method, call.refusal) for call in self.calls if call.refusal is not None]

    def wait_for(self, what: str, ready: Callable[[], object], timeout_s: float = 20.0) -> None:
        """Return when `ready()` is true; AssertionError naming `what` after `timeout_s`."""
        with self._changed:
            assert self._changed.wait_for(ready, timeout_s), f"waited {timeout_s} s in vain for {what}"

    # ---- the bot's side

    def serve(self, method: str, params: Json) -> bytes:
        """One call of the Bot API. Raises Refusal."""
        with self._changed:
            fault = self._next_fault(method)
            call = Call(method, dict(params), time.monotonic())
            self.calls.append(call)
            self._changed.notify_all()
            if isinstance(fault, Hang):
                self._changed.wait_for(lambda: self._closing, fault.seconds)
                raise ConnectionAbortedError
            if fault is not None:
                raise fault
            try:
                answer = getattr(self, f"_on_{method}", lambda _: True)(params)
            except Refusal as refusal:
                call.refusal = refusal.description
                raise
            self._changed.notify_all()
        return json.dumps({"ok": True, "result": answer}).encode()

    def _next_fault(self, method: str) -> Refusal | Hang | None:
        for index, (wanted, fault) in enumerate(self._faults):
            if wanted == method:
                del self._faults[index]
                return fault
        return None

    def _on_getMe(self, _: Json) -> Json:
        return {**_BOT, "can_join_groups": True, "can_read_all_group_messages": False}

    def _on_getUpdates(self, params: Json) -> list[Json]:
        offset, end_s = int(params.get("offset") or 0), time.monotonic() + float(params.get("timeout") or 0)
        self._confirm(offset)
        self._changed.wait_for(lambda: self._updates or self._closing, max(0.0, end_s - time.monotonic()))
        return self._updates[: int(params.get("limit") or 100)]

    def _confirm(self, offset: int) -> None:
        again = []
        for update in self._updates:
            identity = int(update["update_id"])
            if identity >= offset:
                again.append(update)
            elif self.redeliver and identity not in self._redelivered:
                self._redelivered.add(identity)
                again.append(update)
        self._updates = again

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
        chat, wanted = self._chat(params), int(params["message_id"])
        heard = next((one for one in chat.messages if one.message_id == wanted), None)
        if heard is None:
            raise Refusal(400, "Bad Request: message to edit not found")
        text, buttons = checked_html(str(params["text"]), MAX_TEXT), read_buttons(params)
        if (heard.text, heard.buttons) == (text, buttons):
            raise Refusal(400, "Bad Request: message is not modified")
        heard.text, heard.buttons, heard.edits = text, buttons, heard.edits + 1
        return self._shown(chat, heard)

    def _on_deleteMessage(self, params: Json) -> bool:
        chat, wanted = self._chat(params), int(params["message_id"])
        if not chat.may_delete or wanted not in chat.said:
            raise Refusal(400, "Bad Request: message can't be deleted")
        chat.deleted.add(wanted)
        return True

    def _chat(self, params: Json) -> _Chat:
        chat = self._chats.get(int(params["chat_id"]))
        if chat is None:
            raise Refusal(400, "Bad Request: chat not found")
        if chat.blocked:
            raise Refusal(403, "Forbidden: bot was blocked by the user")
        return chat

    def _shown(self, chat: _Chat, heard: Heard) -> Json:
        """A message of the bot as Telegram tells it."""
        message: Json = {"message_id": heard.message_id, "date": int(time.time()), "from": _BOT}
        message["chat"] = _chat_json(chat)
        if heard.photo is None:
            return {**message, "text": heard.text}
        size = {"file_id": "f", "file_unique_id": "f", "width": 1, "height": 1, "file_size": len(heard.photo)}
        return {**message, "caption": heard.text, "photo": [size]}

    # ---- the person's side, through Talk

    def say(self, chat: _Chat, text: str) -> int:
        """Put a person's message into the bot's updates; its id."""
        with self._changed:
            identity = next(self._ids)
            chat.said.add(identity)
            message = {"message_id": identity, "date": int(time.time()), "text": text}
            self._push({"message": {**message, "from": _person(chat), "chat": _chat_json(chat)}})
        return identity

    def press(self, chat: _Chat, heard: Heard, label: str) -> None:
        """Press a button of a message."""
        with self._changed:
            query = {"id": str(next(self._ids)), "from": _person(chat), "chat_instance": "1"}
            data = heard.buttons[label]
            self._push({"callback_query": {**query, "data": data, "message": self._shown(chat, heard)}})

    def _push(self, update: Json) -> None:
        self._updates.append({"update_id": next(self._ids), **update})
        self._changed.notify_all()


class Talk:
    """One chat from the person's end. `hears()` gives the bot's messages in order, each once."""

    def __init__(self, stand_in: TelegramStandIn, chat: _Chat) -> None:
        self._stand_in = stand_in
        self._chat = chat
        self._heard = len(chat.messages)

    def says(self, text: str) -> int:
        """Send a message; its id."""
        return self._stand_in.say(self._chat, text)

    def presses(self, heard: Heard, label: str) -> None:
        """Press the button with this label."""
        self._stand_in.press(self._chat, heard, label)

    def hears(self, timeout_s: float = 20.0) -> Heard:
        """The bot's next message."""
        wanted = self._heard
        self._stand_in.wait_for(
            f"message {wanted + 1} in chat {self._chat.id}",
            lambda: len(self._chat.messages) > wanted,
            timeout_s,
        )
        self._heard += 1
        return self._chat.messages[wanted]

    def asks(self, text: str) -> Heard:
        """Say something and hear the answer."""
        self.says(text)
        return self.hears()

    def hears_nothing(self, seconds: float = 0.7) -> bool:
        """Whether the bot stays silent for so long."""
        time.sleep(seconds)
        return len(self._chat.messages) == self._heard

    def awaits_edit(self, heard: Heard, edits: int = 1) -> None:
        """Return when the message has been edited so often."""
        self._stand_in.wait_for("an edited message", lambda: heard.edits >= edits)

    def is_deleted(self, message_id: int) -> bool:
        """Whether the bot deleted this message of the person's."""
        return message_id in self._chat.deleted

    def forbids_deleting(self) -> None:
        """From now on the bot may not delete here, as in a group where it is no administrator."""
        self._chat.may_delete = False

    def blocks_the_bot(self) -> None:
        """From now on the bot's messages are refused."""
        self._chat.blocked = True


class _Handler(BaseHTTPRequestHandler):
    stand_in: TelegramStandIn
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        path, body = self.path.split("?")[0], self._body()
        try:
            if not path.startswith(f"/bot{TOKEN}/"):
                raise Refusal(401, "Unauthorized")
            params = read_params(self.headers.get("content-type", ""), body)
            self._reply(200, self.stand_in.serve(path.rsplit("/", 1)[1], params))
        except Refusal as refusal:
            self._reply(refusal.status, refusal.body())
        except ConnectionError:
            # The fault of this name, or a bot that went away.
            self.close_connection = True

    def _body(self) -> bytes:
        if self.headers.get("transfer-encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("content-length") or 0))
        chunks = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            chunks.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(chunks)

    def _reply(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Stay silent."""


def _person(chat: _Chat) -> Json:
    name = chat.title if chat.kind == "private" else "Bruno"
    identity = chat.id if chat.kind == "private" else 77
    return {"id": identity, "is_bot": False, "first_name": name, "language_code": chat.language}


def _chat_json(chat: _Chat) -> Json:
    if chat.kind == "private":
        return {"id": chat.id, "type": chat.kind, "first_name": chat.title}
    return {"id": chat.id, "type": chat.kind, "title": chat.title}
