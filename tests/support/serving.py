"""A real server in the test's own process: real sockets, real files, fed with real uplinks."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import httpx

from stallaini.clock import VirtualClock
from stallaini.link.downlink import decode_downlink
from stallaini.link.envelope import encode_uplink
from stallaini.link.messages import Answer, Downlink, Entry, Event, Live, Minute, TimeQuality, Uplink
from stallaini.server.people.audit import OPERATOR
from stallaini.server.people.chats import Chat
from stallaini.server.people.invitations import Offer
from stallaini.server.people.people import NewPerson
from stallaini.server.people.roles import EVERY_SITE, SiteRole
from stallaini.server.people.tokens import Scope, TokenRole
from stallaini.server.program import Server, ServerOptions
from stallaini.site.description import ChannelSpec, Description, DeviceSpec, LoadSpec, SeriesSpec

START_S = 1_794_830_400
"""2026-11-16T12:00:00Z."""
START_MINUTE = START_S // 60

PASSWORD = "correct horse battery"
BOT_PASSWORD = "melograno-2026"

_UNITS = {"power": ("W", 1.0), "current": ("A", 0.1), "soc": ("%", 0.01), "flag": ("", 1.0)}
_SERIES = {
    "battery.current": ("current", ("mean", "min", "max")),
    "battery.power": ("power", ("mean",)),
    "battery.soc": ("soc", ("min", "max", "last")),
    "battery.charge_enabled": ("flag", ("max",)),
}


def description(site: str = "lab", timezone: str = "Europe/Rome") -> Description:
    """A small site: current, power, state of charge and a flag of one battery, and one load."""
    return Description(
        site=site,
        title="The lab",
        timezone=timezone,
        latitude=36.89,
        longitude=15.07,
        devices=(DeviceSpec("battery", "can_battery", "2 x US5000"),),
        channels=tuple(ChannelSpec(name, kind, *_UNITS[kind], 5.0) for name, (kind, _) in _SERIES.items()),
        series=tuple(
            SeriesSpec(f"{name}.{aggregate}", name, aggregate, *_UNITS[kind])
            for name, (kind, aggregates) in _SERIES.items()
            for aggregate in aggregates
        ),
        loads=(LoadSpec("well_pump", "Well pump", 2200.0),),
    )


class FakeSite:
    """The words of a site, in order, as its edge would send them; values in units, by name.

    `deliver` takes an uplink's bytes and returns the downlink's; `answer` is the last one.
    """

    def __init__(
        self,
        deliver: Callable[[bytes], Awaitable[bytes]],
        site: str = "lab",
        timezone: str = "Europe/Rome",
    ) -> None:
        self.deliver = deliver
        self._seq = 0
        self._described = False
        self.name = site
        self.description = description(site, timezone)
        self.commands_seen: int | None = None
        self.answer: Downlink

    async def minutes(
        self,
        *minutes: tuple[int, Mapping[str, float]],
        quality: TimeQuality = TimeQuality.EXACT,
        span_minutes: int = 1,
    ) -> None:
        """Send minutes, or records that stand for several: (index since 1970, value per series name)."""
        resolutions = {series.name: series.resolution for series in self.description.series}
        await self._send(
            [
                Minute(
                    minute,
                    tuple(
                        None if name not in values else round(values[name] / resolution)
                        for name, resolution in resolutions.items()
                    ),
                    span_minutes=span_minutes,
                    quality=quality,
                )
                for minute, values in minutes
            ]
        )

    async def events(self, *events: Event) -> None:
        """Send events."""
        await self._send(list(events))

    async def live(self, values: Mapping[str, float], age_s: int = 0, at_s: int = 0) -> None:
        """Send the newest value of every channel named."""
        live = tuple(
            (round(values[channel.name] / channel.resolution), age_s) if channel.name in values else None
            for channel in self.description.channels
        )
        await self._send([], Live(at_s, live))

    async def _send(self, bodies: Sequence[Minute | Event], live: Live | None = None) -> None:
        encoded = self.description.encode()
        entries = tuple(Entry(self._seq + number, body) for number, body in enumerate(bodies, 1))
        uplink = Uplink(
            journal_id=b"journal1",
            boot_id=b"boot0001",
            description_hash=self.description.hash(),
            after_seq=self._seq,
            entries=entries,
            description=None if self._described else encoded,
            live=live,
            commands_seen=self.commands_seen,
        )
        self.answer = decode_downlink(await self.deliver(encode_uplink(uplink)), uplink.settled_seq)
        self._seq += len(bodies)
        self._described = True
        assert (self.answer.answer, self.answer.acked_seq) == (Answer.OK, self._seq)


class Running:
    """A started server, its clock, and clients of every kind."""

    def __init__(self, server: Server, clock: VirtualClock) -> None:
        self.server = server
        self.clock = clock
        self.url = server.http.url
        self._clients: list[httpx.AsyncClient] = []

    async def site(self, name: str = "lab", timezone: str = "Europe/Rome") -> FakeSite:
        """Admit a site."""
        await self.server.store.add_site(name, int(self.clock.wall_s()))
        return FakeSite(partial(self.server.ingest.handle, name), name, timezone)

    def client(self, **headers: str) -> httpx.AsyncClient:
        """A client with these headers that has not signed in."""
        client = httpx.AsyncClient(base_url=self.url, headers=headers, timeout=10)
        self._clients.append(client)
        return client

    async def program(
        self, role: TokenRole, name: str = "program", site: str = EVERY_SITE
    ) -> httpx.AsyncClient:
        """A client with a bearer token."""
        token, _ = await self.server.people.tokens.make_for_server(Scope(name, role, site), OPERATOR)
        return self.client(Authorization=f"Bearer {token}")

    async def chat(self, telegram_id: int, role: SiteRole, site: str = EVERY_SITE) -> httpx.AsyncClient:
        """The bot's client speaking for a chat that was let in by an invitation."""
        people = self.server.people
        code, _ = await people.invitations.make(Offer("en", role, site), 3600, OPERATOR)
        await people.chats.join(Chat(telegram_id, f"chat {telegram_id}", "en"), code)
        client = await self.program("bot", f"bot of {telegram_id}")
        client.headers["X-Stallaini-Chat"] = str(telegram_id)
        return client

    async def person(self, role: SiteRole, name: str = "anna", site: str = EVERY_SITE) -> httpx.AsyncClient:
        """A client that has signed in with a password, as the page does."""
        await self.server.people.add(NewPerson(name, PASSWORD, role, site), OPERATOR)
        return await self.signed_in(name)

    async def signed_in(self, name: str) -> httpx.AsyncClient:
        """A further browser of somebody who has an account."""
        client = self.client(**{"X-Stallaini": "1"})
        answer = await client.post("/api/v1/session", json={"name": name, "password": PASSWORD})
        assert answer.status_code == 200, answer.text
        return client

    async def close(self) -> None:
        """Let the clients go."""
        for client in self._clients:
            await client.aclose()


