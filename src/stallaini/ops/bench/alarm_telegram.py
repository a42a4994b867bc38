"""A small stand-in for Telegram's Bot API: it takes what a bot sends and says when each message came."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import urllib.parse
from collections.abc import Callable
from typing import Any, NamedTuple

TOKEN = "123456789:AAE4xTokenOfTheBenchNobodyElseHasIt"
_BOT = {"id": 123456789, "is_bot": True, "first_name": "Stallaini", "username": "stallaini_bench_bot"}
_HEAD = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n"
_POLL_S = 5.0


class Accepted(NamedTuple):
    """A message that was accepted: what it says, and when, by the bench's clock."""

    text: str
    at_s: float


class TelegramBench:
    """Serves HTTP on a free loopback port; `accepted` grows with each `sendMessage`."""

    def __init__(self, now_s: Callable[[], float]) -> None:
        self.accepted: asyncio.Queue[Accepted] = asyncio.Queue()
        self._now_s = now_s
        self._ids = itertools.count(100)
        self._closing = asyncio.Event()
        self._server: asyncio.Server | None = None

    async def start(self) -> str:
        """Listen; the URL that the bot is given."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def close(self) -> None:
        """Stop listening, and let those go who wait."""
        self._closing.set()
        await asyncio.sleep(0)
        if self._server is not None:
            self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while (line := await reader.readline()).strip():
                method = line.split()[1].decode().rsplit("/", 1)[1]
                result = await self._answer(method, await _params(reader))
                body = json.dumps({"ok": True, "result": result}).encode()
                writer.write(_HEAD.format(len(body)).encode() + body)
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the bot went away
        finally:
            writer.close()

    async def _answer(self, method: str, params: dict[str, str]) -> Any:
        if method == "getMe":
            return {**_BOT, "can_join_groups": True, "can_read_all_group_messages": False}
        if method == "getUpdates":
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._closing.wait(), _POLL_S)
            return []
        if method not in ("sendMessage", "editMessageText"):
            return True
        if method == "sendMessage":
            self.accepted.put_nowait(Accepted(params["text"], self._now_s()))
        chat = {"id": int(params["chat_id"]), "type": "private", "first_name": "Anna"}
        return {"message_id": next(self._ids), "date": 0, "chat": chat, "from": _BOT, "text": params["text"]}


async def _params(reader: asyncio.StreamReader) -> dict[str, str]:
    """The rest of one request: headers and a form or JSON body."""
    length, kind = 0, ""
    while (line := await reader.readline()).strip():
        name, _, value = line.decode().partition(":")
        if name.lower() == "content-length":
            length = int(value)
        elif name.lower() == "content-type":
            kind = value.strip()
    body = (await reader.readexactly(length)).decode()
    if kind.startswith("application/json"):
        return {key: str(value) for key, value in json.loads(body or "{}").items()}
    return dict(urllib.parse.parse_qsl(body))
