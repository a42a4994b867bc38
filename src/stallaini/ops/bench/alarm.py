"""`stallaini bench alarm`: from an alarm bit on the CAN bus to a message that Telegram has accepted.

Edge, server and bot run as programs of their own; the link between edge and server has a round trip of
200 ms. Telegram is a stand-in on this machine, so its own time is not in the figure.
"""

from __future__ import annotations

import argparse
import asyncio
import math
import random
import socket
import tempfile
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path

import can
import httpx

from stallaini.clock import Clock, SystemClock
from stallaini.devices.can_battery.simulator import BatteryState, encode_burst, sayable
from stallaini.devices.can_bus.simbus import Hub, SimBus
from stallaini.errors import OperatorError
from stallaini.link.enrolment import admit
from stallaini.link.join import Join
from stallaini.link.oscore import ContextStore
from stallaini.ops.bench.alarm_telegram import TOKEN, TelegramBench
from stallaini.ops.bench.counting_relay import CountingRelay
from stallaini.ops.bench.report import Figure, as_json, as_text
from stallaini.ops.bench.wire import SITE_FILE
from stallaini.ops.children import Children
from stallaini.ops.progress import Progress
from stallaini.server.database import Database
from stallaini.server.options import CONTEXTS_FILE, DATABASE_FILE
from stallaini.server.people.audit import OPERATOR
from stallaini.server.people.chats import Chat
from stallaini.server.people.invitations import Offer
from stallaini.server.people.people import People
from stallaini.server.people.tokens import Scope
from stallaini.server.store.sqlite import SqliteStore
from stallaini.site.alarm_texts import flag_title

ROUND_TRIP_S = 0.2
TARGET_P99_S = 2.0
_PROFILE = "pylontech-1.2"
_BURST_S = 1.0
_LONGEST_S = 30.0
_CHAT = 500
_ALARMS = 112


def configure(parser: argparse.ArgumentParser) -> None:
    """The options of `stallaini bench alarm`."""
    parser.add_argument(
        "--alarms", type=int, default=_ALARMS, metavar="N", help=f"how many (default {_ALARMS})"
    )
    parser.add_argument("--seed", type=int, default=1, metavar="S", help="when each bit is set (default 1)")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(args: argparse.Namespace) -> int:
    """Measure and print; 1 when the slowest hundredth took longer than the target."""
    if args.alarms < 1:
        raise OperatorError("--alarms must be at least 1")
    with tempfile.TemporaryDirectory(prefix="stallaini-bench-") as name:
        took_s = asyncio.run(measure(Path(name), args.alarms, args.seed))
    found = figures(took_s)
    print(as_json("alarm", found) if args.json else as_text("alarm", found))
    return 0 if _percentile(took_s, 99) < TARGET_P99_S else 1


def figures(took_s: list[float]) -> list[Figure]:
    """What the times say."""
    note = f"{len(took_s)} alarms, {1000 * ROUND_TRIP_S:.0f} ms round trip"
    return [
        Figure("bit on the bus to message accepted, median", _percentile(took_s, 50), "s", note=note),
        Figure("the same, slowest hundredth (p99)", _percentile(took_s, 99), "s", note="target < 2 s"),
        Figure("the same, slowest of all", max(took_s), "s"),
    ]


async def measure(folder: Path, alarms: int, seed: int) -> list[float]:
    """The seconds each alarm took: one bit after another, at random instants, on as many sites as needed."""
    clock, flags, times = SystemClock(), sorted(sayable(_PROFILE)), random.Random(seed)
    sites = [f"bench-{number}" for number in range(math.ceil(alarms / len(flags)))]
    progress = Progress("alarms", alarms, clock)
    took_s: list[float] = []
    async with AsyncExitStack() as stack:
        telegram = TelegramBench(clock.monotonic_s)
        url = await telegram.start()
        stack.push_async_callback(telegram.close)
        programs = _Programs(folder, clock)
        stack.push_async_callback(asyncio.to_thread, programs.children.stop)
        relay = await programs.start(sites, url)
        stack.callback(relay.close)
        for site in sites:
            async with _Site(programs, site) as live:
                for flag in flags[: alarms - len(took_s)]:
                    await clock.sleep(times.uniform(0.5, 1.5))
                    took_s.append(await live.raise_flag(flag, telegram))
                    progress.show(len(took_s))
    progress.done()
    return took_s


