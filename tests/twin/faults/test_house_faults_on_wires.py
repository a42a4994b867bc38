"""Faults of the house, seen where its wires tell of them."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.support.twin_on_wires import wired
from tests.twin.faults import test_faults_on_wires

from stallaini.devices.ports.opening import open_port
from stallaini.devices.pylontech_rs485.decode import decode_answer
from stallaini.devices.pylontech_rs485.frame import Command, Frame, FrameReader, encode_request
from stallaini.devices.pylontech_rs485.simulator import GROUP, MASTER
from stallaini.devices.pylontech_rs485.values import AnalogValues
from stallaini.devices.studer.formats import Format
from stallaini.twin.faults.kinds import FAULTS
from stallaini.twin.physics.house import House


async def test_frozen_values(tmp_path: Path) -> None:
    async with wired(tmp_path) as twin:
        await twin.seconds(1)
        await twin.order("fault frozen-values")
        await twin.seconds(5)
        assert len({value for _, value in twin.heard.readings["battery.current"][1:]}) == 1
        await twin.order("end frozen-values")
        await twin.seconds(10)
        assert len({value for _, value in twin.heard.readings["battery.current"][6:]}) > 1


async def test_soc_jump(tmp_path: Path) -> None:
    async with wired(tmp_path) as twin:
        await twin.seconds(2)
        assert twin.last("battery.soc") == 72
        await twin.order("fault soc-jump to=100")
        await twin.seconds(2)
        assert twin.last("battery.soc") == 100
        assert await twin.number(601, 7002) == 100
        assert twin.house.pack.soc_pct < 80, "only the BMS believes it"


async def test_bms_alarm(tmp_path: Path) -> None:
    async with wired(tmp_path) as twin:
        await twin.seconds(2)
        await twin.order("fault bms-alarm raised=alarm.high_temperature for=3")
        await twin.seconds(2)
        assert twin.last("battery.alarm.high_temperature") == 1
        await twin.seconds(2)
        assert twin.last("battery.alarm.high_temperature") == 0
        assert await twin.messages() == [203, 202]
        refused = await twin.order("fault bms-alarm raised=alarm.nonsense")
        assert "alarm.high_temperature" in refused["error"]


async def test_lost_module(tmp_path: Path) -> None:
    async with wired(tmp_path, rs485=f"pty:{tmp_path / 'cells'}") as twin:
        await twin.seconds(2)
        limit_a = twin.last("battery.discharge_current_limit")
        await twin.order("fault lost-module")
        await twin.seconds(2)
        assert twin.last("battery.discharge_current_limit") == pytest.approx(limit_a / 2, abs=5)
        assert twin.last("battery.modules") == 1
        assert await _modules_on_the_line(tmp_path / "cells") == 1
        await twin.order("end lost-module")
        await twin.seconds(2)
        assert await _modules_on_the_line(tmp_path / "cells") == 2


async def _modules_on_the_line(line: Path) -> int:
    port = await open_port(f"serial:{line}@115200")
    await port.send(encode_request(Command.ANALOG, MASTER, bytes([GROUP])))
    reader, frames = FrameReader(), list[Frame]()
    while not frames:
        data = await port.receive(2.0)
        assert data, "the line is silent"
        frames = reader.feed(data)
    port.close()
    answered = decode_answer(Command.ANALOG, frames[0])
    assert isinstance(answered, AnalogValues)
    assert all(len(module.cell_voltages_v) == 15 for module in answered.modules)
    return len(answered.modules)


async def test_mppt_error(tmp_path: Path) -> None:
    async with wired(tmp_path) as twin:
        await twin.seconds(3)
        assert await twin.number(301, 11004) > 0.1
        await twin.order("fault mppt-error error=pv-over-voltage")
        await twin.seconds(5)
        assert await twin.state(301, 11034) == 6
        assert await twin.number(301, 11004) == 0
        assert await twin.messages() == [82]


async def test_stuck_relay(tmp_path: Path) -> None:
    async with wired(tmp_path) as twin:
        await twin.seconds(1)
        await twin.order("fault stuck-relay relay=aux1")
        await twin.write(101, 1202, Format.LONG_ENUM, 4)
        await twin.seconds(2)
        assert await twin.state(101, 3054) == 3
        assert await twin.state(101, 3031) == 0
        await twin.order("end stuck-relay")
        await twin.seconds(2)
        assert await twin.state(101, 3031) == 1


async def test_dry_well(tmp_path: Path) -> None:
    house = House(seed=3)
    house.controls.pump_relay = True
    async with wired(tmp_path, house) as twin:
        await twin.seconds(20)
        wet_kw = await twin.number(101, 3136)
        await twin.order("fault dry-well")
        await twin.seconds(20)
        assert await twin.number(101, 3136) < wet_kw - 0.4


async def test_generator_fails(tmp_path: Path) -> None:
    house = House(seed=3)
    async with wired(tmp_path, house) as twin:
        await twin.seconds(2)
        await twin.order("fault generator-fails")
        house.controls.generator_wanted = True
        await twin.seconds(120)
        assert await twin.number(101, 3011) == 0
        assert 62 in await twin.messages()


async def test_power_cut(tmp_path: Path) -> None:
    async with wired(tmp_path) as twin:
        await twin.write(101, 1202, Format.LONG_ENUM, 4)
        await twin.seconds(2)
        assert await twin.state(101, 3054) == 3
        await twin.order("fault power-cut for=5")
        await twin.seconds(3)
        assert await twin.state(101, 3049) == 0
        assert await twin.number(101, 3136) == 0
        await twin.seconds(30)
        assert await twin.state(101, 3049) == 1
        assert await twin.state(101, 3054) == 1, "its RAM is forgotten"
        assert 177 in await twin.messages()


def test_every_fault_is_seen_here() -> None:
    tests = set(globals()) | set(dir(test_faults_on_wires))
    assert [name for name in FAULTS if f"test_{name.replace('-', '_')}" not in tests] == []
