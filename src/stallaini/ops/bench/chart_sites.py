"""Charts on a server of many sites: how fast the past is told, and what the program takes in memory.

One site's years are taken in as ever; the others are copies of them under other names.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import socket
import sqlite3
import tempfile
import urllib.parse
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import httpx
import msgspec

from stallaini.clock import SystemClock
from stallaini.devices.catalogue import load_kinds
from stallaini.errors import OperatorError
from stallaini.ops.bench.alarm import secret_file
from stallaini.ops.bench.alarm_telegram import TOKEN, TelegramBench
from stallaini.ops.bench.chart import PEER, START_MINUTE, load_years, narrow_year_ms
from stallaini.ops.bench.narrow_peer import YEAR_MINUTES
from stallaini.ops.bench.report import Figure, as_json, as_text
from stallaini.ops.bench.wire import SITE_FILE
from stallaini.ops.children import Children
from stallaini.server.database import Database
from stallaini.server.options import DATABASE_FILE
from stallaini.server.people.audit import OPERATOR
from stallaini.server.people.people import People
from stallaini.server.people.tokens import Scope
from stallaini.server.store.sqlite import SqliteStore
from stallaini.site.config import parse_site
from stallaini.site.description import Description, SeriesSpec

_DAY_S = 86_400
_ASKS = 60
_PATIENCE = 300
# The server gives back what it does not need each 20 s.
_SETTLED_S = 25
_COPIED = ("site", "description", "series", "chunk", "minute")


class _Ask(NamedTuple):
    """What a page asks: buckets of `bucket_s` over the last `days`."""

    title: str
    days: int
    bucket_s: int


_CHARTS = (
    _Ask("year chart", 365, _DAY_S),
    _Ask("year chart in buckets of 6 h", 365, 6 * 3600),
    _Ask("month chart", 30, 3600),
    _Ask("day chart", 1, 120),
    _Ask("chart of all", 1095, 2 * _DAY_S),
)


def configure(parser: argparse.ArgumentParser) -> None:
    """The options of `stallaini bench chart`."""
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--sites", type=int, default=10, metavar="N", help="how many sites (default 10)")
    parser.add_argument("--years", type=int, default=3, metavar="N", help="years of each (default 3)")


def run(args: argparse.Namespace) -> int:
    """Measure and print."""
    with tempfile.TemporaryDirectory(prefix="stallaini-bench-") as name:
        figures = asyncio.run(measure(Path(name), args.sites, args.years))
    print(as_json(args.bench, figures) if args.json else as_text(args.bench, figures))
    return 0


async def measure(folder: Path, sites: int, years: int) -> list[Figure]:
    """Fill the store, then ask each kind of chart many times, of one site after the other.

    Meanwhile a bot is at work, and a page watches each site.
    """
    description = bench_description()
    database = Database(folder / DATABASE_FILE)
    await load_years(SqliteStore(database), description, years)
    names = [description.site, *(f"copy{number}" for number in range(1, sites))]
    people = People(database, SystemClock())
    bot_token, _ = await people.tokens.make_for_server(Scope("telegram", "bot", "*"), OPERATOR)
    database.close()
    _copy(folder / DATABASE_FILE, names)
    end_s = (START_MINUTE + years * YEAR_MINUTES) * 60
    address = f"127.0.0.1:{_free_port()}"
    url = f"http://{address}"
    async with AsyncExitStack() as stack:
        children = Children(folder)
        stack.push_async_callback(asyncio.to_thread, children.stop)
        server = children.start(
            "server", "server", "--data", str(folder), "--demo", "--http", address, "--coap", "127.0.0.1:0"
        )  # fmt: skip
        await _answers(url)
        bot = await _start_bot(children, stack, folder, url, bot_token)
        watching = [asyncio.create_task(_watch(url, name)) for name in names]
        for page in watching:
            stack.callback(page.cancel)
        figures = []
        for chart in _CHARTS:
            if chart.days <= years * 365:
                figures.append(await _asked(url, names, chart, end_s))
        figures.append(await _energy(url, names, end_s))
        peer_ms = await asyncio.to_thread(narrow_year_ms, folder, _CHARTS[0].days)
        figures[0] = replace(figures[0], peer=peer_ms, peer_name=PEER)
        title = f"memory of the server of {sites} sites with bot and pages"
        figures.append(Figure(f"{title}, at most", memory_mb(server, "VmHWM"), "MB"))
        await SystemClock().sleep(_SETTLED_S)
        children.check()
        if any(page.done() for page in watching):
            raise OperatorError(f"a page stopped watching; the logs are in {folder}")
        figures.append(Figure(f"{title}, after all of this", memory_mb(server, "VmRSS"), "MB"))
        figures.append(Figure("memory of the bot", memory_mb(bot, "VmRSS"), "MB"))
    return figures


async def _start_bot(children: Children, stack: AsyncExitStack, folder: Path, url: str, token: str) -> int:
    """The bot with a stand-in for Telegram; its process id."""
    telegram = TelegramBench(SystemClock().monotonic_s)
    telegram_url = await telegram.start()
    stack.push_async_callback(telegram.close)
    secrets = [secret_file(folder / "api.token", token), secret_file(folder / "telegram.token", TOKEN)]
    return children.start(
        "bot", "bot", "--api", url, "--telegram-url", telegram_url,
        "--api-token-file", secrets[0], "--telegram-token-file", secrets[1],
    )  # fmt: skip


async def _watch(url: str, site: str) -> None:
    """What an open page does all the time."""
    async with (
        httpx.AsyncClient(base_url=url, timeout=None) as client,
        client.stream("GET", f"/api/v1/sites/{site}/live?changes=true") as answer,
    ):
        async for _ in answer.aiter_raw():
            pass


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def _answers(url: str) -> None:
    """Wait until the server does."""
    async with httpx.AsyncClient(base_url=url) as client:
        for _ in range(_PATIENCE):
            with contextlib.suppress(httpx.TransportError):
                await client.get("/healthz")
                return
            await SystemClock().sleep(0.1)
    raise OperatorError(f"the server at {url} did not start; see its log")


def bench_description() -> Description:
    """A battery's current with its extremes, and its charge."""
    whole = parse_site(SITE_FILE.read_text(), load_kinds()).description
    series = tuple(
        SeriesSpec(f"{channel.name}.{aggregate}", channel.name, aggregate, channel.unit, channel.resolution)
        for channel in whole.channels
        if channel.name in ("battery.current", "battery.power")
        for aggregate in ("mean", "min", "max")
    )
    return msgspec.structs.replace(whole, series=series)


