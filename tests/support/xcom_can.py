"""A simulated Xcom-CAN on a python-can bus, with a battery on the same wire."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import can

from stallaini.devices.can_battery.simulator import BatteryState, encode_burst
from stallaini.devices.studer.simulator import CanNode, MemoryPlant

BATTERY = BatteryState(voltage_v=49.86, current_a=-27.0, soc_pct=4)


@asynccontextmanager
async def xcom_can(bus: can.BusABC, plant: MemoryPlant) -> AsyncIterator[MemoryPlant]:
    """A simulated Xcom-CAN on a python-can bus, with a battery beside it."""
    node = CanNode(plant)
    stopped = asyncio.Event()

    def serve() -> None:
        while not stopped.is_set():
            message = bus.recv(0.02)
            if message is None or not message.is_extended_id:
                continue
            for can_id, data in encode_burst("pylontech-1.2", BATTERY):
                bus.send(can.Message(arbitration_id=can_id, is_extended_id=False, data=data))
            for can_id, data in node.answer(message.arbitration_id, bytes(message.data)):
                bus.send(can.Message(arbitration_id=can_id, is_extended_id=True, data=data))

    serving = asyncio.create_task(asyncio.to_thread(serve))
    try:
        yield plant
    finally:
        stopped.set()
        await serving
        bus.shutdown()
