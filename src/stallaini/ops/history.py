"""History made the real way: model, frames, decoder, sampler, codec, ingest, under a virtual clock."""

from __future__ import annotations

from collections.abc import Callable

from stallaini.clock import VirtualClock
from stallaini.devices.can_battery.battery import CanBattery
from stallaini.devices.can_battery.simulator import encode_burst
from stallaini.devices.can_bus.frame import Frame
from stallaini.edge.exchange import Exchange
from stallaini.edge.program import open_core
from stallaini.errors import OperatorError
from stallaini.site.config import SiteConfig
from stallaini.twin.house import House

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
        self._house = house
        self._profile = profile
        self._clock = clock
        self._battery = CanBattery(config.devices[0].name, profile)
        self._core = open_core(config, None, self._clock, exchange, _BOOT_ID)
        self.next_minute = int(clock.wall_s()) // 60

    async def live_until(self, end_minute: int, progress: Callable[[int], None] = _silent) -> None:
        """Make every minute before `end_minute` and have it acknowledged; `progress` gets each minute made.

        Raises OperatorError when the server does not take it.
        """
        while self.next_minute < end_minute:
            self._live_one_minute()
            progress(self.next_minute)
            if self.next_minute % _MINUTES_PER_FLUSH == 0 or self.next_minute == end_minute:
                await self._deliver()

    def record_until(self, end_minute: int) -> None:
        """Make every minute before `end_minute` and deliver none, as while the link is down."""
        while self.next_minute < end_minute:
            self._live_one_minute()

    def _live_one_minute(self) -> None:
        for _ in range(60 // STEP_S):
            self._clock.advance(STEP_S)
            now_s = self._clock.wall_s()
            state = self._house.step(now_s, STEP_S)
            for can_id, data in encode_burst(self._profile, state.bms):
                for reading in self._battery.feed(Frame(can_id, data, self._clock.monotonic_s())):
                    self._core.on_reading(reading)
        self._core.minute_ended(self.next_minute)
        self.next_minute += 1

    async def _deliver(self) -> None:
        if not await self._core.flush():
            raise OperatorError("the store did not take the simulated history; see the server's log")
