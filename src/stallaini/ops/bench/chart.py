"""The chart of a year: a synthetic year in the store, asked for over HTTP as the page does."""

from __future__ import annotations

import math
import random
import urllib.parse
from datetime import UTC, datetime
from pathlib import Path

import httpx

from stallaini.clock import SystemClock, VirtualClock
from stallaini.devices.catalogue import load_kinds
from stallaini.link.messages import Entry, Head, Minute
from stallaini.ops.bench.narrow_peer import YEAR_MINUTES, NarrowTable
from stallaini.ops.bench.report import Figure
from stallaini.ops.bench.wire import SITE_FILE
from stallaini.server.database import Database
from stallaini.server.options import DATABASE_FILE
from stallaini.server.program import Server, ServerOptions
from stallaini.server.store.base import Accepted
from stallaini.server.store.sqlite import SqliteStore
from stallaini.site.config import parse_site
from stallaini.site.description import Description

START_MINUTE = 28_928_160  # 2025-01-01T00:00Z
_DAY_MINUTES = 1440
_ASKS = 40
_POINTS = 500
PEER = "narrow table, the SQL query alone"


async def measure(folder: Path) -> list[Figure]:
    """Load the year, ask for its chart; the peer is the same year in a narrow table, one SQL query."""
    description = parse_site(SITE_FILE.read_text(), load_kinds()).description
    database = Database(folder / DATABASE_FILE)
    await load_years(SqliteStore(database), description, 1)
    database.close()
    clock = VirtualClock((START_MINUTE + YEAR_MINUTES) * 60.0)
    server = Server(ServerOptions(folder, ("127.0.0.1", 0), ("127.0.0.1", 0), demo=True), clock)
    await server.start()
    try:
        spent_ms = await _ask(server.http.url, description.site)
    finally:
        await server.close()
    peer_ms = narrow_year_ms(folder, _POINTS)
    return [
        Figure("year chart of one series, API answer, median", spent_ms[_ASKS // 2], "ms", peer_ms, PEER),
        Figure("year chart of one series, API answer, p95", spent_ms[_ASKS * 95 // 100], "ms", peer_ms, PEER),
    ]


def narrow_year_ms(folder: Path, points: int) -> float:
    """Milliseconds that one SQL query takes for so many buckets of the same year in a narrow table."""
    table = NarrowTable(folder / "narrow-year.db")
    try:
        return table.year_chart_ms([minute / 10 for minute in _currents(YEAR_MINUTES)], points)
    finally:
        table.close()


async def load_years(store: SqliteStore, description: Description, years: int) -> None:
    """Take in so many years of a site, day by day, and seal them."""
    await store.add_site(description.site, 0)
    head = Head(b"benchjou", b"benchboo", description.hash())
    minutes = years * YEAR_MINUTES
    currents = _currents(minutes)
    width = len(description.series)
    for first in range(0, minutes, _DAY_MINUTES):
        entries = tuple(
            Entry(at + 1, Minute(START_MINUTE + at, (currents[at],) * width))
            for at in range(first, first + _DAY_MINUTES)
        )
        encoded = description.encode() if first == 0 else None
        accepted = Accepted(
            site=description.site, head=head, acked_seq=first + _DAY_MINUTES, heard_s=0, entries=entries,
            description=encoded,
        )  # fmt: skip
        await store.ingest([accepted])
    await store.seal(START_MINUTE + minutes)


def _currents(count: int) -> list[int]:
    """A battery current in 0.1 A: days and nights, clouds and loads."""
    noise = random.Random(1)
    return [
        round(400 * math.sin(minute / _DAY_MINUTES * math.tau) - 60 + noise.gauss(0, 12))
        for minute in range(count)
    ]


async def _ask(url: str, site: str) -> list[float]:
    """Milliseconds of each request, ascending."""
    start, end = (
        datetime.fromtimestamp(minute * 60, UTC).isoformat()
        for minute in (START_MINUTE, START_MINUTE + YEAR_MINUTES)
    )
    query = urllib.parse.urlencode(
        {"name": "battery.current.mean", "start": start, "end": end, "points": _POINTS}
    )
    clock = SystemClock()
    spent_ms = []
    async with httpx.AsyncClient(base_url=url) as client:
        for _ in range(_ASKS):
            start_s = clock.monotonic_s()
            answer = await client.get(f"/api/v1/sites/{site}/series?{query}")
            spent_ms.append((clock.monotonic_s() - start_s) * 1000)
            answer.raise_for_status()
    return sorted(spent_ms)
