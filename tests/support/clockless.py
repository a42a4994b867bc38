"""A site without a clock chip, whose boots, programs and clocks come and go, and who knows the truth."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tests.support.edge import DESCRIPTION, NOON_S, site_config
from tests.support.model_server import ModelServer

from stallaini.clock import VirtualClock
from stallaini.edge.core import EdgeCore
from stallaini.edge.exchange import LinkDown
from stallaini.edge.journal import Origin
from stallaini.edge.keeper import JournalKeeper
from stallaini.edge.timekeeper import Timekeeper
from stallaini.link.messages import Event, Minute
from stallaini.site.reading import Reading

TICK_S = 5
UPTIME_S = 20.0
"""How long after the boot the program starts."""


@dataclass(frozen=True)
class Heard:
    """One reading: when it truly was, and when its boot truly began."""

    at_s: float
    booted_s: float


class Site:
    """An edge under a clock that may say anything, against a model server that knows the time or not.

    Each reading's value is its own number, so that a minute tells by its lowest and highest value which
    readings are in it; `heard` has the truth about each. An exchange takes `up_s` and `down_s` on its ways.
    """

    def __init__(self, folder: Path) -> None:
        self.server = ModelServer()
        self.server.wall_s = self.true_time
        self.linked = False
        self.up_s = self.down_s = 0.0
        self.heard: list[Heard] = []
        self.journaled: list[tuple[int, int]] = []
        self._path = folder / "j"
        self._boots = 0
        self._now_s = float(NOON_S)
        self._keeper: JournalKeeper | None = None
        self.boot(60, claimed_s=NOON_S)

    # -- what happens to it

    def boot(self, off_s: float, claimed_s: float | None) -> None:
        """The power fails and comes back; the machine's clock then claims that time (None: is set right)."""
        self._pass(off_s)
        self._boots += 1
        self._booted_s = self._now_s
        self._pass(UPTIME_S)
        wall_s = self._now_s if claimed_s is None else claimed_s + UPTIME_S
        self.clock = VirtualClock(wall_s, UPTIME_S, right=claimed_s is None)
        self._start()

    def restart(self, off_s: float) -> None:
        """The program is killed and started again in the same boot."""
        self._pass(off_s)
        self.clock.advance(off_s)
        self._start()

    def synchronize(self) -> None:
        """A time service sets the machine's clock right."""
        self.clock.step_wall(self._now_s - self.clock.wall_s())
        self.clock.right = True

    def run(self, seconds: int) -> None:
        """Let the program run, with a reading each tick."""
        for _ in range(seconds // TICK_S):
            self._pass(TICK_S)
            self.clock.advance(TICK_S)
            self._read()
            self.core.tick()

    async def deliver(self) -> None:
        """Let the courier work as long as it gets on."""
        await self.core.flush()

    # -- what came of it

    @property
    def minutes(self) -> list[Minute]:
        """What the server has, in the order of its coming."""
        return [body for body in self.server.bodies if isinstance(body, Minute)]

    def events(self, kind: str) -> list[Event]:
        """The server's events of that kind."""
        return [body for body in self.server.bodies if isinstance(body, Event) and body.kind == kind]

    def first_in(self, minute: Minute) -> Heard:
        """The first reading in a minute."""
        return self.heard[_numbers(minute)[0]]

    def last_in(self, minute: Minute) -> Heard:
        """The last reading in a minute."""
        return self.heard[_numbers(minute)[1]]

    @property
    def delivered(self) -> list[tuple[int, int]]:
        """First and last reading of each of the server's minutes."""
        return [_numbers(minute) for minute in self.minutes]

    # -- inside

    def _pass(self, seconds: float) -> None:
        self._now_s += seconds

    def _start(self) -> None:
        if self._keeper is not None:
            self._keeper.close()
        origin = Origin(self._boots.to_bytes(8, "big"), DESCRIPTION.encode())
        time = Timekeeper(self.clock)
        self._keeper = JournalKeeper(self._path, 10**8, time, origin)
        time.remember(self._keeper.booted_s)
        self.core = EdgeCore(site_config(), self._keeper, origin, time, self._exchange)
        self._watch(self._keeper)
        self.core.started()
        self._read()

    def _read(self) -> None:
        now_s = self.clock.monotonic_s()
        self.core.ticker.heard(now_s)
        self.core.on_reading(Reading("battery.current", now_s, len(self.heard) / 10))
        self.heard.append(Heard(self._now_s, self._booted_s))

    def _watch(self, keeper: JournalKeeper) -> None:
        append = keeper.append

        def watched(bodies: list[Minute | Event], memory: bytes | None = None) -> None:
            append(bodies, memory)
            self.journaled += [_numbers(body) for body in bodies if isinstance(body, Minute)]

        keeper.append = watched  # type: ignore[assignment,method-assign]

    async def _exchange(self, payload: bytes) -> bytes:
        if not self.linked:
            raise LinkDown("no answer in time")
        self._pass(self.up_s)
        self.clock.advance(self.up_s)
        answer = self.server.handle(payload)
        self._pass(self.down_s)
        self.clock.advance(self.down_s)
        return answer

    def true_time(self) -> float:
        """Unix time."""
        return self._now_s


def _numbers(minute: Minute) -> tuple[int, int]:
    lowest, highest = minute.values[1:3]
    assert lowest is not None
    assert highest is not None
    return lowest, highest
