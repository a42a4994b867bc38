"""The edge without its wires: readings in, minutes and events journaled and delivered."""

from __future__ import annotations

import logging

from stallaini import __version__
from stallaini.clock import Clock
from stallaini.edge.command_kinds import Handler, LinkMode, LiveValues, Ping
from stallaini.edge.commands import Commands
from stallaini.edge.courier import Courier
from stallaini.edge.exchange import Exchange
from stallaini.edge.flags import FlagWatcher
from stallaini.edge.inbox import Inbox
from stallaini.edge.journal import Origin
from stallaini.edge.keeper import JournalKeeper
from stallaini.edge.meter import Meter
from stallaini.edge.sampler import Sampler
from stallaini.edge.uplink import Delivery
from stallaini.edge.usage import Usage
from stallaini.link.messages import Downlink, Event, Live, Scalar
from stallaini.link.model import Model
from stallaini.site.config import SiteConfig
from stallaini.site.reading import Reading

logger = logging.getLogger(__name__)

STARTED, STOPPED = "edge.started", "edge.stopped"
_LONGEST_TEXT = 160


class EdgeCore:
    """One site's sampler, flag watcher, journal, courier and commands; without a meter nothing is metered.

    Drivable by hand under any clock: `on_reading`, `on_event`, `minute_ended`, then `await flush()` and
    `await commands.act_due()`; the running program drives it from the wires and lets `courier.run()` deliver
    and `commands.run()` act. Without an `inbox` commands are kept in RAM.
    """

    def __init__(
        self,
        config: SiteConfig,
        keeper: JournalKeeper,
        origin: Origin,
        clock: Clock,
        exchange: Exchange,
        model: Model | None = None,
        inbox: Inbox | None = None,
        meter: Meter | None = None,
    ) -> None:
        self._keeper = keeper
        self._clock = clock
        self._boot_id = origin.boot_id
        self._sampler = Sampler(config.description)
        self._flags = FlagWatcher(config.description, keeper.memory)
        self._meter = meter or Meter(Usage(), clock, config.timezone, config.link)
        self._delivery = Delivery(keeper, origin, model)
        self.courier = Courier(
            self._delivery, keeper, exchange, clock, config.link, self.live, self._meter, self._heard
        )
        self._inbox = inbox or Inbox(None)
        handlers: list[Handler] = [Ping(), LinkMode(self.courier.set_mode)]
        if config.link.live != "never":
            handlers.append(LiveValues(self.courier.live_for))
        self.commands = Commands(
            self._inbox, handlers, clock, origin.boot_id, self.on_event, known_s=clock.wall_s
        )
        self._delivery.commands_seen = self.commands.seen_id

    def started(self) -> None:
        """Journal that the program started, and since when it was away."""
        last_minute = self._keeper.last_minute
        self.on_event(
            STARTED,
            {
                "version": __version__,
                "boot_id": self._boot_id.hex(),
                "away_since": None if last_minute is None else (last_minute + 1) * 60,
            },
        )
        self.commands.started()

    def on_reading(self, reading: Reading) -> None:
        """Take one reading; a flag it changes is journaled, and sent, at once."""
        self._sampler.feed(reading)
        event = self._flags.feed(reading, self._clock.wall_s())
        if event is not None:
            logger.info("%s: %s", event.kind, event.data["channel"])
            self._keeper.append([event], self._flags.memory)
            self.courier.wake(urgent=True)

    def on_event(self, kind: str, data: dict[str, Scalar]) -> None:
        """Journal, and send, at once something that happened."""
        logger.info("%s %s", kind, data or "")
        self._keeper.append([Event(int(self._clock.wall_s()), kind, _bounded(data))])
        self.courier.wake(urgent=True)

    def minute_ended(self, minute: int) -> None:
        """Journal the running minute as number `minute`, unless this journal has that minute already.

        It has it when the program restarted within the minute, or the wall clock went back.
        """
        if self._keeper.has_minute(minute):
            logger.warning("minute %d is in the journal already: its further readings are left out", minute)
            self._sampler.discard()
            return
        self._keeper.append([self._sampler.close(minute)])
        self.courier.wake()

    def live(self) -> Live:
        """The newest value of every channel, now."""
        return self._sampler.live(int(self._clock.wall_s()), self._clock.monotonic_s())

    def poked(self) -> None:
        """The server has something for the site: call it now."""
        self._delivery.called = True
        self.courier.wake(urgent=True)

    async def flush(self) -> bool:
        """Deliver until everything is acknowledged. False: the link is down, or the server takes nothing."""
        return await self.courier.flush()

    def stopped(self) -> None:
        """Journal that the program ends in order, and close the journal. The running minute is dropped."""
        self.on_event(STOPPED, {})
        self._meter.save()
        self._keeper.close()
        self._inbox.close()

    def _heard(self, downlink: Downlink, round_trip_s: float) -> None:
        self.commands.heard(downlink, round_trip_s)
        self._delivery.commands_seen = self.commands.seen_id


def _bounded(data: dict[str, Scalar]) -> dict[str, Scalar]:
    """The same with long texts cut: an event must fit a message."""
    return {key: value[:_LONGEST_TEXT] if isinstance(value, str) else value for key, value in data.items()}
