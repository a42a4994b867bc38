"""Telling the profile by what is heard."""

from __future__ import annotations

import pytest

from stallaini.devices.can_battery.detect import Detector, signatures

PYLON, BYD, DISCOVER = b"PYLON   ", b"BYD\0\0\0\0\0", b"DISCOVER"
MARKED, UNMARKED = bytes.fromhex("0000000002504E"), bytes.fromhex("00000000020C01")
CELLS = bytes.fromhex("1E0064000D0D030D")


def detector(
    *ids: int, maker: bytes | None = None, alarms: bytes = MARKED, soc: bytes = bytes(6)
) -> Detector:
    heard = Detector()
    for can_id in ids:
        heard.observe(can_id, {0x359: alarms, 0x355: soc}.get(can_id, bytes(8)), 0.0)
    if maker is not None:
        heard.observe(0x35E, maker, 0.0)
    return heard


BASE = (0x351, 0x355, 0x356)


@pytest.mark.parametrize(
    ("heard", "profile"),
    [
        (detector(0x311, 0x313), "growatt-lv"),
        (detector(0x311, 0x351), "generic"),
        (detector(*BASE, 0x359, 0x361, 0x364), "deye-pcs"),
        (detector(*BASE, 0x361), "generic"),
        (detector(0x400, 0x401), "pytes-native"),
        (detector(*BASE, 0x359, 0x35C, alarms=UNMARKED, soc=CELLS), "luxpower"),
        (detector(*BASE, 0x359, 0x35C, alarms=MARKED, soc=CELLS), "pylontech-1.2"),
        (detector(*BASE, 0x359, 0x35C, alarms=UNMARKED), "pylontech-1.2"),
        (detector(*BASE, 0x359, 0x35C, 0x370, maker=PYLON), "pylon-plus"),
        (detector(*BASE, 0x359, 0x35C, 0x372), "pylon-plus"),
        (detector(*BASE, 0x359, 0x35C, maker=PYLON), "pylontech-1.2"),
        (detector(*BASE, 0x35A, 0x35F, maker=PYLON), "pylontech-1.3"),
        (detector(*BASE, 0x35A, 0x35F, 0x373, maker=PYLON), "victron"),
        (detector(*BASE, 0x35A, 0x35B, 0x35F, 0x372, maker=BYD), "victron"),
        (detector(*BASE, 0x35A, 0x35F, maker=BYD), "victron"),
        (detector(*BASE, 0x35A, 0x35B, 0x35F, maker=b"REC     "), "sma"),
        (detector(*BASE, 0x35A, 0x370, 0x372, maker=DISCOVER), "discover"),
        (detector(*BASE, 0x363, maker=bytes.fromhex("445930303103E803")), "deye-pcs"),
        (detector(*BASE), "generic"),
        (detector(), "generic"),
    ],
)
def test_signatures(heard: Detector, profile: str) -> None:
    assert heard.decide().profile == profile


def test_a_fine_state_of_charge_is_no_cell_voltage() -> None:
    """30.00 % and 300 Ah left look like 3.000 V and 3.000 V, but agree with the SOC of 30 %."""
    soc = bytes.fromhex("1E006400B80BB80B")
    assert detector(*BASE, 0x359, 0x35C, alarms=UNMARKED, soc=soc).decide().profile == "pylontech-1.2"


def test_dialects_without_a_profile_are_named_and_read_as_generic() -> None:
    verdict = detector(0x311).decide()
    assert (verdict.profile, verdict.decoded_as) == ("growatt-lv", "generic")


def burst(heard: Detector, now_s: float, *ids: int) -> bool:
    told = [heard.observe(can_id, MARKED if can_id == 0x359 else bytes(8), now_s) for can_id in ids]
    return any(told)


V12 = (0x359, 0x351, 0x355, 0x356, 0x35C)
V13 = (0x351, 0x355, 0x356, 0x35A, 0x35F)


def test_it_decides_after_three_seconds_of_traffic() -> None:
    heard = Detector()
    assert not burst(heard, 100.0, *V12)
    assert not burst(heard, 101.0, *V12)
    assert not burst(heard, 102.9, *V12)
    assert heard.verdict.profile == "generic"
    assert burst(heard, 103.0, *V12)
    assert heard.verdict.profile == "pylontech-1.2"
    assert not burst(heard, 104.0, *V12)


def test_it_decides_again_when_an_id_joins() -> None:
    heard = Detector()
    for second in range(60):
        burst(heard, float(second), *V12)
    for second in range(60, 62):
        assert not burst(heard, float(second), *V12, 0x372)
    told = [burst(heard, float(second), *V12, 0x372) for second in range(62, 65)]
    assert any(told)
    assert heard.verdict.profile == "pylon-plus"


def test_it_decides_again_when_the_firmware_is_updated() -> None:
    """The ids of 1.2 fall silent and those of 1.3 come: told once the old ones are forgotten."""
    heard = Detector()
    for second in range(60):
        burst(heard, float(second), *V12)
        heard.observe(0x35E, PYLON, float(second))
    for second in range(120, 300):
        burst(heard, float(second), *V13)
        heard.observe(0x35E, PYLON, float(second))
    assert heard.verdict.profile == "pylontech-1.3"


def test_a_silence_of_an_hour_changes_nothing() -> None:
    heard = Detector()
    for second in range(60):
        burst(heard, float(second), *V12)
    for second in range(3660, 3700):
        assert not burst(heard, float(second), *V12)
    assert heard.verdict.profile == "pylontech-1.2"


def test_a_battery_that_is_off_is_not_forgotten_while_the_inverter_speaks() -> None:
    heard = Detector()
    for second in range(60):
        burst(heard, float(second), *V12)
    for second in range(60, 3660):
        assert not heard.observe(0x305, bytes(8), float(second))
    for second in range(3660, 3700):
        assert not burst(heard, float(second), *V12, 0x305)
    assert heard.verdict.profile == "pylontech-1.2"


def test_a_name_sent_once_a_minute_is_not_forgotten() -> None:
    heard = Detector()
    for second in range(600):
        burst(heard, float(second), *V13)
        if second % 60 == 0:
            heard.observe(0x35E, PYLON, float(second))
        assert second < 5 or heard.verdict.profile == "pylontech-1.3"


def test_every_signature_says_why() -> None:
    assert all(signature.reason() for signature in signatures())
