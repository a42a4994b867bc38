"""The twin's battery on a CAN bus: one burst of true frames each second."""

from __future__ import annotations

import math
from dataclasses import replace

from stallaini.clock import Clock
from stallaini.devices.can_battery.simulator import encode_burst, sayable
from stallaini.errors import OperatorError
from stallaini.twin.house import House
from stallaini.twin.wire import Wire

_PERIOD_S = 1.0
_WIDEST_STEP_S = 60.0


class BatteryBus:
    """Steps a house by its clock and says on the wire what its battery would."""

    def __init__(self, house: House, wire: Wire, clock: Clock, profile: str = "pylontech-1.2") -> None:
        self._house = house
        self._wire = wire
        self._clock = clock
        self._profile = profile
        self._sayable = _sayable(profile)
        self._stepped_at_s = clock.monotonic_s()

    async def run(self) -> None:
        """Send for ever, at whole seconds of the clock's monotonic time; returns only by cancellation."""
        while True:
            now_s = self._clock.monotonic_s()
            next_s = math.floor(now_s / _PERIOD_S) * _PERIOD_S + _PERIOD_S
            await self._clock.sleep(next_s - now_s)
            await self.burst()

    async def burst(self) -> None:
        """Live up to now and send one burst; after a long pause the house lives through it in wide steps."""
        now_s, wall_s = self._clock.monotonic_s(), self._clock.wall_s()
        elapsed_s = max(0.0, now_s - self._stepped_at_s)
        steps = max(1, math.ceil(elapsed_s / _WIDEST_STEP_S))
        for step in range(1, steps + 1):
            self._house.advance(wall_s - elapsed_s * (1 - step / steps), elapsed_s / steps)
        state = self._house.state().bms
        self._stepped_at_s = now_s
        if state.raised:
            state = replace(state, raised=state.raised & self._sayable)
        for can_id, data in encode_burst(self._profile, state):
            await self._wire.send(can_id, data)


def _sayable(profile: str) -> frozenset[str]:
    """What a battery of this profile can raise. Raises OperatorError when nothing can send the profile."""
    try:
        return sayable(profile)
    except ValueError as error:
        raise OperatorError(f"{error}; choose a profile that can be sent, such as pylontech-1.2") from error
