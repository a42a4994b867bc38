"""The Studer gateway by every line it may hang on, asked through the edge's own ports by its own master."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path

import pytest
from tests.support.ports import free_port
from tests.support.twin_on_wires import wired

from stallaini.clock import SystemClock
from stallaini.devices.ports.listening import Listener
from stallaini.devices.ports.opening import open_port
from stallaini.devices.studer.asker import StuderRefused
from stallaini.devices.studer.errors import ScomError
from stallaini.devices.studer.master import ScomMaster
from stallaini.devices.studer.messages import message


async def test_a_serial_line(tmp_path: Path) -> None:
    async with wired(tmp_path) as twin:
        await twin.seconds(2)
        port = await open_port(f"serial:{tmp_path / 'xcom'}@38400", parity="E")
        await _ask_everything(ScomMaster(port, SystemClock()), twin.house.state().battery.voltage_v)
        port.close()


async def test_an_xcom_lan_that_is_called(tmp_path: Path) -> None:
    number = free_port(socket.SOCK_STREAM)
    async with wired(tmp_path, scom=f"listen:127.0.0.1:{number}") as twin:
        await twin.seconds(2)
        port = await open_port(f"tcp:127.0.0.1:{number}")
        await _ask_everything(ScomMaster(port, SystemClock()), twin.house.state().battery.voltage_v)
        port.close()


async def test_a_moxa_that_calls(tmp_path: Path) -> None:
    number = free_port(socket.SOCK_STREAM)
    called = Listener("127.0.0.1", number)
    opening = asyncio.create_task(called.open())
    await asyncio.sleep(0.05)
    async with wired(tmp_path, scom=f"tcp:127.0.0.1:{number}") as twin:
        await twin.seconds(2)
        port = await opening
        await _ask_everything(ScomMaster(port, SystemClock()), twin.house.state().battery.voltage_v)
    called.close()


async def _ask_everything(master: ScomMaster, voltage_v: float) -> None:
    assert await master.read_info(101, 3000) == pytest.approx(voltage_v, abs=0.5)
    many = await master.read_many([(101, 3136), (301, 11004), (601, 7002)])
    assert many[601, 7002] == 72
    assert len(many) == 3
    with pytest.raises(StuderRefused) as refused:
        await master.read_info(102, 3000)
    assert refused.value.error is ScomError.DEVICE_NOT_FOUND
    assert not master.message_pending
    await master.write_unsaved(101, 1468, 1)
    await master.read_info(101, 3000)
    assert master.message_pending
    stored = await master.read_message(0)
    assert message(stored.nr).text == "An Xtender has started up"
    assert stored.address == 101
