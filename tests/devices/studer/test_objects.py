"""The maker's tables: objects and messages."""

from __future__ import annotations

import pytest

from stallaini.devices.studer.formats import Format
from stallaini.devices.studer.messages import Severity, message
from stallaini.devices.studer.objects import (
    Family,
    Kind,
    UnknownObject,
    all_objects,
    families_at,
    family_of,
    info,
    info_at,
    parameter,
    parameter_at,
)


def test_the_table_is_whole() -> None:
    assert len(all_objects()) == 1401
    assert {each.kind for each in all_objects()} == {Kind.INFO, Kind.PARAMETER}


def test_an_info_and_a_parameter_are_found() -> None:
    voltage = info(3000, Family.XT)
    assert (voltage.unit, voltage.format, voltage.is_signal) == ("V", Format.FLOAT, False)
    aux = parameter(1202, Family.XT)
    assert (aux.format, aux.default, aux.min, aux.max) == (Format.LONG_ENUM, 1, 1, 8)
    assert aux.meaning(4) == "Manual ON"
    assert parameter(1399, Family.XT).format is Format.SIGNAL


@pytest.mark.parametrize("number", [3.0, 77.0, 4.5, -1.0, float("nan"), float("inf")])
def test_a_number_without_a_meaning_is_told_as_unknown(number: float) -> None:
    assert "unknown" in parameter(1202, Family.XT).meaning(number)


def test_addresses_tell_the_family() -> None:
    addresses = (100, 101, 109, 191, 193, 300, 315, 501, 601, 701)
    assert [family_of(a).value for a in addresses] == [
        "xt", "xt", "xt", "xt", "xt", "vt", "vt", "rcc", "bms", "vs",
    ]  # fmt: skip
    assert families_at(601) == (Family.BMS, Family.BSP)
    for nobody in (0, 1, 42, 110, 194, 316, 800):
        with pytest.raises(UnknownObject, match="address"):
            family_of(nobody)


def test_at_601_a_bsp_is_asked_where_a_bms_has_no_such_object() -> None:
    assert info_at(601, 7002).family is Family.BMS
    only_bsp = next(
        each for each in all_objects() if each.family is Family.BSP and each.nr not in _bms_numbers()
    )
    find = info_at if only_bsp.kind is Kind.INFO else parameter_at
    assert find(601, only_bsp.nr) is only_bsp


def _bms_numbers() -> set[int]:
    return {each.nr for each in all_objects() if each.family is Family.BMS}


def test_what_is_not_in_the_table_is_said() -> None:
    with pytest.raises(UnknownObject, match="xt has no info 9999"):
        info(9999, Family.XT)
    with pytest.raises(UnknownObject, match="bms or bsp has no parameter 1"):
        parameter_at(601, 1)


def test_messages_have_severity_and_text() -> None:
    assert message(0).text == "Battery low"
    assert message(0).severity is Severity.WARNING
    assert message(235).severity is Severity.HALTED
    unknown = message(60000)
    assert unknown.severity is Severity.UNKNOWN
    assert "60000" in unknown.text
