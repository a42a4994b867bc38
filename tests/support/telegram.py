"""A stand-in for Telegram's Bot API over real HTTP: a chat's two ends, the API's rules, and its faults.

The bot's end is `url`; the tests' end are `TelegramStandIn` and the `Talk` objects it hands out. It refuses
what Telegram would refuse (wrong token, broken HTML, texts and button data too long), so that a bot that
passes here does not fail there for such a reason. Not modelled: webhooks, media groups, several bots.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any

from tests.support.telegram_api import BOT_NAME, TOKEN, BotApi, Call, Chat, Heard, chat_json, person
from tests.support.telegram_wire import Json, Refusal, read_params


def too_many_requests(retry_after_s: int) -> Refusal:
    """429, as Telegram words it."""
    return Refusal(429, f"Too Many Requests: retry after {retry_after_s}", retry_after=retry_after_s)


def bad_gateway() -> Refusal:
    """502, as Telegram's front answers while a data centre is away."""
    return Refusal(502, "Bad Gateway")


__all__ = [
    "BOT_NAME",
    "TOKEN",
    "Hang",
    "Heard",
    "Talk",
    "TelegramStandIn",
    "bad_gateway",
    "too_many_requests",
]


class Hang:
    """A fault: the call is not answered, and the connection closed after `seconds`."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds


class TelegramStandIn(BotApi):
    """Use with `with`; `url` is what the bot is given as the Bot API's address."""

    def __init__(self) -> None:
        super().__init__()
        self._changed = threading.Condition()
        self._updates: list[Json] = []
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
        chat = self._chats.setdefault(chat_id, Chat(chat_id, kind, title, language))
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

    # ---- the person's side, through Talk

    def say(self, chat: Chat, text: str, member: int | None = None) -> int:
        """Put a person's message into the bot's updates; its id. In a group `member` says it."""
        with self._changed:
            identity = next(self._ids)
            chat.said.add(identity)
            message = {"message_id": identity, "date": int(time.time()), "text": text}
            self._push({"message": {**message, "from": person(chat, member), "chat": chat_json(chat)}})
        return identity

    def press(self, chat: Chat, heard: Heard, label: str, member: int | None = None) -> str:
        """Press a button of a message; the id of the press. In a group `member` does it."""
        with self._changed:
            identity = str(next(self._ids))
            self._pressed.add(identity)
            query = {"id": identity, "from": person(chat, member), "chat_instance": "1"}
            data = heard.buttons[label]
            self._push({"callback_query": {**query, "data": data, "message": self._shown(chat, heard)}})
        return identity

    def toast(self, press: str) -> str:
        """What the bot tells at this press, once it answers it."""
        self.wait_for("the answer to a press", lambda: self._answers(press))
        return str(self._answers(press)[0].params.get("text") or "")

    def _answers(self, press: str) -> list[Call]:
        return [
            call
            for call in self.calls
            if call.method == "answerCallbackQuery" and call.params["callback_query_id"] == press
        ]

    def _push(self, update: Json) -> None:
        self._updates.append({"update_id": next(self._ids), **update})
        self._changed.notify_all()


class Talk:
    """One chat from the person's end. `hears()` gives the bot's messages in order, each once."""

    def __init__(self, stand_in: TelegramStandIn, chat: Chat) -> None:
        self._stand_in = stand_in
        self._chat = chat
        self._heard = len(chat.messages)

    def says(self, text: str, member: int | None = None) -> int:
        """Send a message; its id."""
        return self._stand_in.say(self._chat, text, member)

    def presses(self, heard: Heard, label: str, member: int | None = None) -> str:
        """Press the button with this label; the id of the press."""
        return self._stand_in.press(self._chat, heard, label, member)

    def is_told(self, heard: Heard, label: str, member: int | None = None) -> str:
        """Press a button; what is told to who pressed it."""
        return self._stand_in.toast(self.presses(heard, label, member))

    def deletes(self, heard: Heard) -> None:
        """Delete a message of the bot's."""
        heard.gone = True

    def menu(self) -> dict[str, str]:
        """The commands that this chat's menu lists."""
        menus = self._stand_in.menus
        others = menus.get((None, self._chat.language), menus.get((None, ""), {}))
        return menus.get((self._chat.id, ""), others)

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
