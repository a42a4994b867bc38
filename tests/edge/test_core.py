"""The edge's core on a simulated clock, against a model server: what the running program does, by hand."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.support.edge import NOON, NOON_S, ORIGIN, clock_at_noon, site_config
from tests.support.model_server import ModelServer

from stallaini.clock import VirtualClock
from stallaini.edge.core import EdgeCore
from stallaini.edge.exchange import LinkDown
from stallaini.edge.keeper import JournalKeeper
from stallaini.edge.timekeeper import Timekeeper
from stallaini.link.messages import Event, Minute, TimeQuality
from stallaini.site.config import LinkConfig, Mode
from stallaini.site.reading import Reading

ALARM = "battery.alarm.high_temperature"


class World:
    """One edge, one server, one clock, and a link that is up or down."""

    def __init__(
        self, folder: Path, link: LinkConfig | None = None, clock: VirtualClock | None = None
    ) -> None:
        self.clock = clock or clock_at_noon()
        self.server = ModelServer()
        self.up = True
        self.tries: list[float] = []
        self._folder = folder
        self._config = site_config(link)
        self.start()

    def start(self) -> None:
        """Start the edge, on the journal it left when it ran before."""
        time = Timekeeper(self.clock)
        self.keeper = JournalKeeper(self._folder / "j", 10**8, time, ORIGIN)
        self.core = EdgeCore(self._config, self.keeper, ORIGIN, time, self.exchange)
        self.core.started()

    async def exchange(self, payload: bytes) -> bytes:
        self.tries.append(self.clock.monotonic_s())
        if not self.up:
            raise LinkDown("no answer in time")
        return self.server.handle(payload)

    def minute(self, number: int, amperes: float | None = 5.0) -> None:
        """Live one minute with a reading a second (None: a silent bus)."""
        for _ in range(60):
            if amperes is not None:
                self.read("battery.current", amperes)
            self.clock.advance(1)
        self.core.minute_ended(NOON + number)

    def read(self, channel: str, value: float | bool | None) -> None:
        self.core.on_reading(Reading(channel, self.clock.monotonic_s(), value))

    async def run(self, seconds: float, until: Callable[[], bool] = lambda: False) -> None:
        """Let the courier work for a while of simulated time."""
        running = asyncio.create_task(self.core.courier.run())
        for _ in range(int(seconds * 4)):
            for _ in range(12):
                await asyncio.sleep(0)
            if until():
                break
            self.clock.advance(0.25)
        running.cancel()

    def events(self, *ignored: str) -> list[str]:
        return [
            body.kind for body in self.server.bodies if isinstance(body, Event) and body.kind not in ignored
        ]

    @property
    def minutes(self) -> list[int]:
        return [body.minute - NOON for body in self.server.bodies if isinstance(body, Minute)]


async def test_minutes_reach_the_server_with_what_was_heard(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.minute(0, amperes=5.0)
    world.minute(1, amperes=None)
    assert await world.core.flush()
    values = [body.values[:3] for body in world.server.bodies if isinstance(body, Minute)]
    assert values == [(50, 50, 50), (None, None, None)]


async def test_a_start_tells_version_boot_and_since_when_the_edge_was_away(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.minute(0)
    world.core.stopped()
    world.clock.advance(300)
    world.start()
    await world.core.flush()
    events = [body for body in world.server.bodies if isinstance(body, Event)]
    assert [body.kind for body in events] == ["edge.started", "edge.stopped", "edge.started"]
    assert events[0].data["away_since"] is None
    assert events[2].data == {
        "version": "0.1.0",
        "boot_id": "b007b007b007b007",
        "away_since": NOON_S + 60,
    }


async def test_a_restart_within_a_minute_neither_loses_nor_doubles_it(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.minute(0, amperes=1.0)
    world.read("battery.current", 2.0)
    world.start()
    world.minute(1, amperes=3.0)
    world.start()
    world.core.minute_ended(NOON + 1)
    world.minute(2, amperes=4.0)
    await world.core.flush()
    values = [
        (body.minute - NOON, body.values[0]) for body in world.server.bodies if isinstance(body, Minute)
    ]
    assert values == [(0, 10), (1, 30), (2, 40)]


async def test_a_minute_seen_twice_after_a_clock_step_back_is_journaled_once(tmp_path: Path) -> None:
    world = World(tmp_path)
    for number in (0, 1, 2, 1, 2, 3):
        world.minute(number, amperes=float(number))
    await world.core.flush()
    assert world.minutes == [0, 1, 2, 3]


async def test_an_alarm_is_with_the_server_at_once_and_not_at_the_minute(tmp_path: Path) -> None:
    world = World(tmp_path)
    await world.core.flush()
    world.read(ALARM, False)

    def raised() -> bool:
        return "flag.raised" in world.events()

    running = asyncio.create_task(world.run(5, until=raised))
    await asyncio.sleep(0)
    world.read(ALARM, True)
    raised_s = world.clock.monotonic_s()
    await running
    assert raised()
    assert world.clock.monotonic_s() - raised_s <= 0.5


async def test_an_outage_is_two_events_however_many_tries(tmp_path: Path) -> None:
    world = World(tmp_path)
    await world.core.flush()
    world.up = False
    world.minute(0)
    await world.run(3600)
    assert 80 < len(world.tries) < 100
    world.up = True
    await world.run(120)
    assert world.events("edge.started") == ["link.lost", "link.restored"]
    restored = world.server.bodies[-1]
    assert isinstance(restored, Event)
    assert 3540 < int(restored.data["seconds"] or 0) < 3720
    assert world.minutes == [0]


async def test_an_alarm_cuts_the_pause_between_tries_short(tmp_path: Path) -> None:
    world = World(tmp_path)
    await world.core.flush()
    world.up = False
    world.minute(0)
    await world.run(600)
    world.up = True
    running = asyncio.create_task(world.run(30, until=lambda: "flag.raised" in world.events()))
    for _ in range(40):
        await asyncio.sleep(0)
    raised_s = world.clock.monotonic_s()
    world.read(ALARM, True)
    await running
    assert "flag.raised" in world.events()
    assert world.clock.monotonic_s() - raised_s < 6


async def test_after_six_hours_without_a_link_everything_arrives(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.up = False
    for number in range(360):
        world.minute(number, amperes=number / 10)
        assert not await world.core.flush()
    world.up = True
    assert await world.core.flush()
    assert world.minutes == list(range(360))
    assert world.events("edge.started") == ["link.lost", "link.restored"]


async def test_live_values_travel_only_while_somebody_watches(tmp_path: Path) -> None:
    world = World(tmp_path, LinkConfig(live="watched", live_interval_s=5))
    world.read("battery.current", 5.0)
    await world.run(60)
    assert world.server.lives == []
    world.server.watching_s = 30
    world.minute(0)
    await world.run(60)
    assert 10 <= len(world.server.lives) <= 13
    world.server.watching_s = 0
    seen = len(world.server.lives)
    await world.run(120)
    assert len(world.server.lives) <= seen + 1


async def test_live_always_and_never_mean_what_they_say(tmp_path: Path) -> None:
    always = World(tmp_path, LinkConfig(live="always", live_interval_s=5))
    always.read("battery.current", 5.0)
    always.clock.advance(7)
    await always.run(20)
    assert 3 <= len(always.server.lives) <= 5
    assert always.server.lives[0].values[0] == (50, 12)
    (tmp_path / "never").mkdir()
    never = World(tmp_path / "never", LinkConfig(live="never"))
    never.server.watching_s = 60
    await never.run(60)
    assert never.server.lives == []


async def test_a_long_text_in_an_event_is_cut_to_fit_a_message(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.core.on_event("can.lost", {"bus": "can0", "reason": "x" * 5000})
    assert await world.core.flush()
    assert len(str(world.server.bodies[-1])) < 400


async def test_an_edge_that_does_not_know_the_time_asks_for_it_and_then_delivers(tmp_path: Path) -> None:
    world = World(tmp_path, clock=VirtualClock(600.0, 1000.0, right=False))
    world.server.wall_s = lambda: NOON_S + 3600
    world.core.minute_ended(17)
    assert await world.core.flush()
    assert [len(uplink.entries) > 0 for uplink in world.server.uplinks] == [False, True]
    assert world.events("edge.started") == ["clock.unknown", "clock.known"]
    (found,) = [body for body in world.server.bodies if isinstance(body, Minute)]
    assert (found.minute - NOON, found.quality) == (60, TimeQuality.REPAIRED)


@pytest.mark.parametrize("mode", ["minute", "economy"])
async def test_a_server_that_does_not_know_the_time_either_is_asked_once_a_minute(
    tmp_path: Path, mode: Mode
) -> None:
    world = World(tmp_path, LinkConfig(mode=mode), VirtualClock(600.0, 1000.0, right=False))
    keeping = asyncio.create_task(world.core.keep_time())
    await world.run(600)
    assert 10 <= len(world.server.uplinks) <= 12
    assert world.server.bodies == []
    world.server.wall_s = lambda: NOON_S + world.clock.monotonic_s()
    await world.run(90)
    assert world.events("edge.started") == ["clock.unknown", "clock.known"]
    assert world.minutes[:10] == list(range(16, 26)), "ten minutes without the time, now dated"
    keeping.cancel()


async def test_the_running_edge_ends_its_minutes_on_the_clock_it_is_given(tmp_path: Path) -> None:
    world = World(tmp_path)
    keeping = asyncio.create_task(world.core.keep_time())
    await world.run(200)
    keeping.cancel()
    assert world.minutes == [0, 1, 2]


async def test_live_values_on_command_end_after_their_time(tmp_path: Path) -> None:
    world = World(tmp_path, LinkConfig(live="watched", live_interval_s=5))
    world.read("battery.current", 5.0)
    await world.core.flush()
    world.core.courier.live_for(60)
    await world.run(180)
    assert 11 <= len(world.server.lives) <= 14
    world.core.courier.live_for(60)
    world.core.courier.live_for(0)
    seen = len(world.server.lives)
    await world.run(60)
    assert len(world.server.lives) <= seen + 1


async def test_a_poke_makes_the_edge_call_though_it_has_nothing_to_say(tmp_path: Path) -> None:
    world = World(tmp_path)
    await world.core.flush()
    await world.run(60)
    calls = len(world.tries)
    running = asyncio.create_task(world.run(2))
    await asyncio.sleep(0)
    world.core.poked()
    await running
    assert len(world.tries) == calls + 1
