"""Who watches a site, and what a listener gets told."""

from __future__ import annotations

import asyncio

from stallaini.clock import VirtualClock
from stallaini.link.messages import Live, Minute
from stallaini.server.live import LiveHub, News
from stallaini.site.description import Description

SITE = Description("lab", "Lab", "UTC", None, None, (), (), (), ())


def hub_and_clock() -> tuple[LiveHub, VirtualClock]:
    clock = VirtualClock(wall_s=1_794_830_400)
    return LiveHub(clock), clock


async def test_a_listener_is_told_of_live_values_and_minutes() -> None:
    hub, _ = hub_and_clock()
    with hub.subscribe("lab") as subscription:
        hub.publish("lab", Live(5, ()), SITE)
        assert await subscription.news(1.0) == News(live=True, minute=None, alarms=False, closed=False)
        hub.publish("lab", Minute(7, ()), SITE)
        assert await subscription.news(1.0) == News(live=False, minute=7, alarms=False, closed=False)
        assert await subscription.news(0.01) == News(live=False, minute=None, alarms=False, closed=False)


async def test_a_slow_listener_finds_only_the_newest() -> None:
    hub, _ = hub_and_clock()
    with hub.subscribe("lab") as subscription:
        for minute in range(10_000):
            hub.publish("lab", Minute(minute, ()), SITE)
        hub.publish("lab", Minute(3, ()), SITE)
        assert (await subscription.news(1.0)).minute == 9_999
        assert (await subscription.news(0.01)).minute is None


async def test_listeners_of_other_sites_are_left_alone() -> None:
    hub, _ = hub_and_clock()
    with hub.subscribe("other") as subscription:
        hub.publish("lab", Live(5, ()), SITE)
        assert not (await subscription.news(0.01)).live


async def test_a_site_is_watched_while_somebody_listens_and_30_s_longer() -> None:
    hub, clock = hub_and_clock()
    assert hub.watching_s("lab") == 0
    with hub.subscribe("lab"):
        clock.advance(3600)
        assert hub.watching_s("lab") == 30
        assert hub.watchers() == 1
    clock.advance(29)
    assert hub.watching_s("lab") == 1
    clock.advance(1)
    assert hub.watching_s("lab") == 0
    assert hub.watchers() == 0


async def test_a_question_makes_a_site_watched_and_a_shorter_one_does_not_cut_it() -> None:
    hub, clock = hub_and_clock()
    hub.watch("lab", 60)
    clock.advance(10)
    hub.watch("lab", 5)
    assert hub.watching_s("lab") == 50
    clock.advance(49.5)
    assert hub.watching_s("lab") == 1


async def test_closing_ends_every_listener_now_and_later() -> None:
    hub, _ = hub_and_clock()
    with hub.subscribe("lab") as subscription:
        waiting = asyncio.create_task(subscription.news(60))
        await asyncio.sleep(0)
        hub.close()
        assert (await waiting).closed
        assert (await subscription.news(60)).closed
    with hub.subscribe("lab") as late:
        assert (await late.news(60)).closed


async def test_the_hub_remembers_when_a_site_was_heard() -> None:
    hub, clock = hub_and_clock()
    assert hub.heard_wall_s("lab") is None
    hub.publish("lab", Minute(1, ()), SITE)
    assert hub.heard_wall_s("lab") == clock.wall_s()
    assert (hub.minutes_published("lab"), hub.snapshot("lab")) == (1, None)


def test_whoever_begins_to_watch_is_told_of_once() -> None:
    clock, began = VirtualClock(wall_s=1_783_684_800.0), list[str]()
    hub = LiveHub(clock, began.append)
    hub.watch("noto", 60)
    hub.watch("noto", 60)
    with hub.subscribe("noto"):
        clock.advance(3600)
        hub.watch("noto", 60)
    assert began == ["noto"]
    clock.advance(61)
    with hub.subscribe("noto"), hub.subscribe("noto"):
        hub.watch("cabin", 1)
    assert began == ["noto", "noto", "cabin"]