class _Programs:
    """Server and bot with their people, and the edges one after another, behind a slow link."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        self.folder = folder
        self.clock = clock
        self.children = Children(folder)
        self.joins: dict[str, Join] = {}
        self._token = ""
        self._http = ""

    async def start(self, sites: list[str], telegram_url: str) -> CountingRelay:
        data = self.folder / "server"
        data.mkdir(mode=0o700)
        ports = _free_ports()
        relay = CountingRelay(ports[1], delay_s=ROUND_TRIP_S / 2)
        await relay.start()
        bot = await self._prepare(data, sites, relay.port)
        self._http = f"127.0.0.1:{ports[0]}"
        self.children.start(
            "server", "server", "--data", str(data), "--http", self._http, "--coap", f"127.0.0.1:{ports[1]}"
        )
        await self.until("the server", lambda _: True)
        secrets = [
            secret_file(self.folder / "api.token", bot),
            secret_file(self.folder / "telegram.token", TOKEN),
        ]
        self.children.start(
            "bot", "bot", "--api", f"http://{self._http}", "--telegram-url", telegram_url,
            "--api-token-file", secrets[0], "--telegram-token-file", secrets[1],
        )  # fmt: skip
        return relay

    async def _prepare(self, data: Path, sites: list[str], port: int) -> str:
        """Sites, people and keys, before anything runs; the bot's token."""
        contexts, database = ContextStore(data / CONTEXTS_FILE), Database(data / DATABASE_FILE)
        try:
            store, people = SqliteStore(database), People(database, self.clock)
            for site in sites:
                await store.add_site(site, int(self.clock.wall_s()))
                self.joins[site] = admit(contexts, site, "127.0.0.1", port)
            code, _ = await people.invitations.make(Offer("en", "operator", "*"), 3600, OPERATOR)
            await people.chats.join(Chat(_CHAT, "anna", "en"), code)
            tokens = people.tokens
            self._token = (await tokens.make_for_server(Scope("bench", "viewer", "*"), OPERATOR))[0]
            return (await tokens.make_for_server(Scope("telegram", "bot", "*"), OPERATOR))[0]
        finally:
            database.close()
            contexts.close()

    async def until(self, what: str, ready: Callable[[list[dict[str, object]]], bool]) -> None:
        """Return when the list of sites is as wanted. Raises OperatorError."""
        end_s = self.clock.monotonic_s() + _LONGEST_S
        headers = {"Authorization": f"Bearer {self._token}"}
        async with httpx.AsyncClient(headers=headers) as client:
            while self.clock.monotonic_s() < end_s:
                self.children.check()
                try:
                    answer = await client.get(f"http://{self._http}/api/v1/sites")
                    if answer.is_success and ready(answer.json()["sites"]):
                        return
                except httpx.HTTPError:
                    pass  # not up yet
                await self.clock.sleep(0.2)
        raise OperatorError(f"{what} does not come up; the logs are in {self.folder}")


class _Site:
    """One site's edge with a battery on its bus, as long as it is entered."""

    def __init__(self, programs: _Programs, site: str) -> None:
        self._programs = programs
        self._site = site
        self._state = BatteryState(52.1, -12.5, 61.0)
        self._hub = Hub(programs.folder / f"{site}.sock")
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> _Site:
        folder, site = self._programs.folder, self._site
        await self._hub.start()
        self._stack.push_async_callback(self._hub.close)
        self._bus = SimBus(str(folder / f"{site}.sock"), receive=False)
        self._stack.callback(self._bus.shutdown)
        talking = asyncio.create_task(self._talk())
        self._stack.callback(talking.cancel)
        file = folder / f"{site}.toml"
        file.write_text(SITE_FILE.read_text().replace('name = "bench"', f'name = "{site}"'))
        children = Children(folder)
        self._stack.push_async_callback(asyncio.to_thread, children.stop)
        children.start(
            f"edge of {site}", "edge", str(file), "--data", str(folder / f"edge-{site}"),
            "--join", self._programs.joins[site].line(), "--bus", f"simbus:{folder / f'{site}.sock'}",
        )  # fmt: skip
        await self._programs.until(
            f"the edge of {site}",
            lambda sites: any(one["site"] == site and one["heard_at"] for one in sites),
        )
        # Until the battery's profile is known for certain its bits mean nothing.
        await self._programs.clock.sleep(5 * _BURST_S)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    async def raise_flag(self, flag: str, telegram: TelegramBench) -> float:
        """Set one more bit; the seconds until a message with its title was accepted."""
        title = flag_title(flag, "Battery").en.rpartition(": ")[2]
        self._state = replace(self._state, raised=self._state.raised | {flag})
        begun_s = self._programs.clock.monotonic_s()
        self._burst()
        async with asyncio.timeout(_LONGEST_S):
            while True:
                accepted = await telegram.accepted.get()
                if title in accepted.text:
                    return accepted.at_s - begun_s

    async def _talk(self) -> None:
        while True:
            self._burst()
            await self._programs.clock.sleep(_BURST_S)

    def _burst(self) -> None:
        for can_id, data in encode_burst(_PROFILE, self._state):
            self._bus.send(can.Message(arbitration_id=can_id, data=data, is_extended_id=False))


def secret_file(file: Path, secret: str) -> str:
    """Written for the owner alone; its path."""
    file.touch(mode=0o600)
    file.write_text(secret)
    return str(file)


def _free_ports() -> tuple[int, int]:
    """A TCP port and a UDP port that nobody has."""
    with (
        socket.socket(socket.AF_INET, socket.SOCK_STREAM) as http,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as coap,
    ):
        http.bind(("127.0.0.1", 0))
        coap.bind(("127.0.0.1", 0))
        return int(http.getsockname()[1]), int(coap.getsockname()[1])


def _percentile(took_s: list[float], percent: int) -> float:
    """The time that so many percent did not exceed."""
    return sorted(took_s)[max(0, math.ceil(len(took_s) * percent / 100) - 1)]
