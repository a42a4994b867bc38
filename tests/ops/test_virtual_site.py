"""A house and its edge wired in one process: history and the simulated year hear every device through it."""

from __future__ import annotations

import asyncio

from stallaini.clock import VirtualClock
from stallaini.devices.catalogue import load_kinds
from stallaini.edge.core import EdgeCore
from stallaini.edge.exchange import LinkDown
from stallaini.edge.program import open_core
from stallaini.ops.virtual_site import VirtualSite, steady
from stallaini.site.config import SiteConfig, parse_site
from stallaini.twin.physics.house import house_of

SITE = """
[site]
name = "all"
title = "All wires"
timezone = "Europe/Rome"

[devices.battery]
kind = "can_battery"
bus = "simbus:can.sock"

[devices.xcom]
kind = "studer_gateway"
port = "serial:/dev/ttyUSB0@38400"

[devices.inverter]
kind = "studer_xtender"
gateway = "xcom"

[devices.solar]
kind = "studer_variotrack"
gateway = "xcom"

[devices.bms]
kind = "studer_bms"
gateway = "xcom"

[devices.cells]
kind = "pylontech_rs485"
port = "serial:/dev/ttyUSB1@115200"
"""
NOON_S = 1_782_036_000.0


async def _no_link(payload: bytes) -> bytes:
    raise LinkDown(f"nobody takes {len(payload)} bytes")


def _told(config: SiteConfig, core: EdgeCore) -> dict[str, float]:
    pairs = zip(config.description.channels, core.live().values, strict=True)
    return {spec.name: pair[0] * spec.resolution for spec, pair in pairs if pair is not None}


def test_every_wire_of_the_house_is_heard_and_tells_the_same_battery() -> None:
    config = parse_site(SITE, load_kinds())
    clock = VirtualClock(NOON_S)
    core = open_core(config, None, clock, _no_link, b"boot-id.")
    site = VirtualSite(config, house_of(config), "pylontech-1.2", clock, steady(15.0))
    site.connect(core)
    asyncio.run(_live(site, core, minutes=4))
    told = _told(config, core)
    assert clock.wall_s() == NOON_S + 240
    assert (site.effort.bursts, site.effort.rounds) == (16, 4)
    assert told["solar.power"] > 200
    assert told["inverter.ac_power"] > 20
    voltages_v = [told[f"{name}.voltage"] for name in ("battery", "bms", "cells")]
    voltages_v.append(told["inverter.battery_voltage"])
    assert max(voltages_v) - min(voltages_v) < 0.2
    assert told["cells.modules"] == told["battery.modules"] == 2


def test_while_no_edge_is_connected_the_house_lives_on_unheard() -> None:
    config = parse_site(SITE, load_kinds())
    clock = VirtualClock(NOON_S)
    core = open_core(config, None, clock, _no_link, b"boot-id.")
    house = house_of(config)
    site = VirtualSite(config, house, "pylontech-1.2", clock, steady(30.0))
    asyncio.run(_live(site, core, minutes=1))
    assert site.effort.steps >= 2
    assert site.effort.bursts == site.effort.rounds == 0
    assert _told(config, core) == {}
    assert house.wall_s == NOON_S + 60


async def _live(site: VirtualSite, core: EdgeCore, minutes: int) -> None:
    for _ in range(minutes):
        await site.live(60)
        core.tick()
