"""The running edge reads the cells by a serial line beside the battery's bus."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.devices.pylontech_rs485.test_device import LOWER, UPPER
from tests.edge.test_program import SITE, Plant
from tests.support.serial_line import serial_line

from stallaini.devices.can_bus.simbus import Hub
from stallaini.devices.catalogue import load_kinds
from stallaini.devices.pylontech_rs485.simulator import ModuleSaid, Rs485Pack
from stallaini.devices.pylontech_rs485.values import Limit
from stallaini.link.messages import Event
from stallaini.site.config import parse_site

CELLS = """
[devices.cells]
kind = "pylontech_rs485"
port = "serial:{line}@115200"
"""


@pytest.fixture
async def plant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Plant]:
    monkeypatch.setattr("stallaini.devices.pylontech_rs485.reader.QUIET_S", 0.0)
    hub = Hub(tmp_path / "bus")
    await hub.start()
    text = SITE.format(bus=tmp_path / "bus") + CELLS.format(line=tmp_path / "tty")
    yield Plant(tmp_path / "data", hub, parse_site(text, load_kinds()))
    await hub.close()


def raised(plant: Plant) -> list[object]:
    return [
        body.data["channel"]
        for body in plant.server.bodies
        if isinstance(body, Event) and body.kind == "alarm.raised"
    ]


async def test_cells_become_minutes_and_events(plant: Plant, tmp_path: Path) -> None:
    stack: list[ModuleSaid] = [UPPER, LOWER]
    pack = Rs485Pack(lambda: stack)
    asked = asyncio.Event()

    def answer(request: bytes) -> bytes:
        asked.set()
        return pack.feed(request)

    async with serial_line(tmp_path / "tty", answer), plant.edge():
        await asked.wait()
        await plant.live(61, amperes=22.5)
        stack[1] = dataclasses.replace(LOWER, cell_limits=(Limit.ABOVE,))
        while not raised(plant):
            await plant.live(10, amperes=22.5)
    assert plant.minutes("cells.cell_voltage_min.min")[0] == (0, 3301)
    assert plant.minutes("cells.cell_voltage_max.max")[0] == (0, 3309)
    assert plant.minutes("cells.module_current_spread.mean")[0] == (0, 25)
    assert plant.minutes("battery.current.mean")[0] == (0, 225)
    assert raised(plant) == ["cells.alarm.cell_high_voltage", "cells.alarm.module_2"]
    assert {"cells.open", "cells.found"} <= set(plant.events())


async def test_a_missing_line_disturbs_nothing(plant: Plant) -> None:
    async with plant.edge():
        await plant.live(61, amperes=5.0)
    assert plant.minutes("battery.current.mean") == [(0, 50)]
    assert plant.minutes("cells.cell_voltage_min.min") == [(0, None)]
    assert plant.events().count("cells.lost") == 1
