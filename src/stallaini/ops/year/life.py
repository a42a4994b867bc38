"""A simulated stretch of years of the whole system: twin, wires, edge, link, server; then the comparison."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import partial
from pathlib import Path

from stallaini.clock import VirtualClock
from stallaini.devices.catalogue import load_kinds
from stallaini.link.enrolment import admit
from stallaini.link.oscore import ContextStore
from stallaini.ops.virtual_site import Effort, VirtualSite
from stallaini.ops.year.account import Account, Energies
from stallaini.ops.year.answers import ask_counters, ask_energies, ask_gaps
from stallaini.ops.year.edge import VirtualEdge
from stallaini.ops.year.fate import Happening, Kind
from stallaini.ops.year.line import Line
from stallaini.ops.year.verdict import Verdict, judge
from stallaini.server.options import CONTEXTS_FILE, DATABASE_FILE
from stallaini.server.program import Server, ServerOptions
from stallaini.server.queries import day_bounds
from stallaini.site.config import Mode, SiteConfig, parse_site
from stallaini.twin.physics.house import House, house_of

SITE_FILE = Path(__file__).with_name("site.toml")
PROFILE = "pylontech-1.2"
QUIET_EVERY_S, LIGHT_EVERY_S, HEAVY_EVERY_S = 60.0, 15.0, 2.0
HEAVY_W = 150.0
_DAY_MINUTES = 1440
_RESTART_AT_S, _RESTART_TAKES_S = 20.0, 5.0
_BUSY_AT_S = 33.0


@dataclass(frozen=True)
class Figures:
    """What was lived, what it took, and what came of it."""

    days: int
    minutes: int
    series: int
    cpu_s: float
    effort: Effort
    starts: int
    messages: int
    up_bytes: int
    down_bytes: int
    ip_bytes: int
    store_bytes: int
    struck: Counter[str]
    sensor_shares: dict[str, float]
    verdict: Verdict


def by_minute(house: House) -> float:
    """Bursts for the minute to come: one where nothing switches, one each 15 s for a fridge or a light,
    one each 2 s for more than that and while something still moves.
    """
    if house.busy():
        return HEAVY_EVERY_S
    if house.quiet_for_s() >= QUIET_EVERY_S:
        return QUIET_EVERY_S
    return HEAVY_EVERY_S if house.next_switch_w() > HEAVY_W else LIGHT_EVERY_S


class Life:
    """One site, its edge and its server, in `folder`, from the site's own midnight of `first_day` on."""

    def __init__(
        self,
        folder: Path,
        seed: int,
        first_day: date,
        fate: Sequence[Happening],
        mode: Mode = "economy",
    ) -> None:
        config = parse_site(SITE_FILE.read_bytes(), load_kinds())
        self.config: SiteConfig = replace(config, link=replace(config.link, mode=mode))
        self._folder = folder
        self._first_day = first_day
        self._start_minute = self._day_minute = day_bounds(first_day, self.config.timezone)[0]
        self._clock = VirtualClock(self._start_minute * 60.0)
        self._house: House = house_of(self.config, seed)
        self._account = Account(self._house)
        self._site = VirtualSite(self.config, self._house, PROFILE, self._clock, by_minute)
        self._line = Line()
        self._due = sorted(fate, reverse=True)
        self._until: list[tuple[int, Callable[[], None]]] = []
        self._standing: Counter[Kind] = Counter()
        self.struck: Counter[str] = Counter()

    async def live(self, days: int, progress: Callable[[int], None] = lambda _: None) -> Figures:
        """Live so many days, then ask the server what it has. `progress` gets the minutes lived so far.

        Raises OperatorError when a part cannot be started.
        """
        begun_s = _cpu_s()
        async with AsyncExitStack() as stack:
            server = await self._open_server(stack)
            edge = self._open_edge(server)
            edge.start()
            try:
                for number in range(days):
                    await self._live_day(self._first_day + timedelta(days=number), edge, progress)
                self._end_all()
                await edge.flush()
            finally:
                await edge.stop()
            await server.store.seal(int(self._clock.wall_s()) // 60)
            end_day = self._first_day + timedelta(days=days)
            stored = await self._ask(server.http.url, end_day)
            gaps = await ask_gaps(
                server.http.url, self.config.site, self._start_minute * 60, int(self._clock.wall_s())
            )
        return Figures(
            days=days,
            minutes=int(self._clock.wall_s()) // 60 - self._start_minute,
            series=len(self.config.description.series),
            cpu_s=_cpu_s() - begun_s,
            effort=self._site.effort,
            starts=edge.starts,
            messages=self._line.messages,
            up_bytes=self._line.up_bytes,
            down_bytes=self._line.down_bytes,
            ip_bytes=edge.ip_bytes,
            store_bytes=(self._folder / DATABASE_FILE).stat().st_size,
            struck=self.struck,
            sensor_shares=self._account.sensor_shares(),
            verdict=judge(self._account.days, stored, gaps),
        )

    async def _ask(self, url: str, end_day: date) -> dict[date, Energies]:
        """Every daily energy that the server tells, and every day counter."""
        site, first_day = self.config.site, self._first_day
        stored = await ask_energies(url, site, first_day, end_day)
        counted = await ask_counters(url, site, first_day, end_day, self.config.timezone)
        return {day: energies | counted.get(day, {}) for day, energies in stored.items()}

    async def _open_server(self, stack: AsyncExitStack) -> Server:
        options = ServerOptions(self._folder, ("127.0.0.1", 0), ("127.0.0.1", 0), demo=True)
        server = Server(options, self._clock)
        await server.start()
        stack.push_async_callback(server.close)
        await server.store.add_site(self.config.site, int(self._clock.wall_s()))
        return server

    def _open_edge(self, server: Server) -> VirtualEdge:
        contexts = ContextStore(self._folder / CONTEXTS_FILE)
        join = admit(contexts, self.config.site, "127.0.0.1", server.coap.port)
        contexts.close()
        return VirtualEdge(self.config, self._folder / "edge", self._clock, join, self._line, self._site)

    async def _live_day(self, day: date, edge: VirtualEdge, progress: Callable[[int], None]) -> None:
        """A local day: 23, 24 or 25 hours."""
        first, end = day_bounds(day, self.config.timezone)
        self._day_minute = first
        for minute in range(first, end):
            await self._live_minute(minute - self._start_minute, edge)
            progress(minute + 1 - self._start_minute)
        self._account.day_ended(day)
        await self._line.new_address()

    async def _live_minute(self, number: int, edge: VirtualEdge) -> None:
        restarts = self._happen(number)
        if restarts:
            await self._restart(edge)
        elif self._is_first_of_day(number):
            await self._site.live(_BUSY_AT_S)
            await self._site.live(60 - _BUSY_AT_S)
        else:
            await self._site.live(60)
        self._account.minute_ended()
        await edge.minute_over()

    def _is_first_of_day(self, number: int) -> bool:
        """Whether the gateway writes its log in this minute, and is to be asked while it does."""
        return self._start_minute + number == self._day_minute

    async def _restart(self, edge: VirtualEdge) -> None:
        """The program ends and is back within the minute."""
        await self._site.live(_RESTART_AT_S)
        await edge.stop()
        await self._site.live(_RESTART_TAKES_S)
        edge.start()
        await self._site.live(60 - _RESTART_AT_S - _RESTART_TAKES_S)

    # -- what befalls it

    def _happen(self, number: int) -> bool:
        """Begin and end what is due in this minute; whether the edge restarts in it."""
        for due in [one for one in self._until if one[0] <= number]:
            self._until.remove(due)
            due[1]()
        restarts = False
        while self._due and self._due[-1].at_minute <= number:
            one = self._due.pop()
            self.struck[one.kind] += 1
            if one.kind == "restart":
                restarts = True
            else:
                self._set(one.kind, begins=True)
                self._until.append((number + one.minutes, partial(self._set, one.kind, begins=False)))
        return restarts

    def _end_all(self) -> None:
        for _, end in self._until:
            end()
        self._until.clear()

    def _set(self, kind: Kind, *, begins: bool) -> None:
        """One more, or one less, of a kind; two that overlap are over with the later one."""
        self._standing[kind] += 1 if begins else -1
        holds = self._standing[kind] > 0
        faults = self._house.faults
        if kind == "outage":
            self._line.down = holds
        elif kind == "lost module":
            faults.lost_module = 1 if holds else None
        elif kind == "mppt error":
            faults.mppt_error = 4 if holds else 0
        elif kind == "battery alarm":
            faults.bms_alarms = frozenset({"alarm.high_temperature"}) if holds else frozenset()
        elif kind == "power cut":
            faults.power_cut = holds


def _cpu_s() -> float:
    return time.process_time()
