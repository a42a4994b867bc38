"""A Studer system beside the battery, from the wire to the API: real programs, real lines, real trouble."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from tests.support.ports import free_port
from tests.support.programs import SITE, Programs
from tests.support.studer_site import BMS, VARIOTRACK, XTENDER

from stallaini.clock import SharedClock, SystemClock
from stallaini.devices.can_battery.simulator import BatteryState, encode_burst
from stallaini.devices.can_bus.simbus import Hub
from stallaini.devices.studer.messages import StoredMessage
from stallaini.devices.studer.simulator import MemoryPlant, ScomGateway
from stallaini.server.now import LIVE_WITHIN_S
from stallaini.twin.wires.byte_ends import ByteEnd, end_of

NOON_S = 1_795_003_200.0
SECOND_S, SLOW_SECOND_S = 0.012, 0.06
"""Real seconds that one of the site's takes; more while a time-out of real seconds is waited for."""
STUDER = """
[devices.xcom]
kind = "studer_gateway"
port = "{port}"

[devices.inverter]
kind = "studer_xtender"
gateway = "xcom"

[devices.solar]
kind = "studer_variotrack"
gateway = "xcom"

[devices.cells]
kind = "studer_bms"
gateway = "xcom"
"""


class StuderHouse:
    """The programs, the battery's bus, and a gateway at the end of a line."""

    def __init__(self, folder: Path, ours: str, theirs: str) -> None:
        self.clock = SharedClock.create(folder / "clock", NOON_S)
        self.programs = Programs(folder, folder / "clock")
        text = self.programs.site_file.read_text().replace("[link]\n", '[link]\nlive = "always"\n')
        self.programs.site_file.write_text(text + STUDER.format(port=ours))
        self.hub = Hub(self.programs.bus)
        self.plant = MemoryPlant({101: XTENDER, 301: VARIOTRACK, 601: BMS})
        self.gateway = ScomGateway(self.plant, self.clock.wall_s)
        self.answer: Callable[[bytes], bytes] = self.gateway.feed
        self.second_s = SECOND_S
        self._theirs = theirs
        self._end: ByteEnd | None = None

    async def plug_in(self) -> None:
        """The gateway is on the line."""
        self._end = end_of(self._theirs, SystemClock())
        await self._end.start(lambda data: self.answer(data))

    async def pull_out(self) -> None:
        """The line is gone."""
        if self._end is not None:
            await self._end.close()
            self._end = None

    async def live(self, seconds: int) -> None:
        """Let time pass, with a burst of the battery's frames each second."""
        for _ in range(seconds):
            state = BatteryState(voltage_v=53.0, current_a=8.0, soc_pct=71)
            for can_id, data in encode_burst("pylontech-1.2", state):
                await self.hub.send(can_id, data)
            await self.hub.drained()
            self.clock.advance(1)
            await asyncio.sleep(self.second_s)

    async def now(self) -> dict[str, Any]:
        """Every channel of `GET /now`."""
        channels: dict[str, Any] = (await self.programs.ask(f"/api/v1/sites/{SITE}/now"))["channels"]
        return channels

    async def until(self, holds: Callable[[dict[str, Any]], bool], limit_s: int) -> dict[str, Any]:
        """Let time pass until what `GET /now` says holds; the battery must be fresh all the while."""
        for _ in range(0, limit_s, 5):
            await self.live(5)
            now = await self.settled()
            if holds(now):
                return now
        raise AssertionError(f"{now}\n{self.programs.log('edge')}")

    async def settled(self) -> dict[str, Any]:
        """What `GET /now` says once the programs have kept up: the battery's newest values have come."""
        for _ in range(60):
            now = await self.now()
            if now.get("battery.current", {}).get("quality") == "fresh":
                return now
            await asyncio.sleep(0.05)
            await self.live(1)
        raise AssertionError(f"the battery is not fresh: {now}\n{self.programs.log('edge')}")

    async def until_told(self, kind: str) -> None:
        """Let time pass until an event of this kind is at the server."""
        for _ in range(400):
            if await self.told(kind):
                return
            await self.live(5)
        raise AssertionError(self.programs.log("edge"))

    async def told(self, kind: str) -> list[dict[str, Any]]:
        """The events of a kind, as the API has them."""
        query = urlencode({"limit": 1000, "start": iso(NOON_S)})
        events = await self.programs.ask(f"/api/v1/sites/{SITE}/events?{query}")
        return [event["data"] for event in events["events"] if event["kind"] == kind]

    async def minutes(self, series: str) -> list[float | None]:
        """A series from the first whole minute to the last."""
        end_s = self.clock.wall_s() // 60 * 60 - 60
        query = {"name": series, "points": 1440, "start": iso(NOON_S + 60), "end": iso(end_s)}
        answer = await self.programs.ask(f"/api/v1/sites/{SITE}/series?{urlencode(query)}")
        return list(answer["mean"])


