"""The one who lets the house live: every face of the twin looks at it through here."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable

from stallaini.clock import Clock
from stallaini.twin.physics.house import House
from stallaini.twin.physics.state import HouseState

PERIOD_S = 1.0
_WIDEST_STEP_S = 60.0


class Life:
    """Steps a house by its clock.

    `after_step` are called whenever it has lived on, in order; `each_second` are awaited by `run`.
    """

    def __init__(self, house: House, clock: Clock) -> None:
        self.house = house
        self.after_step: list[Callable[[], object]] = []
        self.each_second: list[Callable[[], Awaitable[None]]] = []
        self._clock = clock
        self._stepped_at_s = clock.monotonic_s()

    async def run(self) -> None:
        """Live for ever, at whole seconds of the clock's monotonic time; returns only by cancellation."""
        while True:
            now_s = self._clock.monotonic_s()
            await self._clock.sleep(math.floor(now_s / PERIOD_S) * PERIOD_S + PERIOD_S - now_s)
            self.catch_up()
            for speak in self.each_second:
                await speak()

    def catch_up(self) -> HouseState:
        """Live up to now; through a long pause the house lives in wide steps."""
        now_s, wall_s = self._clock.monotonic_s(), self._clock.wall_s()
        elapsed_s = max(0.0, now_s - self._stepped_at_s)
        steps = max(1, math.ceil(elapsed_s / _WIDEST_STEP_S))
        for step in range(1, steps + 1):
            self.house.advance(wall_s - elapsed_s * (1 - step / steps), elapsed_s / steps)
        self._stepped_at_s = now_s
        for look in self.after_step:
            look()
        return self.house.state()
