"""An edge's core, journal and exchange in real time, without wires: what a minute's delivery takes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path

from stallaini.clock import SystemClock
from stallaini.edge.core import EdgeCore
from stallaini.edge.exchange import CoapExchange
from stallaini.edge.journal import Origin
from stallaini.edge.keeper import JournalKeeper
from stallaini.edge.meter import Meter
from stallaini.edge.timekeeper import Timekeeper
from stallaini.link.join import Join
from stallaini.link.oscore import ContextStore
from stallaini.site.config import SiteConfig
from stallaini.site.reading import Reading

_BOOT_ID = b"link-lab"
_POLL_S = 0.005


class LinkEdge:
    """Journals minutes on demand; the courier delivers them as in the running program."""

    def __init__(self, core: EdgeCore, keeper: JournalKeeper, first_minute: int) -> None:
        self._core = core
        self._keeper = keeper
        self._clock = SystemClock()
        self._next_minute = first_minute

    def record(self, readings: Iterable[Reading] = ()) -> int:
        """Journal the next minute, made of these readings, and let the courier know; its number."""
        for reading in readings:
            self._core.on_reading(reading)
        minute = self._next_minute
        self._core.minute_ended(minute)
        self._next_minute += 1
        return minute

    async def deliver(self) -> float:
        """Record a minute and wait until the server has everything; how many seconds that took."""
        start_s = self._clock.monotonic_s()
        self.record()
        await self.delivered()
        return self._clock.monotonic_s() - start_s

    async def delivered(self) -> None:
        """Wait until the server acknowledged everything."""
        while self._keeper.unacked:  # noqa: ASYNC110 - the journal tells nobody
            await asyncio.sleep(_POLL_S)


@asynccontextmanager
async def open_link_edge(
    config: SiteConfig, folder: Path, join: Join, first_minute: int, meter: Meter | None = None
) -> AsyncIterator[LinkEdge]:
    """The edge of a site, delivering until the end of the block: journal in RAM, keys in `folder`."""
    contexts = ContextStore(folder / f"{join.site}.oscore")
    exchange = CoapExchange(contexts, join, config.link.ack_timeout_s, meter=meter)
    clock = Timekeeper(SystemClock(), trusted=True)
    origin = Origin(_BOOT_ID, config.description.encode())
    keeper = JournalKeeper(None, int(config.journal.max_mb * 1e6), clock, origin)
    core = EdgeCore(config, keeper, origin, clock, exchange, meter=meter)
    courier = asyncio.create_task(core.courier.run())
    try:
        yield LinkEdge(core, keeper, first_minute)
    finally:
        courier.cancel()
        await asyncio.gather(courier, return_exceptions=True)
        await exchange.close()
        contexts.close()
