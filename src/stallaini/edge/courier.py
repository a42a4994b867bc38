"""The courier: carries uplinks to the server and answers back, retries, and notices outages."""

from __future__ import annotations

import asyncio
import enum
import logging
from collections.abc import Callable

from stallaini.clock import Clock
from stallaini.edge.exchange import Exchange, LinkDown
from stallaini.edge.keeper import JournalKeeper
from stallaini.edge.meter import Meter
from stallaini.edge.pacer import Pacer, Send
from stallaini.edge.telling import Teller
from stallaini.edge.uplink import Delivery
from stallaini.link.messages import Event, Live
from stallaini.site.config import LinkConfig

logger = logging.getLogger(__name__)

LOST, RESTORED = "link.lost", "link.restored"
_LONGEST_WAIT_S = 60.0


class Outcome(enum.Enum):
    """How one exchange ended: nothing to send, something brought forward, nothing so, no answer."""

    IDLE = enum.auto()
    FORWARD = enum.auto()
    STUCK = enum.auto()
    DOWN = enum.auto()


class Courier:
    """Runs a Delivery over an Exchange, one exchange at a time, as its pacer says.

    An outage is two events however many tries it takes: `link.lost` at the first exchange without an
    answer and `link.restored` {seconds} at the first with one.
    """

    def __init__(
        self,
        delivery: Delivery,
        keeper: JournalKeeper,
        exchange: Exchange,
        clock: Clock,
        link: LinkConfig,
        live: Callable[[], Live],
        meter: Meter,
    ) -> None:
        self._delivery = delivery
        self._keeper = keeper
        self._exchange = exchange
        self._clock = clock
        self._live = live
        self._meter = meter
        channels = len(live().values)
        self._pacer = Pacer(link, meter, channels, clock.monotonic_s())
        self._teller = Teller(meter, self._pacer, link)
        self._down_since_s: float | None = None
        self._woken = asyncio.Event()

    def wake(self, *, urgent: bool = False) -> None:
        """There is something to send; urgent: now, and a pause between retries is cut short."""
        self._pacer.journaled(urgent=urgent)
        self._woken.set()

    async def flush(self) -> bool:
        """Exchange until everything is acknowledged, whatever the plan says.

        False: the link is down, or the server takes nothing.
        """
        while True:
            outcome = await self._once(Send.ENTRIES)
            if outcome is not Outcome.FORWARD:
                return outcome is Outcome.IDLE

    async def run(self) -> None:
        """Deliver until cancelled."""
        while True:
            self._woken.clear()
            self._meter.poll()
            self._tell()
            step = self._pacer.step(self._clock.monotonic_s())
            if step.send is Send.WAIT:
                await self._wait(step.wait_s)
            else:
                await self._once(step.send)

    async def _once(self, send: Send) -> Outcome:
        payload = self._compose(send)
        if payload is None:
            self._pacer.nothing_left()
            return Outcome.IDLE
        carried = self._delivery.carried
        self._pacer.begins(send, len(payload), carried)
        try:
            answer = await self._exchange(payload)
        except LinkDown as error:
            self._delivery.failed()
            self._pacer.stuck(self._clock.monotonic_s(), down=True)
            self._lost(error)
            return Outcome.DOWN
        except BaseException:
            self._delivery.failed()
            raise
        forward = self._delivery.answered(answer)
        now_s = self._clock.monotonic_s()
        self._pacer.watching(self._delivery.watching_s, now_s)
        if forward:
            self._pacer.forward(send, len(payload), carried, now_s)
        else:
            self._pacer.stuck(now_s, down=False)
        self._restored()
        return Outcome.FORWARD if forward else Outcome.STUCK

    def _compose(self, send: Send) -> bytes | None:
        if send is Send.PROBE:
            return self._delivery.probe()
        return self._delivery.compose(self._live() if send is Send.LIVE else None)

    def _lost(self, error: LinkDown) -> None:
        if self._down_since_s is not None:
            return
        self._down_since_s = self._clock.monotonic_s()
        logger.warning("link lost: %s", error)
        self._note(Event(int(self._clock.wall_s()), LOST))

    def _restored(self) -> None:
        if self._down_since_s is None:
            return
        seconds = round(self._clock.monotonic_s() - self._down_since_s)
        self._down_since_s = None
        logger.info("link restored after %d s", seconds)
        self._note(Event(int(self._clock.wall_s()), RESTORED, {"seconds": seconds}))

    def _tell(self) -> None:
        """Journal what the finished days used, and what the running one does while somebody watches."""
        events = self._teller.due(self._clock.monotonic_s(), self._clock.wall_s())
        if events and self._teller.urgent:
            logger.warning("the data plan is used up but for the reserve: minutes wait, alarms go")
        for event in events:
            self._note(event, urgent=self._teller.urgent)

    def _note(self, event: Event, *, urgent: bool = False) -> None:
        """Journal an event of the link's own; if not urgent it goes with the next minutes."""
        self._keeper.append([event])
        self._pacer.journaled(urgent=urgent)

    async def _wait(self, seconds: float | None) -> None:
        """Wait until woken, at most so long, and no longer than the meter may go unread."""
        limit_s = _LONGEST_WAIT_S if seconds is None else min(seconds, _LONGEST_WAIT_S)
        waits = [
            asyncio.ensure_future(self._woken.wait()),
            asyncio.ensure_future(self._clock.sleep(limit_s)),
        ]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
