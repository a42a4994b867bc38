"""A listener on a simulated bus, as a device of the edge would be: it decodes, and says when it heard."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import can

from stallaini.devices.can_battery.battery import CanBattery
from stallaini.devices.can_bus.frame import Frame
from stallaini.devices.can_bus.simbus import SimBus


@dataclass
class Heard:
    """Every reading with the time it was heard at: channel -> (seconds, value)."""

    frames: int = 0
    readings: dict[str, list[tuple[float, float]]] = field(default_factory=dict)

    def by_minute(self, channel: str) -> dict[int, list[float]]:
        minutes: dict[int, list[float]] = {}
        for at_s, value in self.readings.get(channel, []):
            minutes.setdefault(int(at_s // 60), []).append(value)
        return minutes


@asynccontextmanager
async def listening(path: str, now_s: Callable[[], float]) -> AsyncIterator[Heard]:
    """Listen to the hub at `path`, waiting for it to be there."""
    heard = Heard()
    while True:
        try:
            bus = SimBus(path)
            break
        except can.CanInitializationError:
            await asyncio.sleep(0.005)
    battery = CanBattery("battery", "auto")

    def take() -> None:
        try:
            message = bus.recv(0)
        except can.CanError:
            asyncio.get_running_loop().remove_reader(bus.fileno())
            return
        if message is None:
            return
        heard.frames += 1
        at_s = now_s()
        for reading in battery.feed(Frame(message.arbitration_id, bytes(message.data), at_s)):
            if reading.value is not None:
                heard.readings.setdefault(reading.channel, []).append((at_s, float(reading.value)))

    asyncio.get_running_loop().add_reader(bus.fileno(), take)
    try:
        yield heard
    finally:
        asyncio.get_running_loop().remove_reader(bus.fileno())
        bus.shutdown()
