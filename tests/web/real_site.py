"""A real server with one site, fed by real uplinks, for browsers to look at."""

from __future__ import annotations

import asyncio
import contextlib
import math
import queue
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

from msgspec.structs import replace
from playwright.sync_api import Page, expect
from tests.support.serving import PASSWORD, START_MINUTE, START_S, FakeSite, Running, serving
from tests.web.visit import Visit

from stallaini.clock import VirtualClock
from stallaini.edge.command_kinds import Ping
from stallaini.edge.commands import Commands
from stallaini.edge.inbox import Inbox
from stallaini.link.messages import Event, Scalar
from stallaini.site.description import AlarmSpec, ChannelSpec, Description, DeviceSpec, LoadSpec

HISTORY_MINUTES = 2 * 1440
GAP = range(START_MINUTE - 600, START_MINUTE - 420)
BATCH = 240
TICK_S = 0.2
TICKS_PER_S = 5

_MORE = {"solar.power": "W", "inverter.ac_power": "W", "load.well_pump.power": "W"}


def house(lab: Description) -> Description:
    """The lab with a sun, an inverter, a metered pump and two standing alarms."""
    return replace(
        lab,
        devices=(
            *lab.devices,
            DeviceSpec("solar", "studer_variotrack", "Solar charger"),
            DeviceSpec("inverter", "studer_xtender", "Inverter"),
        ),
        channels=(*lab.channels, *(ChannelSpec(name, "power", "W", 1.0, 35.0) for name in _MORE)),
        loads=(LoadSpec("well_pump", "Well pump", 2200.0), LoadSpec("heater", "Water heater", 1500.0)),
        alarms=(
            AlarmSpec("soc_very_low", "critical", channel="battery.soc"),
            AlarmSpec("soc_low", "warning", channel="battery.soc"),
        ),
    )


class RealSite:
    """A server and its one site, whose edge sends a live value each second until it is told to stop.

    The server's clock begins at `START_S` and goes on as the real one does. anna administers the server,
    bruno operates the site. Commands are judged by the real parts of an edge that can only say "here".
    """

    def __init__(self, folder: Path, static: Path) -> None:
        self.url = ""
        self.speaking = True
        self._folder, self._static = folder, static
        self._events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self._minute_over = threading.Event()
        self._ready, self._over = threading.Event(), threading.Event()
        self._failure: BaseException | None = None

    @contextlib.contextmanager
    def running(self) -> Iterator[RealSite]:
        """Serve from a thread of its own for the length of a `with`."""
        thread = threading.Thread(target=self._run)
        thread.start()
        try:
            assert self._ready.wait(60), "the server did not start"
            assert self._failure is None, self._failure
            yield self
        finally:
            self._over.set()
            thread.join(30)

    def happens(self, kind: str, **data: Scalar) -> None:
        """The site tells with its next uplink of an event of the server's first second."""
        self._events.put(Event(START_S, kind, dict(data)))

    def minute_ends(self) -> None:
        """The site tells with its next uplink of the server's first minute; once."""
        self._minute_over.set()

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except BaseException as failure:
            self._failure = failure
            raise
        finally:
            self._ready.set()

    async def _serve(self) -> None:
        async with self._started() as (server, site):
            self.url = server.url
            edge = self._edge(server.clock)
            self._ready.set()
            ticks = 0
            while not self._over.is_set():
                await asyncio.sleep(TICK_S)
                server.clock.advance(TICK_S)
                ticks += 1
                if self.speaking and ticks % TICKS_PER_S == 0:
                    await self._call(server, site, edge, ticks // TICKS_PER_S)

    async def _call(self, server: Running, site: FakeSite, edge: Commands, second: int) -> None:
        """What an edge sends and hears each second while somebody looks."""
        site.commands_seen = edge.seen_id
        if not self._events.empty():
            await site.events(*(self._events.get() for _ in range(self._events.qsize())))
            edge.heard(site.answer, 0.0)
        if self._minute_over.is_set():
            self._minute_over.clear()
            await site.minutes((START_MINUTE, minute_values(START_MINUTE)))
        await site.live(live_values(second), at_s=int(server.clock.wall_s()))
        edge.heard(site.answer, 0.0)
        await edge.act_due()

    def _edge(self, clock: VirtualClock) -> Commands:
        def tell(kind: str, data: dict[str, Scalar]) -> None:
            self._events.put(Event(int(clock.wall_s()), kind, data))

        inbox = Inbox(self._folder / "commands.db")
        return Commands(inbox, [Ping()], clock, b"boot0001", tell, clock.wall_s)

    @contextlib.asynccontextmanager
    async def _started(self) -> AsyncIterator[tuple[Running, FakeSite]]:
        async with serving(self._folder, static_dir=self._static) as server:
            await server.person("admin", "anna")
            await server.person("operator", "bruno", "lab")
            site = await server.site()
            site.description = house(site.description)
            minutes = [at for at in range(START_MINUTE - HISTORY_MINUTES, START_MINUTE) if at not in GAP]
            for first in range(0, len(minutes), BATCH):
                await site.minutes(*((at, minute_values(at)) for at in minutes[first : first + BATCH]))
            await site.live(live_values(0), at_s=int(server.clock.wall_s()))
            yield server, site


def live_values(second: int) -> dict[str, float]:
    """What is measured `second` seconds after the start; the power changes each second."""
    power_w = 1200 + second % 60
    return {
        "battery.power": power_w,
        "battery.current": power_w / 50,
        "battery.soc": 62.4,
        "battery.charge_enabled": 1,
        "solar.power": power_w + 300,
        "inverter.ac_power": 290,
        "load.well_pump.power": 0,
    }


def minute_values(minute: int) -> dict[str, float]:
    """A day's swing of power and charge."""
    power_w = 800 * math.sin(minute / 1440 * 2 * math.pi)
    soc_pct = 50 - 30 * math.cos(minute / 1440 * 2 * math.pi)
    return {
        "battery.power.mean": power_w,
        "battery.current.mean": power_w / 50,
        "battery.soc.min": soc_pct - 0.1,
        "battery.soc.max": soc_pct + 0.1,
        "battery.soc.last": soc_pct,
    }


def sign_in(page: Page, name: str = "anna", password: str = PASSWORD) -> Page:
    """Fill in the form, wherever the page stands."""
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()
    return page


def entered(visit: Visit, name: str = "anna", place: str = "") -> Page:
    """A browser in which somebody has signed in and sees live values."""
    page = sign_in(visit.open(place), name)
    expect(page.locator(".pulse")).to_have_attribute("data-state", "live")
    return page
