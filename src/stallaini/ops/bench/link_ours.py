"""Our own link in namespaces: the real edge core and exchange, the real server, minutes in virtual time."""

from __future__ import annotations

import asyncio
import sqlite3
from dataclasses import dataclass
from pathlib import Path

from stallaini.clock import VirtualClock
from stallaini.devices.catalogue import load_kinds
from stallaini.edge.exchange import CoapExchange, Exchange
from stallaini.errors import OperatorError
from stallaini.link.enrolment import accept
from stallaini.link.join import Join
from stallaini.link.oscore import ContextStore
from stallaini.ops.bench.link_day import Day
from stallaini.ops.bench.wire import SITE_FILE
from stallaini.ops.history import History
from stallaini.ops.netlab.counter import Traffic, WireCounter
from stallaini.ops.netlab.link_server import LinkServer, enrol, hosted_server
from stallaini.ops.netlab.pair import SERVER_ADDRESS, Pair
from stallaini.ops.netlab.tunnel import SERVER_INSIDE, upkeep_bytes_per_min
from stallaini.site.config import SiteConfig, parse_site
from stallaini.twin.physics.house import House

SITE_FILES = {10: SITE_FILE, 40: Path(__file__).with_name("link_site.toml")}
START_MINUTE = 29_000_159  # an evening in February 2025; the minute after it is a multiple of all batches
DAY_MINUTES = 1440
_PROFILE = "pylon-plus"
_SETTLE_S = 0.2
_AGED_SEQ = 70_000
"""OSCORE's numbers as after 49 days of one message a minute: three bytes long, and so for 31 years."""


@dataclass(frozen=True)
class Way:
    """One way to use our link. `batch_min` 0: a day recorded while the link was down, sent at once."""

    series: int
    batch_min: int
    tunnel: bool

    @property
    def site(self) -> str:
        """The name of the site that sends so."""
        return f"bench-{self.series}-{self.batch_min}-{'tunnel' if self.tunnel else 'plain'}"

    def config(self) -> SiteConfig:
        """Its site file, compiled."""
        text = SITE_FILES[self.series].read_text().replace('"bench"', f'"{self.site}"', 1)
        return parse_site(text, load_kinds())


@dataclass(frozen=True)
class Cost:
    """What `minutes` minutes took: IP bytes both ways, and the bytes of our messages up.

    `setup_bytes` is what came before: the first minute, with the site's description and all ids.
    """

    minutes: int
    ip_bytes: float
    payload_bytes: int
    setup_bytes: int
    exchanges: int


def measure_ways(
    pair: Pair, ways: list[Way], minutes: int, folder: Path
) -> tuple[dict[Way, Cost], dict[int, Day]]:
    """Send the same minutes in each way; and per number of series the day that the server then holds.

    The tunnel must be open if a way uses it. Raises OperatorError when a minute did not arrive.
    """
    addresses = {way.site: SERVER_INSIDE if way.tunnel else SERVER_ADDRESS for way in ways}
    joins = enrol(folder, addresses)
    with (
        hosted_server(pair, folder, list(addresses)) as served,
        WireCounter(pair.edge) as counter,
    ):
        costs = {way: _measure(pair, way, joins[way.site], minutes, folder, counter) for way in ways}
        for way in ways:
            _check_complete(served, way, costs[way].minutes + 1)
        days = {way.series: _day_of(served, way) for way in ways if way.batch_min == 0}
    return costs, days


def _measure(pair: Pair, way: Way, join: Join, minutes: int, folder: Path, counter: WireCounter) -> Cost:
    return pair.edge.run(lambda: _send(way, join, minutes, folder / f"{way.site}.oscore", counter))


async def _send(way: Way, join: Join, minutes: int, contexts_path: Path, counter: WireCounter) -> Cost:
    contexts = ContextStore(contexts_path)
    accept(contexts, join)
    with sqlite3.connect(contexts_path) as file:
        file.execute("UPDATE context SET next_seq = ?", (_AGED_SEQ,))
    coap = CoapExchange(contexts, join)
    exchange = _Weighed(coap)
    history = History(way.config(), House(seed=1), _PROFILE, exchange, VirtualClock(START_MINUTE * 60.0))
    try:
        begin = counter.total()
        await history.live_until(START_MINUTE + 1)
        await asyncio.sleep(_SETTLE_S)
        before, sent_before, exchanges_before = counter.total(), exchange.payload_bytes, exchange.count
        made = await _live(history, way, minutes)
        await asyncio.sleep(_SETTLE_S)
        return Cost(
            minutes=made,
            ip_bytes=_bytes_of(way, before, counter.total(), made),
            payload_bytes=exchange.payload_bytes - sent_before,
            setup_bytes=before.carried_bytes - begin.carried_bytes,
            exchanges=exchange.count - exchanges_before,
        )
    finally:
        await coap.close()
        contexts.close()


async def _live(history: History, way: Way, minutes: int) -> int:
    """Live and send; how many minutes went."""
    first = history.next_minute
    if way.batch_min == 0:
        await history.record_until(first + DAY_MINUTES - 1)
        await history.live_until(first + DAY_MINUTES)
        return DAY_MINUTES
    for end in range(first + way.batch_min, first + minutes + 1, way.batch_min):
        await history.live_until(end)
    return history.next_minute - first


def _bytes_of(way: Way, before: Traffic, after: Traffic, minutes: int) -> float:
    """IP bytes of the minutes. A tunnel's own upkeep depends on real time: by its timers, not as measured."""
    carried = after.carried_bytes - before.carried_bytes
    if not way.tunnel or not way.batch_min:
        return carried
    return carried + upkeep_bytes_per_min(way.batch_min) * minutes


def _check_complete(served: LinkServer, way: Way, expected: int) -> None:
    arrived = len(served.minutes(way.site, START_MINUTE, START_MINUTE + expected))
    if arrived != expected:
        raise OperatorError(f"{way.site}: {arrived} of {expected} minutes arrived; that must not be")


def _day_of(served: LinkServer, way: Way) -> Day:
    """The day as the server stored it."""
    description = way.config().description
    names = [spec.name for spec in description.series]
    first = START_MINUTE + 1
    columns = served.ask(served.server.store.columns(way.site, names, first, first + DAY_MINUTES))
    steps = [
        dict(zip(columns[name].minutes.tolist(), columns[name].values.tolist(), strict=True))
        for name in names
    ]
    rows = [tuple(column.get(minute) for column in steps) for minute in range(first, first + DAY_MINUTES)]
    return Day(description, first, rows)


class _Weighed:
    """An exchange that counts its messages and their bytes."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self.count = self.payload_bytes = 0

    async def __call__(self, payload: bytes) -> bytes:
        self.count += 1
        self.payload_bytes += len(payload)
        return await self._exchange(payload)
