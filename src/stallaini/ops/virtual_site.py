"""A simulated house and its edge's devices in one process, under a virtual clock.

History, bench and tests share this wiring. What passes between the two is what passes on the wires, byte
for byte, through the real decoders; left out are sockets, serial lines and the readers around them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from stallaini.clock import VirtualClock
from stallaini.devices.can_battery.battery import CanBattery
from stallaini.devices.can_battery.simulator import BatteryState, encode_burst, sayable
from stallaini.devices.can_bus.frame import Frame
from stallaini.edge.core import EdgeCore
from stallaini.site.config import SiteConfig
from stallaini.twin.house import House
from stallaini.twin.state import HouseState

AHEAD_S = 1 / 64
"""By how much the house's clock is ahead of the edge's: what is said at a minute's end is heard within it."""
_CAN_BATTERY = "can_battery"

Pace = Callable[[House], float]
"""How many seconds the next step of a house may fairly take."""


def steady(step_s: float) -> Pace:
    """Always so many seconds: the minutes look alike and are made many times faster than by seconds."""
    return lambda _house: step_s


@dataclass
class Effort:
    """How much was simulated: steps of the house, and bursts of frames its battery sent."""

    steps: int = 0
    bursts: int = 0


class VirtualSite:
    """Lives a house forward; its devices speak after each step, and the edge that is connected hears them.

    `watch` is called with the state after each step. The clock, which stands at a whole minute at first, is
    the edge's.
    """

    def __init__(
        self,
        config: SiteConfig,
        house: House,
        profile: str,
        clock: VirtualClock,
        pace: Pace,
        watch: Callable[[HouseState], None] = lambda _: None,
    ) -> None:
        self._config = config
        self._house = house
        self._profile = profile
        self._sayable = sayable(profile)
        self._clock = clock
        self._pace = pace
        self._watch = watch
        self._edge: _EdgeEnd | None = None
        self._lag_s = 0.0
        self.effort = Effort()

    def connect(self, core: EdgeCore) -> None:
        """An edge's program starts: from now on it hears the devices."""
        self._edge = _EdgeEnd(self._config, core, self._clock)

    def disconnect(self) -> None:
        """Nobody hears the devices until the next one connects."""
        self._edge = None

    async def live(self, seconds: float) -> None:
        """Let so many seconds pass; at their end the clock shows what the house's does."""
        left_s = seconds
        while left_s > 0:
            step_s = min(left_s, self._pace(self._house))
            self._advance(step_s)
            state = self._house.step(self._clock.wall_s() + AHEAD_S, step_s)
            self._watch(state)
            self.effort.steps += 1
            self._speak(state)
            left_s -= step_s
        self._clock.advance(self._lag_s)
        self._lag_s = 0.0

    def _advance(self, step_s: float) -> None:
        self._clock.advance(step_s + self._lag_s - AHEAD_S)
        self._lag_s = AHEAD_S

    def _speak(self, state: HouseState) -> None:
        if self._edge is None:
            return
        self.effort.bursts += 1
        self._edge.hear(self._burst(state.bms))
        self._edge.poll()

    def _burst(self, said: BatteryState) -> list[tuple[int, bytes]]:
        if said.raised:
            said = replace(said, raised=said.raised & self._sayable)
        return encode_burst(self._profile, said)


class _EdgeEnd:
    """The devices as one run of the edge's program knows them."""

    def __init__(self, config: SiteConfig, core: EdgeCore, clock: VirtualClock) -> None:
        self._core = core
        self._clock = clock
        self._batteries = [
            CanBattery(device.name, str(device.settings.get("profile", "auto")))
            for device in config.devices
            if device.kind == _CAN_BATTERY
        ]

    def hear(self, frames: list[tuple[int, bytes]]) -> None:
        now_s = self._clock.monotonic_s()
        self._core.ticker.heard(now_s)
        for can_id, data in frames:
            frame = Frame(can_id, data, now_s)
            for battery in self._batteries:
                for reading in battery.feed(frame):
                    self._core.on_reading(reading)

    def poll(self) -> None:
        for battery in self._batteries:
            for kind, data in battery.poll(self._clock.monotonic_s()):
                self._core.on_event(kind, data)