def _copy(path: Path, names: Sequence[str]) -> None:
    database = sqlite3.connect(path)
    for table in _COPIED:
        columns = [row[1] for row in database.execute(f"PRAGMA table_info({table})") if row[1] != "site"]
        listed = ", ".join(columns)
        for name in names[1:]:
            database.execute(
                f"INSERT INTO {table} (site, {listed}) SELECT ?, {listed} FROM {table} WHERE site = ?",
                (name, names[0]),
            )
    database.commit()
    database.close()


async def _asked(url: str, names: Sequence[str], chart: _Ask, end_s: int) -> Figure:
    end_s = -(-end_s // chart.bucket_s) * chart.bucket_s
    start_s = (end_s - chart.days * _DAY_S) // chart.bucket_s * chart.bucket_s
    asked = {
        "name": "battery.current",
        "start": datetime.fromtimestamp(start_s, UTC).isoformat(),
        "end": datetime.fromtimestamp(end_s, UTC).isoformat(),
        "points": (end_s - start_s) // chart.bucket_s,
    }
    spent_ms, size = await _timed(url, names, f"columns?{urllib.parse.urlencode(asked)}")
    note = f"{size / 1000:.1f} kB gzipped, median {spent_ms[len(spent_ms) // 2]:.1f} ms"
    return Figure(f"{chart.title} of a channel, API answer, p95", _p95(spent_ms), "ms", note=note)


async def _energy(url: str, names: Sequence[str], end_s: int) -> Figure:
    end = datetime.fromtimestamp(end_s, UTC).date()
    path = f"energy?by=month&start={end.replace(year=end.year - 1)}&end={end}&name=battery.power"
    spent_ms, _ = await _timed(url, names, path)
    return Figure("energy of twelve months of a channel, API answer, p95", _p95(spent_ms), "ms")


async def _timed(url: str, names: Sequence[str], path: str) -> tuple[list[float], int]:
    """Milliseconds of each request, ascending, and the bytes of an answer's body as it is sent."""
    clock = SystemClock()
    spent_ms, size = [], 0
    async with httpx.AsyncClient(base_url=url, timeout=30) as client:
        for number in range(_ASKS):
            start_s = clock.monotonic_s()
            address = f"/api/v1/sites/{names[number % len(names)]}/{path}"
            async with client.stream("GET", address, headers={"Accept-Encoding": "gzip"}) as answer:
                size = len(b"".join([part async for part in answer.aiter_raw()]))
            spent_ms.append((clock.monotonic_s() - start_s) * 1000)
            answer.raise_for_status()
    return sorted(spent_ms), size


def _p95(ascending: Sequence[float]) -> float:
    return ascending[len(ascending) * 95 // 100]


def memory_mb(process: int, line: str) -> float:
    """What a line of a process's status says of its memory."""
    status = Path(f"/proc/{process}/status").read_text()
    return int(status.partition(f"{line}:")[2].split()[0]) * 1024 / 1e6
