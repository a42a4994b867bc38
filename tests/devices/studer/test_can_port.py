"""The bus an Xcom-CAN is asked on: opened only if the owner says so, and harmless even then."""

from __future__ import annotations

import asyncio
from pathlib import Path

import can
import pytest
from tests.support.studer_port import INFOS
from tests.support.xcom_can import xcom_can

from stallaini.clock import SystemClock
from stallaini.devices.can_bus.simbus import Hub, SimBus
from stallaini.devices.studer.can_master import CanMaster
from stallaini.devices.studer.can_port import CanPort, open_frame_port
from stallaini.devices.studer.can_public import Identifier
from stallaini.devices.studer.port import PortLost
from stallaini.devices.studer.simulator import MemoryPlant
from stallaini.errors import OperatorError


async def _ask(port: CanPort, plant: MemoryPlant) -> None:
    master = CanMaster(port, SystemClock())
    assert await master.read_info(101, 3000) == 53.25
    await master.write_unsaved(101, 1202, 4)
    assert plant.effective(101, 1202) == 4
    port.close()
    with pytest.raises(PortLost, match="closed"):
        await master.read_info(101, 3000)


async def test_an_xcom_can_is_asked_on_a_virtual_bus() -> None:
    other_end = can.Bus(interface="virtual", channel="xcom")
    async with xcom_can(other_end, MemoryPlant(INFOS)) as plant:
        await _ask(await open_frame_port("virtual:xcom", True, SystemClock()), plant)


async def test_an_xcom_can_is_asked_through_a_hub(tmp_path: Path) -> None:
    hub = Hub(tmp_path / "bus")
    await hub.start()
    other_end = await asyncio.to_thread(SimBus, str(tmp_path / "bus"))
    async with xcom_can(other_end, MemoryPlant(INFOS)) as plant:
        port = await open_frame_port(f"simbus:{tmp_path}/bus", True, SystemClock())
        await _ask(port, plant)
    await hub.close()


async def test_a_hub_that_goes_is_a_lost_port(tmp_path: Path) -> None:
    hub = Hub(tmp_path / "bus")
    await hub.start()
    port = await open_frame_port(f"simbus:{tmp_path}/bus", True, SystemClock())
    await hub.close()
    with pytest.raises(PortLost):
        await port.receive(5.0)
    with pytest.raises(PortLost):
        await port.send(0x03280200, b"\x0b\xb8")


async def test_without_the_owners_word_nothing_is_opened() -> None:
    with pytest.raises(OperatorError, match=r"we disturb nothing.*transmit = true"):
        await open_frame_port("socketcan:can1", False, SystemClock())


async def test_a_bus_that_is_none_or_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match="no such bus"):
        await open_frame_port("smoke:signals", True, SystemClock())
    with pytest.raises(PortLost, match="no hub"):
        await open_frame_port(f"simbus:{tmp_path}/none", True, SystemClock())


@pytest.mark.parametrize(
    "message",
    [
        can.Message(arbitration_id=0x200, is_extended_id=False, data=bytes(2)),
        can.Message(arbitration_id=0x03280200, is_extended_id=True, is_remote_frame=True),
        can.Message(arbitration_id=0x03280200, is_extended_id=True, is_error_frame=True),
        can.Message(arbitration_id=Identifier(101, 1, 2).encode(), data=b"\x04\xb2\x00\x40\x80\0\0"),
        can.Message(arbitration_id=Identifier(101, 1, 3).encode(), data=bytes(6)),
        can.Message(arbitration_id=Identifier(101, 1, 0, 1).encode(), data=bytes(2)),
        can.Message(arbitration_id=Identifier(101, 1, 0).encode(), data=bytes(8)),
    ],
    ids=["11 bits", "remote", "error", "flash", "message", "flags", "length"],
)
async def test_nothing_but_harmless_requests_leaves(message: can.Message) -> None:
    witness = can.Bus(interface="virtual", channel="harmless")
    port = await open_frame_port("virtual:harmless", True, SystemClock())
    with pytest.raises(can.CanOperationError):
        port._bus.send(message)
    if message.is_extended_id and not message.is_remote_frame and not message.is_error_frame:
        with pytest.raises(can.CanOperationError):
            await port.send(message.arbitration_id, bytes(message.data))
    assert witness.recv(0) is None
    port.close()
    witness.shutdown()
