"""The courier: carries uplinks to the server and answers back, retries, and notices outages."""

from __future__ import annotations

import asyncio
import enum
import logging
from collections.abc import Callable

from stallaini.clock import Clock
from stallaini.edge.exchange import Exchange, LinkDown
from stallaini.edge.keeper import JournalKeeper
from stallaini.edge.uplink import Delivery
from stallaini.link.messages import Downlink, Event, Live
from stallaini.site.config import LinkConfig

logger = logging.getLogger(__name__)

LOST, RESTORED = "link.lost", "link.restored"
_FIRST_PAUSE_S, _LONGEST_PAUSE_S, _URGENT_PAUSE_S = 2.0, 60.0, 5.0


class Outcome(enum.Enum):
    """How one exchange ended: nothing to send, something brought forward, nothing so, no answer."""

    IDLE = enum.auto()
    FORWARD = enum.auto()
    STUCK = enum.auto()
    DOWN = enum.auto()


class Courier:
    """Runs a Delivery over an Exchange, one exchange at a time, and sends live values while wanted.

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
        heard: Callable[[Downlink, float], None] = lambda _downlink, _round_trip_s: None,
    ) -> None:
        self._delivery = delivery
        self._keeper = keeper
        self._exchange = exchange
        self._clock = clock
        self._link = link
        self._live = live
        self._heard = heard
        self._live_sent_s = clock.monotonic_s() - link.live_interval_s
        self._watched_until_s = 0.0
        self._live_until_s = 0.0
        self._down_since_s: float | None = None
        self._pause_s = _FIRST_PAUSE_S
        self._woken = asyncio.Event()
        self._urgent = asyncio.Event()

    def wake(self, *, urgent: bool = False) -> None:
        """There is something to send; urgent: also cut a pause between retries short."""
        self._woken.set()
        if urgent:
            self._urgent.set()

    def live_for(self, seconds: float) -> None:
        """Send live values for so long, whoever watches; 0 ends it."""
        self._live_until_s = self._clock.monotonic_s() + seconds
        self._woken.set()

    async def flush(self) -> bool:
        """Exchange until everything is acknowledged. False: the link is down, or the server takes nothing."""
        while True:
            outcome = await self._once(None)
            if outcome is not Outcome.FORWARD:
                return outcome is Outcome.IDLE

    async def run(self) -> None:
        """Deliver until cancelled."""
        while True:
            self._woken.clear()
            self._urgent.clear()
            outcome = await self._once(self._live() if self._live_due_in_s() == 0 else None)
            if outcome is Outcome.FORWARD:
                self._pause_s = _FIRST_PAUSE_S
            elif outcome is Outcome.IDLE:
                await self._until(self._woken, self._live_due_in_s())
            else:
                await self._pause()

    async def _once(self, live: Live | None) -> Outcome:
        payload = self._delivery.compose(live)
        if payload is None:
            return Outcome.IDLE
        if live is not None:
            self._live_sent_s = self._clock.monotonic_s()
        sent_s = self._clock.monotonic_s()
        try:
            answer = await self._exchange(payload)
        except LinkDown as error:
            self._delivery.failed()
            self._lost(error)
            return Outcome.DOWN
        except BaseException:
            self._delivery.failed()
            raise
        forward = self._delivery.answered(answer)
        if self._delivery.downlink is not None:
            self._heard(self._delivery.downlink, self._clock.monotonic_s() - sent_s)
        self._watched_until_s = self._clock.monotonic_s() + self._delivery.watching_s
        self._restored()
        return Outcome.FORWARD if forward else Outcome.STUCK

    def _lost(self, error: LinkDown) -> None:
        if self._down_since_s is not None:
            return
        self._down_since_s = self._clock.monotonic_s()
        logger.warning("link lost: %s", error)
        self._keeper.append([Event(int(self._clock.wall_s()), LOST)])

    def _restored(self) -> None:
        if self._down_since_s is None:
            return
        seconds = round(self._clock.monotonic_s() - self._down_since_s)
        self._down_since_s = None
        logger.info("link restored after %d s", seconds)
        self._keeper.append([Event(int(self._clock.wall_s()), RESTORED, {"seconds": seconds})])

    def _live_due_in_s(self) -> float | None:
        """Seconds until a live snapshot is due; None: nobody wants one."""
        now_s = self._clock.monotonic_s()
        watched = self._link.live == "watched" and now_s < self._watched_until_s
        if not watched and self._link.live != "always" and now_s >= self._live_until_s:
            return None
        return max(0.0, self._live_sent_s + self._link.live_interval_s - now_s)

    async def _pause(self) -> None:
        """Wait before the next try; an urgent entry shortens the wait to 5 s from the try."""
        pause_s, self._pause_s = self._pause_s, min(2 * self._pause_s, _LONGEST_PAUSE_S)
        tried_s = self._clock.monotonic_s()
        if await self._until(self._urgent, pause_s):
            left_s = tried_s + min(pause_s, _URGENT_PAUSE_S) - self._clock.monotonic_s()
            if left_s > 0:
                await self._clock.sleep(left_s)

    async def _until(self, event: asyncio.Event, seconds: float | None) -> bool:
        """Wait for the event, or at most `seconds`; returns whether the event came."""
        if seconds is None:
            return await event.wait()
        waits = [asyncio.ensure_future(event.wait()), asyncio.ensure_future(self._clock.sleep(seconds))]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
        return event.is_set()
