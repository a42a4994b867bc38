"""The battery as a device."""

from __future__ import annotations

import pytest

from stallaini.devices.can_battery.battery import UNKNOWN_KEPT, CanBattery
from stallaini.devices.can_battery.simulator import BatteryState, encode_burst
from stallaini.devices.can_bus.frame import Frame
from stallaini.errors import OperatorError
from stallaini.site.reading import Reading

STATE = BatteryState(voltage_v=49.86, current_a=-27.0, soc_pct=62)


def feed(battery: CanBattery, profile: str, now_s: float, state: BatteryState = STATE) -> list[Reading]:
    burst = encode_burst(profile, state)
    return [reading for can_id, data in burst for reading in battery.feed(Frame(can_id, data, now_s))]


def test_a_battery_gives_readings_from_its_first_frame_and_tells_its_profile_in_time() -> None:
    battery = CanBattery("pack")
    readings = {reading.channel: reading.value for reading in feed(battery, "pylontech-1.2", 10.0)}
    assert readings["pack.voltage"] == 49.86
    assert readings["pack.modules"] == 2
    assert battery.profile == "generic"
    for second in range(11, 14):
        feed(battery, "pylontech-1.2", float(second))
    assert battery.profile == "pylontech-1.2"
    expected = {
        "device": "pack",
        "profile": "pylontech-1.2",
        "reason": "0x359 and 0x35C",
        "decoded_as": "pylontech-1.2",
    }
    assert battery.poll(14.0) == [("battery.profile", expected)]
    assert battery.poll(14.0) == []
    assert battery.texts["pack.maker"] == "PYLON"


def test_power_comes_of_voltage_and_current_of_one_frame() -> None:
    battery = CanBattery("b")
    readings = feed(battery, "pylontech-1.2", 5.0)
    assert Reading("b.power", 5.0, -1346) in readings
    low = battery.feed(Frame(0x356, bytes.fromhex("0000F2FE"), 6.0))  # the voltage is not believed
    assert [reading.channel for reading in low] == ["b.current"]


def test_every_frame_ages_for_itself() -> None:
    """A lost frame of a burst blanks nothing else and holds up nothing else."""
    battery = CanBattery("b", "pylontech-1.2")
    feed(battery, "pylontech-1.2", 1.0)
    readings = battery.feed(Frame(0x356, bytes.fromhex("7A13F2FE6B01"), 2.0))
    assert [reading.monotonic_s for reading in readings] == [2.0] * 4
    assert battery.heard[0x356] == 2.0
    assert battery.heard[0x355] == 1.0


def test_error_frames_come_first_whatever_their_id_looks_like() -> None:
    battery = CanBattery("b")
    data = bytes.fromhex("7A13F2FE6B01")
    assert battery.feed(Frame(0x356, data, 1.0, error=True)) == []
    assert battery.feed(Frame(0x356, data, 1.0, extended=True)) == []
    assert battery.feed(Frame(0x356, data, 1.0, remote=True)) == []
    assert battery.heard == {}
    assert dict(battery.counters) == {"error_frames": 1, "extended_frames": 1, "remote_frames": 1}


def test_what_is_not_believed_is_counted() -> None:
    battery = CanBattery("b", "pylontech-1.2")
    feed(battery, "pylontech-1.2", 1.0)
    assert battery.feed(Frame(0x356, bytes.fromhex("0000FF7F"), 2.0)) == []
    assert battery.counters["rejected.voltage"] == 1
    assert battery.counters["rejected.current"] == 1


def test_unknown_ids_are_kept_raw_in_a_ring() -> None:
    battery = CanBattery("b")
    for number in range(UNKNOWN_KEPT + 10):
        assert battery.feed(Frame(0x7A0, number.to_bytes(2, "big"), float(number))) == []
    assert battery.counters["unknown_frames"] == UNKNOWN_KEPT + 10
    assert len(battery.unknown) == UNKNOWN_KEPT
    assert battery.unknown[-1].data == (UNKNOWN_KEPT + 9).to_bytes(2, "big")


def test_the_battery_is_lost_although_the_inverter_still_speaks() -> None:
    battery = CanBattery("b", "pylontech-1.2")
    feed(battery, "pylontech-1.2", 100.0)
    for second in range(101, 140):
        battery.feed(Frame(0x305, bytes(8), float(second)))
    assert battery.poll(129.9) == []
    assert battery.poll(130.0) == [("battery.lost", {"device": "b", "silent_s": 30})]
    assert battery.poll(135.0) == []
    feed(battery, "pylontech-1.2", 145.0)
    assert battery.poll(145.0) == [("battery.heard", {"device": "b", "silent_s": 45})]


def test_a_configured_profile_is_kept_and_a_doubt_is_told() -> None:
    battery = CanBattery("b", "victron")
    for second in range(5):
        feed(battery, "pylontech-1.2", float(second))
    assert battery.profile == "victron"
    assert battery.detected.profile == "pylontech-1.2"
    ((kind, data),) = battery.poll(5.0)
    assert (kind, data["configured"], data["profile"]) == (
        "battery.profile_differs",
        "victron",
        "pylontech-1.2",
    )


def test_a_wrong_profile_name_is_told_with_the_near_one() -> None:
    with pytest.raises(OperatorError, match=r"did you mean 'pylontech-1\.2'"):
        CanBattery("b", "pylontec-1.2")
