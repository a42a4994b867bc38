"""A filled server in a thread of its own, for tests that ask it without an event loop."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from tests.support.serving import BOT_PASSWORD, START_MINUTE, START_S, Running, serving

from stallaini.link.messages import Event
from stallaini.server.people.audit import OPERATOR
from stallaini.server.people.roles import SiteRole

Answer = TypeVar("Answer")

CHAT_ID = 104_857_600
LONGEST_WAIT_S = 3700
"""After this nobody's wrong guesses make anybody wait."""
_DAYS = 2
_DAY_MINUTES = 1440


class Filled(NamedTuple):
    """What there is to ask about: the document, who may ask, and names that answer something."""

    url: str
    document: dict[str, Any]
    headers: dict[str, dict[str, str]]
    in_path: dict[str, list[Any]]
    in_query: dict[str, list[Any]]


class ServerThread:
    """A running server whose loop is another thread's."""

    def __init__(self, running: Running, loop: asyncio.AbstractEventLoop, filled: Filled) -> None:
        self._running = running
        self._loop = loop
        self._newcomers = 0
        self.filled = filled

    def later(self, seconds: float) -> None:
        """Move the server's clock on."""
        self.run(self._advance(seconds))

    def newcomer(self, role: SiteRole) -> dict[str, str]:
        """The headers of somebody new, for one whose session has ended."""
        self.later(LONGEST_WAIT_S)
        return self.run(self._newcomer(role))

    def run(self, work: Coroutine[Any, Any, Answer]) -> Answer:
        """The result of something done in the server's loop."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(30)

    async def _newcomer(self, role: SiteRole) -> dict[str, str]:
        self._newcomers += 1
        return _headers_of(await self._running.person(role, f"{role} {self._newcomers}"))

    async def _advance(self, seconds: float) -> None:
        self._running.clock.advance(seconds)


@contextmanager
def filled_server(folder: Path) -> Iterator[ServerThread]:
    """A server with a site of two days, an alarm, a command, a chat and people, for a `with`."""
    ready: list[ServerThread] = []
    failed: list[BaseException] = []
    up, over = threading.Event(), threading.Event()

    async def serve() -> None:
        async with serving(folder) as running:
            filled = await _fill(running)
            ready.append(ServerThread(running, asyncio.get_running_loop(), filled))
            up.set()
            await asyncio.to_thread(over.wait)

    def body() -> None:
        try:
            asyncio.run(serve())
        except BaseException as error:
            failed.append(error)
            up.set()

    thread = threading.Thread(target=body)
    thread.start()
    up.wait()
    try:
        if not failed:
            yield ready[0]
    finally:
        over.set()
        thread.join()
    if failed:
        raise failed[0]


async def _fill(running: Running) -> Filled:
    site = await running.site("lab")
    first = START_MINUTE - _DAYS * _DAY_MINUTES
    for start in range(first, START_MINUTE, 360):
        await site.minutes(*((minute, _values(minute)) for minute in range(start, start + 360)))
    await site.events(
        Event(START_S - 600, "can.silent", {"silent_s": 10}),
        Event(START_S - 60, "alarm.raised", {"rule": "soc_low", "severity": "warning", "value": 19.5}),
    )
    await running.server.people.chats.set_password(BOT_PASSWORD, OPERATOR)
    admin, viewer = await running.person("admin", "anna"), await running.person("viewer", "vera")
    await running.person("viewer", "carla")
    await running.chat(CHAT_ID, "viewer")
    command = await admin.post("/api/v1/sites/lab/commands", json={"kind": "ping"})
    bot = await running.program("bot", "telegram")
    document = (await admin.get("/api/openapi.json")).json()
    (alarm,) = (await admin.get("/api/v1/sites/lab/alarms")).json()["alarms"]
    headers = {
        "nobody": {},
        "admin": _headers_of(admin),
        "viewer": _headers_of(viewer),
        "bot": {"Authorization": bot.headers["Authorization"]},
    }
    in_path: dict[str, list[Any]] = {
        "site": ["lab"],
        "name": ["carla"],
        "telegram_id": [CHAT_ID],
        "id": [alarm["id"], command.json()["id"]],
    }
    in_query = {"name": ["battery.power", "battery.soc"], "person": ["vera"]}
    return Filled(running.url, document, headers, in_path, in_query)


def _values(minute: int) -> dict[str, float]:
    wave = minute % 60 - 30
    current = {f"battery.current.{each}": wave + add for each, add in (("mean", 0), ("min", -2), ("max", 2))}
    return {**current, "battery.power.mean": 52.0 * wave, "battery.soc.last": 62.0}


def _headers_of(client: Any) -> dict[str, str]:
    cookie = "; ".join(f"{name}={value}" for name, value in client.cookies.items())
    return {"X-Stallaini": "1", "Cookie": cookie}
