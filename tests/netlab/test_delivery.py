"""The real edge and the real server over a cable that misbehaves: every minute arrives, once."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from stallaini.clock import SystemClock
from stallaini.ops.bench.link_loss import measure_loss
from stallaini.ops.bench.link_ours import START_MINUTE, Way
from stallaini.ops.netlab.counter import WireCounter
from stallaini.ops.netlab.link_edge import LinkEdge, open_link_edge
from stallaini.ops.netlab.link_server import LinkServer, enrol, hosted_server
from stallaini.ops.netlab.pair import EDGE_ADDRESS, SERVER_ADDRESS, Pair
from stallaini.site.reading import Reading

_CONFIG = Way(10, 1, tunnel=False).config()
_SITE = _CONFIG.site
_PATIENCE_S = 60


class Line:
    """A pair with a server and one enrolled site."""

    def __init__(self, pair: Pair, server: LinkServer, folder: Path) -> None:
        self.pair = pair
        self.server = server
        self._folder = folder
        self._join = enrol(folder, {_SITE: SERVER_ADDRESS})[_SITE]

    def run(self, story: Callable[[LinkEdge], Awaitable[None]]) -> None:
        """Live `story` with the site's edge in its namespace."""

        async def live() -> None:
            async with (
                asyncio.timeout(_PATIENCE_S),
                open_link_edge(_CONFIG, self._folder, self._join, START_MINUTE) as edge,
            ):
                await story(edge)

        self.pair.edge.run(live)

    def arrived(self, minutes: int) -> bool:
        """Whether the server holds exactly the first `minutes` minutes, each once."""
        stored = self.server.minutes(_SITE, START_MINUTE, START_MINUTE + minutes + 10)
        expected = list(range(START_MINUTE, START_MINUTE + minutes))
        return stored == expected and self.server.server.ingest.counters["minutes.stored"] == minutes


@contextmanager
def _line(pair: Pair, folder: Path) -> Iterator[Line]:
    with hosted_server(pair, folder, [_SITE]) as server:
        yield Line(pair, server, folder)


@pytest.mark.long
def test_a_fifth_lost_each_way_everything_arrives(pair: Pair, tmp_path: Path) -> None:
    """Ten times faster than in the field: the first repetition after 0.2 s, so 15 s are 1.5 s here.

    By the odds 4 % take longer; the bound leaves room for chance. `bench link --loss` takes the real time.
    """
    loss = measure_loss(pair, 0.2, sites=40, minutes=8, folder=tmp_path, ack_timeout_s=0.2)
    assert loss.minutes == 320
    assert loss.dropped > 120
    assert loss.within_15_s > 0.9


def test_interface_down_and_up(pair: Pair, tmp_path: Path) -> None:
    async def story(edge: LinkEdge) -> None:
        await edge.deliver()
        pair.cut()
        for _ in range(3):
            edge.record()
        await asyncio.sleep(0.5)
        pair.mend()
        await edge.delivered()
        await edge.deliver()

    with _line(pair, tmp_path) as line:
        line.run(story)
        assert line.arrived(5)


def test_address_changes_between_two_messages(pair: Pair, tmp_path: Path) -> None:
    async def story(edge: LinkEdge) -> None:
        await edge.deliver()
        pair.renumber_edge("192.0.2.7")
        assert await edge.deliver() < 2

    with _line(pair, tmp_path) as line:
        line.run(story)
        assert EDGE_ADDRESS + "/" not in pair.edge.ip("addr")
        assert line.arrived(2)


def test_address_changes_while_an_answer_is_awaited(pair: Pair, tmp_path: Path) -> None:
    async def story(edge: LinkEdge) -> None:
        await edge.deliver()
        pair.lose(1.0)
        edge.record()
        await asyncio.sleep(0.5)
        pair.renumber_edge("192.0.2.8")
        pair.lose(0)
        await edge.delivered()

    with _line(pair, tmp_path) as line:
        line.run(story)
        assert line.arrived(2)


def test_a_backlog_at_64_kbit_a_second(pair: Pair, tmp_path: Path) -> None:
    minutes = 1000
    chance = random.Random(1)
    clock = SystemClock()

    async def story(edge: LinkEdge) -> None:
        await edge.deliver()
        pair.cut()
        for _ in range(minutes):
            edge.record([_noise("voltage", 45, 55, chance), _noise("current", -90, 90, chance)])
        pair.mend()
        start_s, before = clock.monotonic_s(), counter.total().up_bytes
        await edge.delivered()
        took_s = clock.monotonic_s() - start_s
        sent_bytes = counter.total().up_bytes - before
        # The cable lets 1600 bytes pass at once, the rest at 8000 bytes a second, one way at a time.
        assert (sent_bytes - 1600) / 8000 < took_s < 15
        assert sent_bytes > 3000

    with _line(pair, tmp_path) as line, WireCounter(pair.edge) as counter:
        pair.slow(64)
        line.run(story)
        assert line.arrived(minutes + 1)


def _noise(field: str, low: float, high: float, chance: random.Random) -> Reading:
    return Reading(f"battery.{field}", SystemClock().monotonic_s(), chance.uniform(low, high))