@asynccontextmanager
async def serving(
    folder: Path,
    *,
    demo: bool = False,
    clock: VirtualClock | None = None,
    static_dir: Path | None = None,
    coap_host: str = "::1",
) -> AsyncIterator[Running]:
    """A server on free loopback ports for the length of a `with`."""
    clock = clock or VirtualClock(wall_s=START_S)
    options = ServerOptions(folder / "data", http=("127.0.0.1", 0), coap=(coap_host, 0), demo=demo)
    server = Server(options, clock, static_dir or folder / "static")
    await server.start()
    running = Running(server, clock)
    try:
        yield running
    finally:
        await running.close()
        await server.close()


async def next_event(lines: AsyncIterator[str]) -> tuple[str, Any]:
    """The next server-sent event: its name and its data, decoded."""
    name = ""
    async for line in lines:
        if line.startswith("event: "):
            name = line.removeprefix("event: ")
        elif line.startswith("data: "):
            return name, json.loads(line.removeprefix("data: "))
    raise EOFError("the stream ended")


async def ask(client: httpx.AsyncClient, path: str, **params: Any) -> Any:
    """The decoded answer to a GET below /api/v1 that succeeds."""
    answer = await client.get(f"/api/v1{path}", params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def problem(client: httpx.AsyncClient, path: str, status: int, **params: Any) -> str:
    """The detail of the problem that a GET below /api/v1 ends with."""
    answer = await client.get(f"/api/v1{path}", params=params)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert body["status"] == status
    assert body["type"].startswith("urn:stallaini:problem:")
    return str(body["detail"])
