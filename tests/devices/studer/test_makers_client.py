"""The maker's own CAN client, a program of its own, asks our simulated Xcom-CAN: is it like a real one?"""

from __future__ import annotations

import asyncio
import json
import math
import os
import random
import struct
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from tests.support.xcom_can import BATTERY, xcom_can

from stallaini.devices.can_battery.simulator import encode_burst
from stallaini.devices.can_bus.simbus import EXTENDED, Hub, SimBus
from stallaini.devices.studer.messages import StoredMessage
from stallaini.devices.studer.objects import Kind, all_objects
from stallaini.devices.studer.simulator import CanNode, MemoryPlant

FLASH, MIN, MAX, RAM = 0, 1, 2, 4
_PROGRAM = Path(__file__).resolve().parents[2] / "support" / "xcomcan_client.py"
_RANDOM = random.Random(20250217)
_ADDRESSES = {"xt": (101, 109), "vt": (301, 315), "vs": (701, 715), "bms": (601,)}


def _float32(value: float) -> float:
    carried: float = struct.unpack("f", struct.pack("f", value))[0]
    return carried


def _plant() -> MemoryPlant:
    """Every info of the table, on devices of each family, with a number of its own."""
    infos: dict[int, dict[int, float]] = {}
    for each in all_objects():
        for address in _ADDRESSES.get(each.family.value, ()) if each.kind is Kind.INFO else ():
            infos.setdefault(address, {})[each.nr] = _float32(_RANDOM.uniform(-500, 500))
    return MemoryPlant(infos)


class MakersClient:
    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def ask(self, *question: Any) -> Any:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps(question).encode() + b"\n")
        return json.loads(await self._process.stdout.readline())


class House:
    def __init__(self, client: MakersClient, plant: MemoryPlant, hub: Hub) -> None:
        self.client, self.plant, self.hub = client, plant, hub


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    hub = Hub(tmp_path / "bus")
    await hub.start()
    other_end = await asyncio.to_thread(SimBus, str(tmp_path / "bus"))
    plant = _plant()
    async with xcom_can(other_end, plant):
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            str(_PROGRAM),
            "1023",
            env={**os.environ, "CAN_INTERFACE": "simbus", "CAN_CHANNEL": str(tmp_path / "bus")},
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        yield House(MakersClient(process), plant, hub)
        assert process.stdin
        process.stdin.close()
        assert await process.wait() == 0
    await hub.close()


async def test_the_makers_client_finds_what_it_expects(house: House) -> None:
    await _reads_infos(house)
    await _reads_and_writes_parameters(house)
    await _is_refused_in_the_makers_terms(house)
    await _hears_messages(house)


async def _reads_infos(house: House) -> None:
    known = [(address, nr) for address, infos in house.plant.infos.items() for nr in infos]
    for address, nr in _RANDOM.sample(known, 150):
        assert await house.client.ask("info", address, nr) == house.plant.infos[address][nr]
    house.plant.infos[601][7004] = math.nan
    assert math.isnan(await house.client.ask("info", 601, 7004))


async def _reads_and_writes_parameters(house: House) -> None:
    in_flash = 1.0
    for value, part in ((4, RAM), (8, RAM), (2, FLASH), (4, RAM)):
        assert await house.client.ask("write", 101, 1202, part, value) == 1202
        assert house.plant.effective(101, 1202) == value
        in_flash = value if part == FLASH else in_flash
        assert await house.client.ask("read", 101, 1202, FLASH) == in_flash
        assert await house.client.ask("read", 101, 1202, RAM) == in_flash
    assert house.plant.flash == {(101, 1202): 2}
    assert await house.client.ask("read", 101, 1107, MIN) == 2
    assert await house.client.ask("read", 101, 1107, MAX) == 50
    assert await house.client.ask("write", 100, 1125, RAM, 0) == 1125
    assert [house.plant.effective(address, 1125) for address in (101, 109)] == [0, 0]


async def _is_refused_in_the_makers_terms(house: House) -> None:
    for question, error in (
        (("info", 102, 3000), "DEVICE_NOT_FOUND"),
        (("info", 101, 11000), "OBJECT_ID_NOT_FOUND"),
        (("info", 100, 3000), "MULTICAST_READ_NOT_SUPPORTED"),
        (("read", 300, 10002, FLASH), "MULTICAST_READ_NOT_SUPPORTED"),
        (("read", 101, 9, FLASH), "OBJECT_ID_NOT_FOUND"),
        (("read", 101, 1107, 3), "INVALID_SERVICE_ARGUMENT"),
        (("write", 101, 1107, RAM, 51), "DATA_TOO_BIG"),
        (("write", 101, 1107, RAM, 1), "DATA_TOO_SMALL"),
        (("write", 101, 1107, MAX, 60), "PROPERTY_IS_READ_ONLY"),
        (("write", 101, 1125, RAM, 2), "INVALID_DATA"),
        (("write", 101, 9, RAM, 2), "OBJECT_ID_NOT_FOUND"),
        (("write", 103, 1107, RAM, 20), "DEVICE_NOT_FOUND"),
    ):
        assert (await house.client.ask(*question))["error"] == error, question


async def _hears_messages(house: House) -> None:
    told = [StoredMessage(207, 101, None, 7), StoredMessage(225, 601, None, 0)]
    for each in told:
        await house.hub.send(*_extended(house, each))
        for can_id, data in encode_burst("pylontech-1.2", BATTERY):
            await house.hub.send(can_id, data)
    # Frames keep their order on the bus: once this is answered, the messages have been heard.
    await house.client.ask("info", 101, 3000)
    assert await house.client.ask("messages") == [[each.address, each.nr, each.value] for each in told]


def _extended(house: House, stored: StoredMessage) -> tuple[int, bytes]:
    can_id, data = CanNode(house.plant).message(stored)
    return can_id | EXTENDED, data
