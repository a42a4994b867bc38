"""The twin's Xcom-CAN: our own master, and the maker's own client in a process of its own, both find it."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.support.programs import STALLAINI
from tests.support.twin_on_wires import wired

from stallaini.clock import SystemClock
from stallaini.devices.studer.asker import StuderRefused
from stallaini.devices.studer.can_master import CanMaster
from stallaini.devices.studer.can_port import open_frame_port
from stallaini.devices.studer.exchange import Patience
from stallaini.devices.studer.messages import StoredMessage

CLIENT = Path(__file__).resolve().parents[2] / "support" / "xcomcan_client.py"
RAM = 4


async def test_our_master_asks_it_beside_the_battery_on_one_bus(tmp_path: Path) -> None:
    bus = f"simbus:{tmp_path / 'can'}"
    told: list[StoredMessage] = []
    async with wired(tmp_path, xcom_can=bus) as twin:
        await twin.seconds(2)
        port = await open_frame_port(bus, transmit=True, clock=SystemClock())
        master = CanMaster(port, SystemClock(), patience=Patience(busy_tries=1), on_message=told.append)
        assert await master.read_info(101, 3000) == pytest.approx(
            twin.house.state().battery.voltage_v, abs=0.5
        )
        await master.write_unsaved(101, 1107, 16)
        assert twin.house.controls.input_limit_a == 16
        await twin.order("fault can-silence for=1")
        await twin.seconds(2)
        await master.read_info(101, 3000)
        assert [one.nr for one in told] == [225, 226]
        await twin.order("fault gateway-busy")
        with pytest.raises(StuderRefused, match="busy"):
            await master.read_info(101, 3000)
        port.close()
    assert twin.heard.frames > 0, "the battery's listener minds none of it"


@asynccontextmanager
async def _program(*words: str, **environment: str) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        *words,
        env={**os.environ, **environment},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
        await process.communicate()


async def test_the_makers_client_reads_it_and_switches_a_load(tmp_path: Path) -> None:
    bus = str(tmp_path / "can")
    words = ("--xcom-can", f"simbus:{bus}", "--aux1", "water_heater", "--soc", "80")
    twin = _program(*STALLAINI, "twin", *words)
    async with asyncio.timeout(60), twin as served:
        assert served.stderr
        assert b"Xcom-CAN" in await served.stderr.readline()
        client = _program(sys.executable, str(CLIENT), "1", CAN_INTERFACE="simbus", CAN_CHANNEL=bus)
        async with client as asking:

            async def ask(*question: Any) -> Any:
                assert asking.stdin
                assert asking.stdout
                asking.stdin.write(json.dumps(question).encode() + b"\n")
                return json.loads(await asking.stdout.readline())

            assert 46 < await ask("info", 101, 3000) < 56
            assert await ask("info", 601, 7002) == 80
            assert 0 <= await ask("info", 301, 11004) < 3
            idle_kw = await ask("info", 101, 3136)
            assert await ask("info", 101, 3031) == 0
            assert await ask("write", 101, 1202, RAM, 4) == 1202
            for _ in range(50):
                if await ask("info", 101, 3031) == 1:
                    break
                await asyncio.sleep(0.1)
            assert await ask("info", 101, 3031) == 1, "the contact is closed"
            assert await ask("info", 101, 3054) == 3, "manual on"
            assert await ask("info", 101, 3136) > idle_kw + 1, "the heater takes 1.5 kW"
            assert await ask("read", 101, 1202, 0) == 1, "flash is as it was"
