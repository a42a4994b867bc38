"""A simulated house and its edge's devices in one process, under a virtual clock.

History, bench and tests share this wiring. What passes between the two is what passes on the wires, byte
for byte, through the real decoders; left out are sockets, serial lines and the readers around them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from stallaini.clock import VirtualClock
from stallaini.devices.can_battery.simulator import encode_burst, sayable
from stallaini.edge.core import EdgeCore
from stallaini.ops.virtual_wires import EdgeEnd, Ends
from stallaini.site.config import SiteConfig
from stallaini.twin.physics.house import House
from stallaini.twin.wires.byte_trouble import ByteTrouble
from stallaini.twin.wires.cells_face import cells_of
from stallaini.twin.wires.scom_face import ScomFace
from stallaini.twin.wires.studer_plant import StuderPlant

AHEAD_S = 1 / 64
"""By how much the house's clock is ahead of the edge's: what is said at a minute's end is heard within it."""
_BUSY_STEP_S = 1.0

Pace = Callable[[House], float]
"""How many seconds apart the battery's bursts are in the time to come; asked when each `live` begins."""


def steady(every_s: float) -> Pace:
    """Always so many seconds: the minutes look alike and are made many times faster than by seconds."""
    return lambda _house: every_s


@dataclass
class Effort:
    """How much was simulated: steps of the house, bursts of its battery's frames, rounds of questions."""

    steps: int = 0
    bursts: int = 0
    rounds: int = 0


class VirtualSite:
    """Lives a house forward; its devices speak, and the edge that is connected hears them.

    The clock, which stands at a whole minute at first, is the edge's.
    """

    def __init__(
        self, config: SiteConfig, house: House, profile: str, clock: VirtualClock, pace: Pace
    ) -> None:
        self._config = config
        self._house = house
        self._profile = profile
        self._sayable = sayable(profile)
        self._clock = clock
        self._pace = pace
        scom = ScomFace(StuderPlant(house, config.timezone), ByteTrouble())
        self._ends = Ends(scom.answer, cells_of(house))
        self._edge: EdgeEnd | None = None
        self._lag_s = 0.0
        self.effort = Effort()

    def connect(self, core: EdgeCore, data_dir: Path | None = None) -> None:
        """An edge's program starts and hears the devices; what it finds out it keeps in `data_dir`."""
        self._edge = EdgeEnd(self._config, core, self._clock, self._ends, data_dir)

    def disconnect(self) -> None:
        """Nobody hears the devices until the next one connects."""
        self._edge = None

    async def live(self, seconds: float) -> None:
        """Let so many seconds pass; at their end the devices that answer are asked.

        Bursts are evenly spaced, because a minute's mean is that of its samples; the house itself takes
        steps of a second while something switches.
        """
        every_s = self._pace(self._house)
        left_s = seconds
        while left_s > 0:
            stretch_s = min(left_s, every_s)
            self._pass(stretch_s)
            if self._edge is not None:
                self._edge.hear(self._burst())
                self.effort.bursts += 1
            left_s -= stretch_s
        if self._edge is not None:
            self.effort.rounds += 1
            await self._edge.ask()
        self._clock.advance(self._lag_s)
        self._lag_s = 0.0

    def _pass(self, seconds: float) -> None:
        """The edge's clock runs `seconds` on, and the house with it."""
        left_s = seconds
        while left_s > 0:
            step_s = min(left_s, _BUSY_STEP_S if self._house.busy() else seconds)
            left_s -= step_s
            self._clock.advance(step_s + self._lag_s - AHEAD_S)
            self._lag_s = AHEAD_S
            self._house.advance(self._house_s(), step_s)
            self.effort.steps += 1

    def _house_s(self) -> float:
        return self._clock.wall_s() + self._lag_s

    def _burst(self) -> list[tuple[int, bytes]]:
        said = self._house.said()
        if said.raised:
            said = replace(said, raised=said.raised & self._sayable)
        return encode_burst(self._profile, said)
