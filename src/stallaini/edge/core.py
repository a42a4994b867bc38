"""The edge without its wires: readings in, minutes and events journaled and delivered."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from stallaini import __version__
from stallaini.edge.alarms import Alarms
from stallaini.edge.command_kinds import Handler, LinkMode, LiveValues, Ping
from stallaini.edge.commands import Commands
from stallaini.edge.courier import Courier
from stallaini.edge.exchange import Exchange
from stallaini.edge.flags import FlagWatcher
from stallaini.edge.inbox import Inbox
from stallaini.edge.journal import Origin
from stallaini.edge.keeper import JournalKeeper
from stallaini.edge.measures import Measures
from stallaini.edge.memory import Memory, decode_memory
from stallaini.edge.meter import Meter
from stallaini.edge.minutes import BEHIND_MINUTES, MinuteTicker, nearest_minute
from stallaini.edge.sampler import Sampler
from stallaini.edge.timekeeper import CLAIMED, KNOWN, UNKNOWN, ClockNews, Timekeeper
from stallaini.edge.uplink import Delivery
from stallaini.edge.usage import Usage
from stallaini.link.messages import Answer, Downlink, Event, Live, Scalar, TimeQuality
from stallaini.link.model import Model
from stallaini.site.config import SiteConfig
from stallaini.site.reading import Reading

logger = logging.getLogger(__name__)

STARTED, STOPPED = "edge.started", "edge.stopped"
_LONGEST_TEXT = 160
_LONGEST_WAIT_S = 1.0


class EdgeCore:
    """One site's time, sampler, flag watcher, journal, courier and commands; a meter, if it is metered.

    Drivable by hand under any clock: `on_reading`, `on_event`, `tick` or `minute_ended`, then `await flush()`
    and `await commands.act_due()`; the running program drives it from the wires and lets `keep_time()` tick,
    `courier.run()` deliver and `commands.run()` act. Without an `inbox` commands are kept in RAM;
    `handlers` are those of kinds that not every site has.
    """

    def __init__(
        self,
        config: SiteConfig,
        keeper: JournalKeeper,
        origin: Origin,
        clock: Timekeeper,
        exchange: Exchange,
        model: Model | None = None,
        inbox: Inbox | None = None,
        meter: Meter | None = None,
        handlers: Sequence[Handler] = (),
    ) -> None:
        self._keeper = keeper
        self._clock = clock
        self._boot_id = origin.boot_id
        self._sampler = Sampler(config.description)
        memory = decode_memory(keeper.memory)
        self._flags = FlagWatcher(config.description, memory.flags, config.alarms)
        self._meter = meter or Meter(Usage(), clock, config.timezone, config.link)
        measures = Measures(keeper, self._meter, clock)
        self.alarms = Alarms(config.alarms, self._sampler, clock, measures.look, memory.alarms)
        self._delivery = Delivery(keeper, origin, model)
        self._delivery.time_wanted = clock.server_wanted()
        self.courier = Courier(
            self._delivery, keeper, exchange, clock, config.link, self.live, self._meter, self._heard
        )
        self.ticker = MinuteTicker(clock, self.minute_ended)
        self._quality = TimeQuality.EXACT
        self._inbox = inbox or Inbox(None)
        every: list[Handler] = [Ping(), LinkMode(self.courier.set_mode), *handlers]
        if config.link.live != "never":
            every.append(LiveValues(self.courier.live_for))
        self.commands = Commands(
            self._inbox, every, clock, origin.boot_id, self.on_event, known_s=clock.known_s
        )
        self._delivery.commands_seen = self.commands.seen_id

    def started(self) -> None:
        """Journal that the program started, since when it was away, and if it does not know the time."""
        last_minute = self._keeper.last_minute
        self.on_event(
            STARTED,
            {
                "version": __version__,
                "boot_id": self._boot_id.hex(),
                "away_since": None if last_minute is None else (last_minute + 1) * 60,
            },
        )
        if not self._clock.synchronized():
            self.on_event(UNKNOWN, {CLAIMED: self._clock.claimed_s})
        self._journal(self.alarms.started())
        self.commands.started()

    async def keep_time(self) -> None:
        """Tick until cancelled; at least once a second, because the clock may be set meanwhile."""
        while True:
            await self._clock.sleep(min(60 - self._clock.wall_s() % 60, _LONGEST_WAIT_S))
            self.tick()

    def tick(self) -> None:
        """Look at the clock: what is there to tell of it, is the server to be asked, is a minute over.

        And judge the alarms.
        """
        self._tell(self._clock.look())
        wanted = self._clock.server_wanted()
        if wanted and not self._delivery.time_wanted and not self._clock.synchronized():
            self.courier.wake(urgent=True)
        self._delivery.time_wanted = wanted
        self._journal(self.alarms.tick())
        self.ticker.tick()

    def on_reading(self, reading: Reading) -> None:
        """Take one reading; a flag it changes, and its alarm, are journaled, and sent, at once."""
        self._sampler.feed(reading)
        flag = self._flags.feed(reading, self._clock.wall_s)
        events = [] if flag is None else [flag]
        self._journal(events + self.alarms.feed(reading))

    def on_event(self, kind: str, data: dict[str, Scalar]) -> None:
        """Journal, and send, at once something that happened."""
        event = Event(int(self._clock.wall_s()), kind, _bounded(data))
        heard = self.alarms.hear(kind, data)
        self._journal([event, *heard], remember=bool(heard))

    def minute_ended(self, minute: int) -> None:
        """Journal the running minute as number `minute`, unless this journal has that minute already.

        It has it when the program restarted within the minute, or the wall clock went back.
        """
        quality, self._quality = self._quality, TimeQuality.EXACT
        if self._keeper.has_minute(minute):
            logger.warning("minute %d is in the journal already: its further readings are left out", minute)
            self._sampler.discard()
            return
        self._keeper.append([self._sampler.close(minute, quality)])
        self.courier.wake()

    def live(self) -> Live:
        """The newest value of every channel, now."""
        return self._sampler.live(int(self._clock.wall_s()), self._clock.monotonic_s())

    def poked(self) -> None:
        """The server has something for the site: call it now."""
        self._delivery.called = True
        self.courier.wake(urgent=True)

    async def flush(self) -> bool:
        """Deliver until all that has a date is acknowledged.

        False: the link is down, or the server takes nothing.
        """
        return await self.courier.flush()

    def stopped(self) -> None:
        """Journal that the program ends in order, and close the journal. The running minute is dropped."""
        self.on_event(STOPPED, {})
        self._meter.save()
        self._keeper.close()
        self._inbox.close()

    def _journal(self, events: Sequence[Event], *, remember: bool = True) -> None:
        """Journal, and send, at once what happened, with what flags and alarms are to remember of it."""
        if not events:
            return
        for event in events:
            logger.info("%s %s", event.kind, event.data or "")
        memory = Memory(self._flags.memory, self.alarms.memory).encode() if remember else None
        self._keeper.append(events, memory)
        self.courier.wake(urgent=True)

    def _heard(self, downlink: Downlink, round_trip_s: float) -> None:
        """An answer came; only one that took the uplink says anything about the time."""
        if downlink.answer is Answer.OK:
            self._tell(self._clock.hear(downlink.time_ms, round_trip_s))
            self._delivery.time_wanted = self._clock.server_wanted()
        self.commands.heard(downlink, round_trip_s)
        self._delivery.commands_seen = self.commands.seen_id

    def _tell(self, news: ClockNews | None) -> None:
        if news is None:
            return
        if news.kind == KNOWN:
            self._time_known()
        self.on_event(*news)

    def _time_known(self) -> None:
        """Date what was journaled so far; the running minute goes on as the wall minute nearest to it."""
        self._keeper.repair()
        nearest = nearest_minute(self._clock.wall_of(self.ticker.minute * 60))
        near = range(nearest, nearest + BEHIND_MINUTES + 1)
        free = (minute for minute in near if not self._keeper.has_minute(minute))
        self.ticker.go_on_as(next(free, nearest))
        self._quality = TimeQuality.REPAIRED


def _bounded(data: dict[str, Scalar]) -> dict[str, Scalar]:
    """The same with long texts cut: an event must fit a message."""
    return {key: value[:_LONGEST_TEXT] if isinstance(value, str) else value for key, value in data.items()}
