"""What is new this minute: the newest live snapshot per site, who watches, and who wants to be told."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from stallaini.clock import Clock
from stallaini.link.messages import Live, Minute
from stallaini.site.description import Description

CONNECTED_WATCH_S = 30
ASKED_WATCH_S = 60
LONGEST_ASKED_WATCH_S = 600


class Snapshot(NamedTuple):
    """A live message as it arrived; its positions mean the channels of `description`."""

    live: Live
    description: Description
    received_monotonic_s: float


class News(NamedTuple):
    """What happened since a subscriber last looked; `closed` means nothing more will come."""

    live: bool
    minute: int | None
    alarms: bool
    closed: bool


class Subscription:
    """One listener on one site. Holds no queue: a slow listener simply finds the newest state."""

    def __init__(self) -> None:
        self._wake = asyncio.Event()
        self._live = False
        self._minute: int | None = None
        self._alarms = False
        self._closed = False

    def tell(self, news: Live | Minute) -> None:
        """Note that something changed."""
        if isinstance(news, Minute):
            self._minute = news.minute if self._minute is None else max(self._minute, news.minute)
        else:
            self._live = True
        self._wake.set()

    def tell_alarms(self) -> None:
        """Note that an alarm of the site changed."""
        self._alarms = True
        self._wake.set()

    def close(self) -> None:
        """End the subscription from the server's side."""
        self._closed = True
        self._wake.set()

    async def news(self, timeout_s: float) -> News:
        """What changed, at once or within `timeout_s` real seconds; all empty when nothing did."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._wake.wait(), timeout_s)
        news = News(self._live, self._minute, self._alarms, self._closed)
        self._live, self._minute, self._alarms = False, None, False
        if not self._closed:
            self._wake.clear()
        return news


@dataclass
class _SiteNews:
    snapshot: Snapshot | None = None
    heard_wall_s: float | None = None
    description: Description | None = None
    minutes_published: int = 0
    watched_until_s: float = float("-inf")
    subscribers: set[Subscription] = field(default_factory=set)


class LiveHub:
    """In memory only: after a restart the store's newest minutes speak until the site is heard again.

    Used from the event loop's thread. `began(site)` is called when somebody begins to watch a site that
    nobody watched.
    """

    def __init__(self, clock: Clock, began: Callable[[str], None] = lambda _site: None) -> None:
        self._clock = clock
        self._began = began
        self._sites: dict[str, _SiteNews] = {}
        self._closed = False

    def publish(self, site: str, news: Live | Minute, description: Description) -> None:
        """Take what `site` just sent (a minute: after it is durable) and wake its subscribers."""
        entry = self._entry(site)
        entry.heard_wall_s = self._clock.wall_s()
        entry.description = description
        if isinstance(news, Live):
            entry.snapshot = Snapshot(news, description, self._clock.monotonic_s())
        else:
            entry.minutes_published += 1
        for subscription in entry.subscribers:
            subscription.tell(news)

    def alarmed(self, site: str) -> None:
        """Wake those who look at `site`: one of its alarms was raised, cleared or attended to."""
        for subscription in self._entry(site).subscribers:
            subscription.tell_alarms()

    def snapshot(self, site: str) -> Snapshot | None:
        """The newest live message of `site` since this program started."""
        entry = self._sites.get(site)
        return entry.snapshot if entry else None

    def description(self, site: str) -> Description | None:
        """What `site` last spoke under, which may not be stored yet."""
        entry = self._sites.get(site)
        return entry.description if entry else None

    def heard_wall_s(self, site: str) -> float | None:
        """Unix time at which something of `site` was last published here."""
        entry = self._sites.get(site)
        return entry.heard_wall_s if entry else None

    def minutes_published(self, site: str) -> int:
        """A count that changes whenever newer minutes of `site` may be in the store."""
        entry = self._sites.get(site)
        return entry.minutes_published if entry else 0

    def watch(self, site: str, seconds: float) -> None:
        """Somebody looks at `site` for the next `seconds`."""
        entry, watched = self._entry(site), self.watching_s(site) > 0
        entry.watched_until_s = max(entry.watched_until_s, self._clock.monotonic_s() + seconds)
        if not watched:
            self._began(site)

    def watching_s(self, site: str) -> int:
        """For how many whole seconds more `site` counts as watched; 0 when nobody looks."""
        entry = self._sites.get(site)
        if entry is None:
            return 0
        left_s = entry.watched_until_s - self._clock.monotonic_s()
        if entry.subscribers:
            left_s = max(left_s, CONNECTED_WATCH_S)
        return int(max(0.0, left_s) + 0.999)

    def watchers(self) -> int:
        """How many subscriptions are open, over all sites."""
        return sum(len(entry.subscribers) for entry in self._sites.values())

    @contextlib.contextmanager
    def subscribe(self, site: str) -> Iterator[Subscription]:
        """A subscription for the length of a `with`; the site stays watched for 30 s after its end."""
        entry, watched = self._entry(site), self.watching_s(site) > 0
        subscription = Subscription()
        if self._closed:
            subscription.close()
        entry.subscribers.add(subscription)
        if not watched:
            self._began(site)
        try:
            yield subscription
        finally:
            entry.subscribers.discard(subscription)
            self.watch(site, CONNECTED_WATCH_S)

    def close(self) -> None:
        """End every subscription, now and later: the server is stopping."""
        self._closed = True
        for entry in self._sites.values():
            for subscription in entry.subscribers:
                subscription.close()

    def _entry(self, site: str) -> _SiteNews:
        return self._sites.setdefault(site, _SiteNews())
