"""The rules of reading a battery's frames, one scenario each."""

from __future__ import annotations

import pytest

from stallaini.devices.can_battery.decode import Decoded, Decoder
from stallaini.devices.can_battery.profile import load_profile


def decode(hex_bytes: str, can_id: int, profile: str = "generic") -> Decoded:
    return Decoder(load_profile(profile), "b").decode(can_id, bytes.fromhex(hex_bytes))


def test_a_field_exists_if_its_bytes_exist() -> None:
    assert decode("", 0x351).readings == {}
    assert decode("14", 0x351).readings == {}
    assert decode("1402", 0x351).readings == {"b.charge_voltage_limit": 53.2}
    assert set(decode("1402C012C012", 0x351).readings) == {
        "b.charge_voltage_limit",
        "b.charge_current_limit",
        "b.discharge_current_limit",
    }
    assert decode("C0", 0x35C).readings["b.charge_enabled"] is True


def test_values_that_makers_declare_invalid_are_not_reported() -> None:
    assert decode("008000800080", 0x356).readings == {
        "b.voltage": None,
        "b.current": None,
        "b.temperature": None,
    }
    assert decode("FFFFFFFF", 0x355).readings == {"b.soc": None, "b.soh": None}
    assert decode("FFFFFFFF00000000", 0x378).readings == {
        "b.energy_charged": None,
        "b.energy_discharged": 0.0,
    }


def test_the_discharge_limit_counts_by_its_size() -> None:
    assert decode("440264009CFF", 0x351).readings["b.discharge_current_limit"] == 10.0


@pytest.mark.parametrize(
    ("hex_bytes", "soc"),
    [
        ("5400640034210000", 85.0),
        ("540064000000", 84),
        ("540064009A21", 84),
        ("64006400102700", 100.0),
        ("640064004B27", 100),
        ("540064000821", 84.56),
        ("010064000000", 1),
        ("54006400FFFF", 84),
        ("5400640008", 84),
    ],
    ids=["1 off", "empty", "over 1 off", "full", "over 100", "near", "zero near 1", "sentinel", "cut"],
)
def test_the_fine_state_of_charge_counts_only_near_the_whole_one(hex_bytes: str, soc: float) -> None:
    assert decode(hex_bytes, 0x355).readings["b.soc"] == soc


def test_charge_left_is_believed_only_beside_a_valid_fine_state_of_charge() -> None:
    assert decode("1000640040064301", 0x355).readings["b.capacity_available"] == 32.3
    assert "b.capacity_available" not in decode("100064000D0D030D", 0x355).readings
    assert "b.capacity_available" not in decode("1000640040064301", 0x355, "victron").readings


@pytest.mark.parametrize("profile", ["generic", "discover"])
def test_the_voltage_scale_is_the_one_that_makes_sense(profile: str) -> None:
    assert decode("7A13", 0x356, profile).readings == {"b.voltage": 49.86}
    assert decode("F201", 0x356, profile).readings == {"b.voltage": 49.8}


def test_a_value_outside_its_gate_is_told_and_not_shown() -> None:
    decoded = decode("0000F2FE6B01", 0x356)
    assert decoded.readings == {"b.current": -27.0, "b.temperature": 36.3}
    assert decoded.rejected == {"b.voltage": 0.0}
    assert decode("65006400", 0x355).rejected == {"b.soc": 101}
    assert decode("7A130000C003", 0x356).rejected == {"b.temperature": 96.0}


def test_a_current_far_beyond_the_limits_is_rejected() -> None:
    decoder = Decoder(load_profile("generic"), "b")
    assert (
        decoder.decode(0x356, bytes.fromhex("7A136009")).readings["b.current"] == 240.0
    )  # no limit known yet
    decoder.decode(0x351, bytes.fromhex("1402400640060000"))
    assert decoder.decode(0x356, bytes.fromhex("7A136009")).readings["b.current"] == 240.0
    beyond = decoder.decode(0x356, bytes.fromhex("7A136109"))
    assert "b.current" not in beyond.readings
    assert beyond.rejected == {"b.current": 240.1}
    assert beyond.readings["b.voltage"] == 49.86


def test_tapered_limits_do_not_reject_the_current() -> None:
    """A full battery takes nothing and may still give: the highest limit named so far is what counts."""
    decoder = Decoder(load_profile("generic"), "b")
    decoder.decode(0x351, bytes.fromhex("14024006400600"))
    decoder.decode(0x351, bytes.fromhex("14020000000000"))
    assert decoder.decode(0x356, bytes.fromhex("7A13F2FE")).readings["b.current"] == -27.0


