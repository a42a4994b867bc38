"""A gateway's wire as the site file names it: opened when it is first used, and only if it may be."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import can
import pytest
from tests.support.serial_line import serial_line
from tests.support.studer_site import BMS, XTENDER
from tests.support.xcom_can import xcom_can

from stallaini.clock import SystemClock
from stallaini.devices.can_bus.frame import EventData
from stallaini.devices.studer.device import StuderDevice
from stallaini.devices.studer.simulator import MemoryPlant, ScomGateway
from stallaini.devices.studer.wire import StuderWire
from stallaini.errors import OperatorError
from stallaini.site.kinds import Value
from stallaini.site.reading import Reading

INFOS = {101: XTENDER, 601: BMS}


class Listener:
    """What a wire tells."""

    def __init__(self) -> None:
        self.readings: dict[str, float | bool | None] = {}
        self.events: list[tuple[str, EventData]] = []

    def hear(self, reading: Reading) -> None:
        self.readings[reading.channel] = reading.value

    def tell(self, kind: str, data: EventData) -> None:
        self.events.append((kind, data))

    def wire(self, settings: dict[str, Value]) -> StuderWire:
        inverter = StuderDevice("inverter", "studer_xtender", {"address": 101, "ac_sign": "normal"})
        return StuderWire("xcom", settings, [inverter], SystemClock(), self.hear, self.tell)

    async def until(self, channel: str) -> None:
        async with asyncio.timeout(15):
            while channel not in self.readings:  # noqa: ASYNC110 - readings come by callback
                await asyncio.sleep(0.005)


@contextlib.asynccontextmanager
async def running(wire: StuderWire) -> AsyncIterator[None]:
    task = asyncio.create_task(wire.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_an_xcom_can_is_polled() -> None:
    listener = Listener()
    async with (
        xcom_can(can.Bus(interface="virtual", channel="studer"), MemoryPlant(INFOS)),
        running(listener.wire({"port": "virtual:studer", "transmit": True})),
    ):
        await listener.until("inverter.battery_voltage")
    assert listener.readings["inverter.battery_voltage"] == pytest.approx(53.2, abs=0.001)


async def test_a_bus_is_not_sent_on_without_the_owners_word() -> None:
    wire = Listener().wire({"port": "virtual:quiet", "transmit": False})
    with pytest.raises(OperatorError, match="transmit = true"):
        await wire.run()


async def test_a_gateway_is_polled_by_serial_line(tmp_path: Path) -> None:
    listener = Listener()
    gateway = ScomGateway(MemoryPlant(INFOS))
    async with (
        serial_line(tmp_path / "tty", gateway.feed) as line,
        running(listener.wire({"port": f"serial:{line.path}@38400"})),
    ):
        await listener.until("inverter.mode")
    assert listener.readings["inverter.mode"] == 1


async def test_what_names_no_port_is_told_at_once() -> None:
    with pytest.raises(ValueError, match="no such port"):
        Listener().wire({"port": "xcom"})
