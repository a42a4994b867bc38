"""The twin's battery on the wire: nobody can tell it from a real one."""

from __future__ import annotations

import asyncio
from pathlib import Path

import can
import pytest
from tests.support.can_listener import listening

from stallaini.clock import VirtualClock
from stallaini.devices.can_battery.battery import CanBattery
from stallaini.devices.can_bus.frame import Frame
from stallaini.errors import OperatorError
from stallaini.twin.life import Life
from stallaini.twin.physics.house import House
from stallaini.twin.wires.battery_bus import BatteryBus
from stallaini.twin.wires.wire import HubWire, wire_of

NOON_S = 1_795_428_000.0


class Tape:
    """A wire that keeps what is sent."""

    def __init__(self) -> None:
        self.frames: list[tuple[int, bytes]] = []

    async def start(self) -> None: ...

    async def send(self, can_id: int, data: bytes) -> None:
        self.frames.append((can_id, data))

    async def listening(self) -> None: ...

    def heard(self) -> bool:
        return True

    async def drained(self) -> None: ...

    async def close(self) -> None: ...


def _lived() -> Life:
    life = Life(House(), VirtualClock(NOON_S))
    life.catch_up()
    return life


async def test_one_burst_a_second_reads_as_the_profile_it_speaks() -> None:
    clock, tape = VirtualClock(NOON_S, 1000.25), Tape()
    life = Life(House(), clock)
    life.each_second.append(BatteryBus(life, tape, "pylontech-1.2").send)
    sending = asyncio.create_task(life.run())
    for _ in range(10):
        await asyncio.sleep(0)
        clock.advance(0.5)
    await asyncio.sleep(0)
    sending.cancel()
    ids = [can_id for can_id, _ in tape.frames]
    assert ids == [0x359, 0x351, 0x355, 0x356, 0x35C, 0x35E] * 5
    battery = CanBattery("battery", "auto")
    readings = {
        reading.channel: reading.value
        for second in range(5)
        for can_id, data in tape.frames[second * 6 : second * 6 + 6]
        for reading in battery.feed(Frame(can_id, data, 1000.0 + second))
    }
    assert battery.profile == "pylontech-1.2"
    assert readings["battery.soc"] == 72
    assert readings["battery.charge_enabled"] is True
    assert 49 < float(readings["battery.voltage"] or 0) < 53
    assert battery.counters["rejected.voltage"] == 0


async def test_a_house_lives_through_a_long_pause() -> None:
    clock, house = VirtualClock(NOON_S + 8 * 3600), House(soc_pct=80)
    life = Life(house, clock)
    clock.advance(6 * 3600)
    life.catch_up()
    assert 55 < house.pack.soc_pct < 75, "six hours of night passed, not one minute"


async def test_an_alarm_the_profile_has_no_bit_for_does_not_stop_the_bus() -> None:
    clock, tape, house = VirtualClock(NOON_S), Tape(), House(soc_pct=0.1)
    house.pack.temperature_c = -15.0
    life = Life(house, clock)
    life.catch_up()
    await BatteryBus(life, tape, "pylontech-1.3").send()
    assert len(tape.frames) == 6


@pytest.mark.parametrize(
    ("brand", "profile", "maker"),
    [("byd", "victron", b"BYD"), ("pytes", "victron", b"PYTES"), ("pylontech", "pylontech-1.2", b"PYLON")],
)
async def test_a_brand_speaks_its_profile_under_its_own_name(brand: str, profile: str, maker: bytes) -> None:
    tape = Tape()
    await BatteryBus(_lived(), tape, brand).send()
    assert dict(tape.frames)[0x35E].startswith(maker)
    battery = CanBattery("battery", "auto")
    for second in range(5):
        for can_id, data in tape.frames:
            battery.feed(Frame(can_id, data, float(second)))
    assert battery.profile == profile


async def test_an_error_frame_passes_where_the_bus_has_such_frames() -> None:
    wire = wire_of("virtual:twin-errors")
    await wire.start()
    bus = BatteryBus(_lived(), wire)
    bus.silenced.add("bus off")
    bus.error_frames.append(0x40)
    with can.Bus(interface="virtual", channel="twin-errors") as listener:
        await bus.send()
        message = listener.recv(1.0)
        assert message is not None
        assert (message.is_error_frame, message.arbitration_id) == (True, 0x40)
        assert listener.recv(0) is None
    await wire.close()


def test_a_profile_that_cannot_be_sent_is_refused() -> None:
    with pytest.raises(OperatorError, match="choose a profile"):
        BatteryBus(_lived(), Tape(), "generic")


async def test_the_twin_serves_its_bus_to_whoever_connects(tmp_path: Path) -> None:
    wire = wire_of(f"simbus:{tmp_path / 'can0'}")
    assert isinstance(wire, HubWire)
    await wire.start()
    bus = BatteryBus(_lived(), wire)
    async with listening(str(tmp_path / "can0"), lambda: 0.0) as heard:
        await wire.listening()
        await bus.send()
        await wire.drained()
        assert heard.frames == 6
    await wire.close()
    assert not (tmp_path / "can0").exists()


async def test_any_other_bus_of_python_can_will_do() -> None:
    wire = wire_of("virtual:twin-test")
    await wire.start()
    with can.Bus(interface="virtual", channel="twin-test") as listener:
        await BatteryBus(_lived(), wire).send()
        assert listener.recv(1.0) is not None
    await wire.close()


@pytest.mark.parametrize("spec", ["can0", "simbus:", "carrier-pigeon:loft"])
def test_a_bus_that_is_none_is_refused(spec: str) -> None:
    with pytest.raises(OperatorError):
        wire_of(spec)


async def test_a_bus_that_cannot_be_opened_is_told() -> None:
    wire = wire_of("socketcan:nosuchcan0")
    with pytest.raises(OperatorError, match="cannot open the bus"):
        await wire.start()
