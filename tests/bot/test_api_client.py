"""Every way the server can fail an asker, over real HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from stallaini.bot.api_client import (
    ApiClient,
    ApiError,
    Broken,
    Invalid,
    NotFound,
    Refused,
    Throttled,
    Unreachable,
    WrongPassword,
)
from stallaini.bot.handlers import trouble
from stallaini.bot.texts import EN, IT

PROBLEM = '{"type":"urn:stallaini:problem:%s","title":"x","status":%d,"detail":"so it is"}'


class Answerer:
    """A server that says one thing to everybody."""

    def __init__(self) -> None:
        self.answer = b""
        self.asked: list[str] = []

    def say(self, status: int, body: str = "", *headers: str) -> None:
        head = [f"HTTP/1.1 {status} X", f"content-length: {len(body)}", "connection: close", *headers]
        self.answer = "\r\n".join([*head, "", body]).encode()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.asked.append((await reader.readuntil(b"\r\n\r\n")).decode())
        writer.write(self.answer)
        await writer.drain()
        writer.close()


@pytest.fixture
async def server() -> AsyncIterator[tuple[Answerer, ApiClient]]:
    answerer = Answerer()
    listening = await asyncio.start_server(answerer.serve, "127.0.0.1", 0)
    client = ApiClient(f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}/", "st_secret")
    yield answerer, client
    await client.close()
    listening.close()
    await listening.wait_closed()


Pair = tuple[Answerer, ApiClient]


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (401, PROBLEM % ("not-signed-in", 401), Refused),
        (403, PROBLEM % ("not-permitted", 403), Refused),
        (404, PROBLEM % ("unknown-site", 404), NotFound),
        (422, PROBLEM % ("invalid-request", 422), Invalid),
        (429, PROBLEM % ("throttled", 429), Throttled),
        (500, PROBLEM % ("server-error", 500), Broken),
        (502, "<html>nginx</html>", Unreachable),
        (503, "", Unreachable),
        (200, "<html>a login page of the hotel's Wi-Fi</html>", Broken),
        (200, '{"sites":[{"site":"noto"}]}', Broken),
        (302, "", Broken),
    ],
)
async def test_each_failure_has_its_name(server: Pair, status: int, body: str, error: type[ApiError]) -> None:
    answerer, client = server
    answerer.say(status, body)
    with pytest.raises(error) as caught:
        await client.sites()
    assert "st_secret" not in str(caught.value)
    assert trouble(caught.value, EN) != trouble(caught.value, IT)


async def test_a_wrong_password_is_told_from_a_wrong_token(server: Pair) -> None:
    answerer, client = server
    answerer.say(403, PROBLEM % ("wrong-password", 403))
    with pytest.raises(WrongPassword):
        await client.add_chat(5, "Anna", "it", "x")
    answerer.say(403, PROBLEM % ("not-permitted", 403))
    with pytest.raises(Refused):
        await client.add_chat(5, "Anna", "it", "x")
    answerer.say(422, PROBLEM % ("invalid-request", 422))
    with pytest.raises(WrongPassword):
        await client.add_chat(5, "Anna", "it", "x" * 1000)


async def test_the_wait_is_taken_from_the_server(server: Pair) -> None:
    answerer, client = server
    answerer.say(429, "", "retry-after: 17")
    with pytest.raises(Throttled) as caught:
        await client.sites()
    assert caught.value.retry_after_s == 17
    assert "17 s" in trouble(caught.value, EN)


@pytest.mark.parametrize(
    "ask",
    [
        lambda client: client.sites(),
        lambda client: client.now("noto"),
        lambda client: client.chat(5),
        lambda client: client.events("noto", 5),
    ],
)
async def test_nobody_there_is_unreachable(ask: Callable[[ApiClient], Awaitable[Any]]) -> None:
    listening = await asyncio.start_server(lambda r, w: None, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    listening.close()
    await listening.wait_closed()
    client = ApiClient(f"http://127.0.0.1:{port}", "t")
    with pytest.raises(Unreachable):
        await ask(client)
    await client.close()


async def test_the_token_travels_as_a_bearer_and_names_are_quoted(server: Pair) -> None:
    answerer, client = server
    answerer.say(404, "")
    with pytest.raises(NotFound):
        await client.now("../admin?x")
    assert answerer.asked[0].startswith("GET /api/v1/sites/..%2Fadmin%3Fx/now?watch_s=180 ")
    assert "Authorization: Bearer st_secret" in answerer.asked[0]


async def test_a_chat_nobody_knows_is_none(server: Pair) -> None:
    answerer, client = server
    answerer.say(404, PROBLEM % ("unknown-chat", 404))
    assert await client.chat(5) is None
