"""The courier: carries uplinks to the server and answers back, retries, and notices outages."""

from __future__ import annotations

import asyncio
import enum
import logging
from collections.abc import Callable
from typing import cast, get_args

from stallaini.clock import Clock
from stallaini.edge.exchange import Exchange, LinkDown
from stallaini.edge.keeper import JournalKeeper
from stallaini.edge.meter import Meter
from stallaini.edge.pacer import Pacer, Send, Step
from stallaini.edge.telling import Teller
from stallaini.edge.uplink import Delivery
from stallaini.edge.waiting import came
from stallaini.link.downlink import commands_bytes
from stallaini.link.messages import Downlink, Event, Live
from stallaini.site.config import LinkConfig, Mode

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
    answer and `link.restored` {seconds} at the first with one. `heard` is told every answer, and how many
    seconds it took.
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
        heard: Callable[[Downlink, float], None] = lambda _downlink, _round_trip_s: None,
    ) -> None:
        self._delivery = delivery
        self._keeper = keeper
        self._exchange = exchange
        self._clock = clock
        self._live = live
        self._meter = meter
        self._heard = heard
        channels = len(live().values)
        self._pacer = Pacer(link, meter, channels, clock.monotonic_s())
        self._teller = Teller(meter, self._pacer, link)
        self._down_since_s: float | None = None
        self._woken = asyncio.Event()

    def wake(self, *, urgent: bool = False) -> None:
        """There is something to send; urgent: now, and a pause between retries is cut short."""
        self._pacer.journaled(urgent=urgent)
        self._woken.set()

    def live_for(self, seconds: float) -> None:
        """Send live values for so long, whoever watches, if the plan bears it; 0 ends it."""
        self._pacer.live_for(seconds, self._clock.monotonic_s())
        self._woken.set()

    def set_mode(self, mode: str, until_s: int | None) -> None:
        """Spend the plan in that mode until that Unix second; None: for good. Raises ValueError."""
        if mode not in get_args(Mode):
            raise ValueError(f"{mode!r} is no mode")
        self._meter.ask_mode(cast(Mode, mode), until_s)
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
            step = await self.step()
            if step.send is Send.WAIT:
                await self._wait(step.wait_s)

    async def step(self) -> Step:
        """Do what the plan and what waits call for now: one exchange at most. Returns what it was.

        After a WAIT there is nothing to do until so long later, or until something is journaled.
        """
        self._meter.poll()
        self._tell()
        step = self._pacer.step(self._clock.monotonic_s())
        if step.send is not Send.WAIT:
            await self._once(step.send)
        return step

    async def _once(self, send: Send) -> Outcome:
        payload = self._compose(send)
        if payload is None:
            self._pacer.nothing_left()
            return Outcome.IDLE
        carried = self._delivery.carried
        self._pacer.begins(send, len(payload), carried)
        sent_s = self._clock.monotonic_s()
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
        if self._delivery.downlink is not None:
            self._meter.brought("commands", commands_bytes(self._delivery.downlink))
            self._heard(self._delivery.downlink, now_s - sent_s)
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
        live = self._live() if send is Send.LIVE else None
        return self._delivery.compose(live, events_only=self._pacer.holds_minutes)

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
        await came(self._woken, self._clock, limit_s)