def test_two_bits_tell_four_things() -> None:
    readings = decode("A1AAAAAACEAAAAAA", 0x35A).readings
    assert readings["b.alarm.general"] is True  # 01 raised
    assert readings["b.alarm.high_voltage"] is None  # 00 not reported
    assert readings["b.alarm.low_voltage"] is False  # 10 well
    assert readings["b.warning.high_voltage"] is None  # 11 ignore
    assert len(decode("AAAAAAAA", 0x35A).readings) == 13  # the warnings' bytes do not exist
    assert len(decode("AAAAAAAAAAAAAA", 0x35A).readings) == 25


def test_bit_seven_is_an_unknown_protection_or_alarm_and_never_dropped() -> None:
    assert decode("0080000002504E", 0x359).readings["b.protection.unknown"] is True
    assert decode("0000008002504E", 0x359).readings["b.alarm.unknown"] is True
    assert decode("0008000002504E", 0x359).readings["b.protection.unknown"] is False


def test_the_mark_is_shown_only_where_it_is() -> None:
    assert decode("0000000002504E", 0x359).texts == {"b.mark": "PN"}
    assert decode("00000000025050", 0x359).texts == {}


def test_0x370_is_a_name_when_printable_and_cells_otherwise() -> None:
    assert decode("444953434F564552", 0x370).texts == {"b.name_head": "DISCOVER"}
    cells = {
        "b.cell_temperature_max": 25.3,
        "b.cell_temperature_min": 24.1,
        "b.cell_voltage_max": 3.35,
        "b.cell_voltage_min": 3.344,
    }
    assert decode("FD00F100160D100D", 0x370).readings == cells
    assert decode("F100FD00100D160D", 0x370).readings == cells  # the other order
    assert decode("FD00F100160D100D", 0x070).readings == cells  # as the SEPLOS paper prints it


def test_0x35f_means_the_total_or_what_is_left_by_profile() -> None:
    frame = "4C6901176900AA00"
    assert decode(frame, 0x35F, "victron").readings == {"b.capacity_available": 105}
    assert decode(frame, 0x35F, "sma").readings == {"b.capacity": 105}
    assert decode("4C4901036900AA00", 0x35F, "pylontech-1.3").readings == {"b.capacity": 105}
    assert decode("4C4901036900AA00", 0x35F).readings == {"b.capacity": 105}
    assert decode(frame, 0x35F).readings == {"b.capacity_available": 105}
    assert decode("000001036900AA00", 0x35F).readings == {}


def test_force_charge_of_victron() -> None:
    assert decode("FF", 0x360).readings == {"b.force_charge_1": True}
    assert decode("00", 0x360).readings == {"b.force_charge_1": False}
    assert decode("07", 0x360).readings == {"b.force_charge_1": None}


@pytest.mark.parametrize(
    ("can_id", "title"),
    [
        (0x00F, "inverter quick stop"),
        (0x300, "inverter shut-down command"),
        (0x305, "inverter heartbeat"),
        (0x306, "inverter state"),
        (0x307, "inverter identification"),
    ],
)
def test_what_the_inverter_says_is_named_and_not_read(can_id: int, title: str) -> None:
    for profile in ("generic", "pylontech-1.2", "victron", "sma", "discover", "pylon-plus"):
        decoded = decode("2100FF00FF00FF00", can_id, profile)
        assert (decoded.title, decoded.readings, decoded.texts) == (title, {}, {})


def test_luxpower_puts_cells_and_a_capacity_in_the_spare_bytes() -> None:
    readings = decode("1E0064000D0D030D", 0x355, "luxpower").readings
    assert readings == {"b.soc": 30, "b.soh": 100, "b.cell_voltage_max": 3.341, "b.cell_voltage_min": 3.331}
    assert decode("00000000021801", 0x359, "luxpower").readings["b.capacity"] == 280


def test_seplos_tells_a_cell_failure_and_the_packs_online() -> None:
    decoded = decode("0000001002504E05", 0x359, "pylon-plus")
    assert decoded.readings["b.alarm.cell_failure"] is True
    assert decoded.texts["b.online_packs"] == "1 3"


def test_numbers_carry_no_binary_dust() -> None:
    for raw in range(400, 600):
        value = decode(raw.to_bytes(2, "little").hex(), 0x351).readings["b.charge_voltage_limit"]
        assert repr(value) == f"{raw // 10}.{raw % 10}"