@asynccontextmanager
async def house(folder: Path, ours: str, theirs: str) -> AsyncIterator[StuderHouse]:
    it = StuderHouse(folder, ours, theirs)
    programs = it.programs
    try:
        programs.enrol(programs.coap_port)
        programs.start_server()
        await it.hub.start()
        await it.plug_in()
        await programs.until_served()
        programs.start_edge()
        await programs.until_listening()
        yield it
    finally:
        programs.stop()
        await it.pull_out()
        await it.hub.close()


def iso(at_s: float) -> str:
    return datetime.fromtimestamp(at_s, UTC).isoformat()


def fresh(*channels: str) -> Callable[[dict[str, Any]], bool]:
    return lambda now: all(now.get(channel, {}).get("quality") == "fresh" for channel in channels)


ALL = ("inverter.ac_power", "inverter.mode", "solar.power", "solar.mode", "cells.soc", "xcom.link")


async def values_arrive(it: StuderHouse) -> None:
    it.plant.stored = [StoredMessage(207, 101, int(NOON_S), 0)]
    now = await it.until(fresh(*ALL, "inverter.energy_consumed_today"), 120)
    assert now["inverter.ac_power"]["value"] == 640
    assert now["solar.mode"] == {**now["solar.mode"], "value": 9, "text": "curtailed: voltage"}
    assert now["solar.curtailed"]["value"] is True
    assert now["inverter.battery_temperature"]["quality"] == "absent"
    await it.live(190)
    assert set(await it.minutes("inverter.ac_power.mean")) == {650}
    assert set(await it.minutes("inverter.ac_apparent_power.max")) == {1900}
    assert set(await it.minutes("solar.power.mean")) == {1100}
    assert {found["address"] for found in await it.told("studer.found")} == {101, 301, 601}
    assert [message["number"] for message in await it.told("studer.message")] == [207]


async def goes_stale(it: StuderHouse) -> None:
    """What follows on trouble that has just begun."""
    begun_s = it.clock.monotonic_s()
    it.second_s = SLOW_SECOND_S
    now = await it.until(lambda now: now["solar.power"]["quality"] == "stale", 120)
    longest_s = 35 + LIVE_WITHIN_S + 15
    assert now["solar.power"]["age_s"] is not None
    assert it.clock.monotonic_s() - begun_s <= longest_s
    await it.until_told("studer.lost")


async def comes_back(it: StuderHouse) -> None:
    """What follows when the trouble is over; the battery never knew of it."""
    await it.until_told("studer.heard")
    it.second_s = SECOND_S
    await it.until(fresh(*ALL), 120)
    await it.live(60)
    for kind in ("studer.lost", "studer.heard"):
        assert [event["device"] for event in await it.told(kind)] == ["xcom"], it.programs.log("edge")
    assert None not in await it.minutes("battery.current.mean")
    assert not await it.told("battery.lost")


async def pulled_out(folder: Path) -> None:
    """On a serial line."""
    line = folder / "tty"
    async with house(folder, f"serial:{line}@38400", f"pty:{line}") as it:
        await values_arrive(it)
        await it.pull_out()
        await goes_stale(it)
        await it.plug_in()
        await comes_back(it)


async def garbled(folder: Path) -> None:
    """Over TCP, to a gateway that answers garbage for a while."""
    place = f"127.0.0.1:{free_port(socket.SOCK_STREAM)}"
    async with house(folder, f"tcp:{place}", f"listen:{place}") as it:
        await values_arrive(it)
        it.answer = lambda data: b"\xaa\x00\xff" * 30 + data[::-1]
        await goes_stale(it)
        it.answer = it.gateway.feed
        await comes_back(it)


async def busy(folder: Path) -> None:
    """Called over TCP by a serial server, whose gateway is busy for a while."""
    place = f"127.0.0.1:{free_port(socket.SOCK_STREAM)}"
    async with house(folder, f"listen:{place}", f"tcp:{place}") as it:
        await values_arrive(it)
        it.gateway.faults.busy_until_s = float("inf")
        await goes_stale(it)
        it.gateway.faults.busy_until_s = 0.0
        await comes_back(it)


@pytest.mark.long
async def test_each_way_to_a_gateway_with_trouble_of_its_own(tmp_path: Path) -> None:
    # Together, because most of their time is spent waiting for answers that do not come.
    async with asyncio.TaskGroup() as houses:
        for scene in (pulled_out, garbled, busy):
            folder = tmp_path / scene.__name__
            folder.mkdir()
            houses.create_task(scene(folder))
