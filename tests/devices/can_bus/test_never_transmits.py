"""The promise that the reader disturbs nothing: it has no way to transmit, and nothing arrives from it."""

from __future__ import annotations

import asyncio
import re
from importlib import resources
from pathlib import Path

import can
import pytest
from tests.support.can_listening import HastyClock, Heard, listening
from tests.support.waiting import until

from stallaini.devices.can_battery.battery import CanBattery
from stallaini.devices.can_battery.simulator import BatteryState, encode_burst
from stallaini.devices.can_bus.interfaces import open_bus
from stallaini.devices.can_bus.reader import CanReader
from stallaini.devices.can_bus.simbus import ERROR, Hub, SimBus

STATE = BatteryState(voltage_v=49.86, current_a=-27.0, soc_pct=4, force_charge_1=True)


class Tripwire(can.BusABC):
    """A bus that notes every attempt to send, and plays a burst."""

    sent: list[can.Message] = []  # noqa: RUF012 - one list for all of them, on purpose

    def __init__(self) -> None:
        self._burst = [
            can.Message(arbitration_id=can_id, is_extended_id=False, data=data)
            for can_id, data in encode_burst("pylontech-1.2", STATE)
        ]
        super().__init__(channel="tripwire")

    def send(self, msg: can.Message, timeout: float | None = None) -> None:
        self.sent.append(msg)
        raise AssertionError("somebody transmits")

    def _recv_internal(self, timeout: float | None) -> tuple[can.Message | None, bool]:
        return (self._burst.pop(0) if self._burst else None), False


async def test_on_a_bus_that_notes_every_attempt(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(can, "Bus", lambda **_: Tripwire())
    battery, heard = CanBattery("b"), Heard()
    readings = []
    reader = CanReader(
        "socketcan:can0", HastyClock(), lambda frame: readings.extend(battery.feed(frame)), heard.on_event
    )
    task = asyncio.create_task(reader.run())
    await until(lambda: reader.counters["frames"] >= 6)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert readings
    assert Tripwire.sent == []


async def test_nothing_arrives_at_the_hub_from_a_reader(tmp_path: Path) -> None:
    """Bursts, force charge, errors, bus-off, silence: whatever is heard, nothing is said."""
    hub = Hub(tmp_path / "bus")
    await hub.start()
    witness = await asyncio.to_thread(SimBus, str(tmp_path / "bus"))
    async with listening(f"simbus:{tmp_path}/bus") as (_, heard):
        await heard.until_event("can.open")
        for _ in range(20):
            for can_id, data in encode_burst("pylontech-1.2", STATE):
                await hub.send(can_id, data)
            await hub.send(ERROR | 0x40, bytes(8))
            await hub.send(0x305, bytes(8))
        await heard.until_frames(160)
        await heard.until_event("can.silent")  # 30 s, hastened
        await asyncio.sleep(0.05)
    seen = [message for _ in range(160) if (message := witness.recv(1)) is not None]
    assert len(seen) == 160
    assert witness.recv(0.1) is None
    witness.shutdown()
    await hub.close()


def test_an_open_bus_has_lost_its_voice() -> None:
    bus = open_bus("virtual:mute")
    with pytest.raises(can.CanOperationError, match="nothing is ever sent"):
        bus.send(can.Message(arbitration_id=0x305, is_extended_id=False, data=bytes(8)))
    with pytest.raises(can.CanOperationError, match="nothing is ever sent"):
        bus.send(can.Message(arbitration_id=0x305), timeout=1)
    bus.shutdown()


def test_no_line_of_the_battery_or_the_reader_sends() -> None:
    """Only the simulated bus, which is a bus of its own, has the word."""
    sending = re.compile(r"\.send\w*\(|send_periodic|set_bitrate|\"link\", \"set\"")
    for package in ("stallaini.devices.can_battery", "stallaini.devices.can_bus"):
        for file in resources.files(package).iterdir():
            if file.name.endswith(".py") and file.name != "simbus.py":
                assert not sending.search(file.read_text(encoding="utf-8")), file.name
