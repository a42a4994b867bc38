"""The plan as the running edge keeps it: the real courier and delivery under a simulated clock."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from tests.edge.test_core import World
from tests.support.edge import NOON_S, ORIGIN

from stallaini.edge.core import EdgeCore
from stallaini.edge.keeper import JournalKeeper
from stallaini.edge.meter import Meter
from stallaini.edge.timekeeper import Timekeeper
from stallaini.edge.usage import Usage
from stallaini.link.messages import Event
from stallaini.site.config import LinkConfig

_UP_BYTES, _DOWN_BYTES = 50, 44


class MeteredWorld(World):
    """The same with a meter, which its exchange tells what the real one would."""

    def __init__(self, folder: Path, link: LinkConfig) -> None:
        self._link = link
        self.usage = Usage(folder / "usage.json")
        super().__init__(folder, link)

    def start(self) -> None:
        self.meter = Meter(self.usage, self.clock, "UTC", self._link)
        self.keeper = JournalKeeper(self._folder / "j", 10**8, self.clock, ORIGIN)
        clock = Timekeeper(self.clock, trusted=True)
        self.core = EdgeCore(self._config, self.keeper, ORIGIN, clock, self.exchange, meter=self.meter)
        self.core.started()

    async def exchange(self, payload: bytes) -> bytes:
        self.meter.sent(_UP_BYTES + len(payload), repeated=False)
        answer = await super().exchange(payload)
        self.meter.received(_DOWN_BYTES + len(answer), "acknowledgements")
        return answer

    async def live(self, minutes: int, first: int = 0) -> None:
        """Let minutes end one after the other while the courier works."""
        for number in range(first, first + minutes):
            await self.run(60)
            self.read("battery.current", float(number % 7))
            self.core.minute_ended(NOON_S // 60 + number)

    def told(self) -> list[Event]:
        return [body for body in self.server.bodies if isinstance(body, Event) and body.kind == "link.usage"]


async def test_in_economy_minutes_share_messages(tmp_path: Path) -> None:
    world = MeteredWorld(tmp_path, LinkConfig(mode="economy"))
    await world.live(46)
    assert len([uplink for uplink in world.server.uplinks if uplink.entries]) <= 5
    assert world.minutes == list(range(45))


async def test_a_finished_day_is_told_once_with_its_bytes_by_purpose(tmp_path: Path) -> None:
    world = MeteredWorld(tmp_path, LinkConfig())
    await world.live(5)
    world.clock.advance(12 * 3600)
    await world.live(5, first=725)
    world.core.stopped()
    world.start()
    await world.live(3, first=740)
    (event,) = world.told()
    assert event.data["day"] == "2026-11-18"
    assert event.data["plan"] == 200_000_000
    assert (event.data["mode"], event.data["interval_s"], event.data["interface"]) == ("auto", 60, None)
    purposes = [event.data[name] for name in ("telemetry", "events", "acknowledgements")]
    assert all(isinstance(size, int) and size > 100 for size in purposes)
    assert sum(size for size in purposes if isinstance(size, int)) == sum(
        size for size in (event.data["up"], event.data["down"]) if isinstance(size, int)
    )


async def test_while_somebody_watches_the_running_day_is_told_every_ten_minutes(tmp_path: Path) -> None:
    world = MeteredWorld(tmp_path, LinkConfig(live="never"))
    await world.live(15)
    assert world.told() == []
    world.server.watching_s = 90
    await world.live(25, first=15)
    assert len(world.told()) == 3
    sizes = [msgspec.msgpack.encode((event.kind, event.data)) for event in world.told()]
    assert max(map(len, sizes)) < 260


async def test_a_probe_is_a_small_message_and_what_waits_follows_it(tmp_path: Path) -> None:
    world = MeteredWorld(tmp_path, LinkConfig())
    await world.live(2)
    world.up = False
    await world.live(60, first=2)
    today = world.usage.day(world.meter.day)
    tries = len(world.tries)
    assert today.up["retransmission"] < (tries - 2) * 60
    world.up = True
    await world.live(2, first=62)
    assert world.minutes == list(range(63))
    assert world.events("edge.started") == ["link.lost", "link.restored"]


async def test_a_stop_writes_the_usage_down(tmp_path: Path) -> None:
    world = MeteredWorld(tmp_path, LinkConfig())
    await world.live(2)
    world.core.stopped()
    kept = Usage(tmp_path / "usage.json").day(world.meter.day)
    assert kept.total_bytes == world.meter.standing().used_bytes > 0


async def test_that_minutes_wait_for_the_next_month_is_told_from_the_reserve(tmp_path: Path) -> None:
    world = MeteredWorld(tmp_path, LinkConfig(monthly_mb=3))
    await world.live(2)
    world.meter.received(2_950_000, "retransmission")
    await world.live(30, first=2)
    (event,) = world.told()
    assert (event.data["interval_s"], event.data["live"]) == (0, False)
    assert len(world.minutes) < 10
    world.core.on_event("can.lost", {})
    await world.run(5)
    assert world.events()[-1] == "can.lost"
    assert len(world.minutes) < 10


async def test_a_command_changes_how_the_plan_is_spent_until_its_time_is_over(tmp_path: Path) -> None:
    world = MeteredWorld(tmp_path, LinkConfig())
    await world.live(2)
    world.core.courier.set_mode("economy", NOON_S + 40 * 60)
    world.start()
    await world.live(30, first=2)
    assert len(world.minutes) < 28
    modes = [world.meter.mode]
    await world.live(12, first=32)
    modes.append(world.meter.mode)
    assert modes == ["economy", "auto"]
    assert len(world.minutes) > 40
    with pytest.raises(ValueError, match="no mode"):
        world.core.courier.set_mode("lavish", None)


async def test_live_values_asked_for_by_a_command_are_declined_where_the_plan_does_not_bear_them(
    tmp_path: Path,
) -> None:
    for plan_mb, seen in ((200, 20), (3, 0)):
        folder = tmp_path / str(plan_mb)
        folder.mkdir()
        world = MeteredWorld(folder, LinkConfig(monthly_mb=plan_mb))
        world.meter.received(1_600_000, "other")
        await world.live(2)
        world.core.courier.live_for(120)
        await world.live(4, first=2)
        assert seen <= len(world.server.lives) <= seen + 5


async def test_a_call_for_its_answers_sake_is_a_commands(tmp_path: Path) -> None:
    world = MeteredWorld(tmp_path, LinkConfig(mode="economy"))
    await world.live(2)
    world.core.poked()
    await world.run(5)
    world.core.poked()
    await world.run(5)
    assert world.usage.day(world.meter.day).up["commands"] > 50
