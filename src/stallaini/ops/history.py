"""History made the real way: model, frames, decoder, sampler, codec, ingest, under a virtual clock."""

from __future__ import annotations

from collections.abc import Callable

from stallaini.clock import VirtualClock
from stallaini.edge.exchange import Exchange
from stallaini.edge.program import open_core
from stallaini.errors import OperatorError
from stallaini.ops.virtual_site import VirtualSite, steady
from stallaini.site.config import SiteConfig
from stallaini.twin.physics.house import House

STEP_S = 15
"""A burst each 15 s instead of each second: the minutes look alike and are made many times faster."""
_MINUTES_PER_FLUSH = 240
_BOOT_ID = b"history."


def _silent(_minute: int) -> None:
    """Progress that nobody wants to see."""


class History:
    """Lives a house forward under a virtual clock, minute by minute, and delivers what its edge records."""

    def __init__(
        self, config: SiteConfig, house: House, profile: str, exchange: Exchange, clock: VirtualClock
    ) -> None:
        self._core = open_core(config, None, clock, exchange, _BOOT_ID)
        self._site = VirtualSite(config, house, profile, clock, steady(STEP_S))
        self._site.connect(self._core)
        self.next_minute = int(clock.wall_s()) // 60

    async def live_until(self, end_minute: int, progress: Callable[[int], None] = _silent) -> None:
        """Make every minute before `end_minute` and have it acknowledged; `progress` gets each minute made.

        Raises OperatorError when the server does not take it.
        """
        while self.next_minute < end_minute:
            await self._live_one_minute()
            progress(self.next_minute)
            if self.next_minute % _MINUTES_PER_FLUSH == 0 or self.next_minute == end_minute:
                await self._deliver()

    async def record_until(self, end_minute: int) -> None:
        """Make every minute before `end_minute` and deliver none, as while the link is down."""
        while self.next_minute < end_minute:
            await self._live_one_minute()

    async def _live_one_minute(self) -> None:
        await self._site.live(60)
        self._core.tick()
        self.next_minute += 1

    async def _deliver(self) -> None:
        if not await self._core.flush():
            raise OperatorError("the store did not take the simulated history; see the server's log")
