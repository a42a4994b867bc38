"""The running edge: real frames on a simulated bus, a simulated clock, a model server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from tests.support.edge import NOON, clock_at_noon
from tests.support.model_server import ModelServer
from tests.support.waiting import until

from stallaini.clock import VirtualClock
from stallaini.devices.can_battery.simulator import BatteryState, encode_burst
from stallaini.devices.can_bus.simbus import Hub
from stallaini.devices.catalogue import load_kinds
from stallaini.edge.program import run_edge
from stallaini.errors import OperatorError
from stallaini.link.messages import Event, Minute
from stallaini.site.config import SiteConfig, parse_site

SITE = """\
[site]
name = "lab"
title = "The lab"
timezone = "UTC"

[devices.battery]
kind = "can_battery"
bus = "simbus:{bus}"
profile = "pylontech-1.2"
"""


@dataclass
class Plant:
    """A bus with a battery on it, and the edge's surroundings."""

    folder: Path
    hub: Hub
    config: SiteConfig
    clock: VirtualClock = field(default_factory=clock_at_noon)
    server: ModelServer = field(default_factory=ModelServer)

    async def exchange(self, payload: bytes) -> bytes:
        return self.server.handle(payload)

    @asynccontextmanager
    async def edge(self) -> AsyncIterator[None]:
        """The edge runs inside the block, and is stopped at its end."""
        running = asyncio.create_task(run_edge(self.config, self.folder, self.clock, self.exchange))
        try:
            while not self.hub.peers:
                assert not running.done(), running.exception()
                await asyncio.sleep(0.005)
            yield
            await asyncio.sleep(0.02)
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)

    async def live(self, seconds: int, amperes: float, raised: frozenset[str] = frozenset()) -> None:
        """Put a burst a second on the bus and let time pass."""
        for _ in range(seconds):
            state = BatteryState(voltage_v=50.0, current_a=amperes, soc_pct=60, raised=raised)
            for can_id, data in encode_burst("pylontech-1.2", state):
                await self.hub.send(can_id, data)
            await self.hub.drained()
            await asyncio.sleep(0.001)
            self.clock.advance(1)
            await asyncio.sleep(0)

    def minutes(self, series: str) -> list[tuple[int, int | None]]:
        position = [spec.name for spec in self.config.description.series].index(series)
        return [
            (body.minute - NOON, body.values[position])
            for body in self.server.bodies
            if isinstance(body, Minute)
        ]

    def events(self) -> list[str]:
        return [body.kind for body in self.server.bodies if isinstance(body, Event)]


@pytest.fixture
async def plant(tmp_path: Path) -> AsyncIterator[Plant]:
    hub = Hub(tmp_path / "bus")
    await hub.start()
    yield Plant(tmp_path / "data", hub, parse_site(SITE.format(bus=tmp_path / "bus"), load_kinds()))
    await hub.close()


async def test_frames_become_minutes_at_the_server(plant: Plant) -> None:
    async with plant.edge():
        await plant.live(60, amperes=5.0)
        await plant.live(61, amperes=-7.5)
    assert plant.minutes("battery.current.mean") == [(0, 50), (1, -75)]
    assert plant.minutes("battery.power.mean") == [(0, 250), (1, -375)]
    assert plant.events()[:2] == ["edge.started", "can.open"]


async def test_a_restart_loses_no_whole_minute_and_doubles_none(plant: Plant) -> None:
    async with plant.edge():
        await plant.live(90, amperes=5.0)
    async with plant.edge():
        await plant.live(91, amperes=5.0)
    assert plant.minutes("battery.current.mean") == [(0, 50), (1, 50), (2, 50)]


async def test_an_alarm_bit_on_the_bus_is_an_event_within_the_same_second(plant: Plant) -> None:
    async with plant.edge():
        await plant.live(2, amperes=5.0)
        await plant.live(1, amperes=5.0, raised=frozenset({"alarm.high_temperature"}))
        await until(lambda: plant.events()[-1] == "alarm.raised")
        assert "flag.raised" not in plant.events()


async def test_two_edges_on_one_folder_are_refused(plant: Plant) -> None:
    async with plant.edge():
        with pytest.raises(OperatorError, match="another stallaini edge"):
            await run_edge(plant.config, plant.folder, plant.clock, plant.exchange)
