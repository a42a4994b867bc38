"""The house's Studer devices: what they tell is what the house does, and what is written to them it obeys."""

from __future__ import annotations

import math

import pytest

from stallaini.devices.studer.asker import Part
from stallaini.devices.studer.errors import ScomError
from stallaini.devices.studer.messages import message
from stallaini.devices.studer.objects import UnknownObject, info_at
from stallaini.twin.physics.house import House
from stallaini.twin.wires.studer_infos import BMS_INFOS, VARIOTRACK_INFOS, XTENDER_INFOS
from stallaini.twin.wires.studer_plant import StuderPlant

NOON_S = 1_795_428_000.0  # 2026-11-23T10:00Z: 11 in Noto
ASKED = {
    101: (
        *(3000, 3092, 3005, 3095, 3136, 3101, 3139, 3098, 3097, 3137, 3119, 3011, 3012, 3084, 3021, 3022),
        *(3085, 3010, 3028, 3020, 3030, 3031, 3032, 3054, 3055, 3049, 3056, 3086, 3078, 3083, 3081, 3079),
        *(3076, 3082, 3080, 3103, 3106, 3168, 3001, 3045, 3046, 3047, 3124, 3130, 3131, 3132, 3156, 3157),
    ),
    301: (
        *(11000, 11001, 11002, 11003, 11004, 11041, 11043, 11007, 11011, 11009, 11016, 11038, 11034, 11069),
        *(11066, 11045, 11046, 11015, 11050, 11051, 11061, 11062, 11063, 11064),
    ),
    601: (
        *(7000, 7001, 7002, 7003, 7047, 7058, 7057, 7029, 7061, 7062, 7063, 7064, 7065, 7066, 7068, 7067),
        *(7007, 7008, 7009, 7010, 7059, 7054, 7037, 7038),
    ),
}


@pytest.fixture
def house() -> House:
    house = House(seed=3)
    _live(house, 120)
    return house


def _live(house: House, seconds: int, start_s: float = NOON_S) -> None:
    start_s = max(start_s, house.state().wall_s)
    for second in range(1, seconds + 1):
        house.step(start_s + second, 1.0)


@pytest.mark.parametrize("address", ASKED)
def test_every_info_worth_polling_is_there(house: House, address: int) -> None:
    plant = StuderPlant(house)
    values = {nr: plant.info(address, nr) for nr in ASKED[address]}
    assert not [nr for nr, value in values.items() if value is None or math.isnan(value)]


def test_no_info_is_invented() -> None:
    for address, infos in ((101, XTENDER_INFOS), (301, VARIOTRACK_INFOS), (601, BMS_INFOS)):
        unknown = []
        for nr in infos:
            try:
                info_at(address, nr)
            except UnknownObject:
                unknown.append(nr)
        assert set(unknown) <= {3079}, "3079 is told by real units and missing in the maker's table"


def test_infos_tell_what_the_house_does_in_studers_units(house: House) -> None:
    plant, state = StuderPlant(house), house.state()
    assert plant.info(101, 3136) == pytest.approx(state.inverter.ac_power_w / 1000)
    assert plant.info(301, 11004) == pytest.approx(state.solar.power_w / 1000)
    assert plant.info(101, 3000) == pytest.approx(state.battery.voltage_v, abs=0.5)
    assert plant.info(601, 7002) == round(state.bms.soc_pct)
    assert plant.info(101, 3001) == 32_767, "no temperature sensor"
    assert math.isnan(plant.info(601, 7070) or 0), "no grid to feed"
    assert plant.info(101, 11004) is None
    assert plant.info(701, 15000) is None


@pytest.mark.parametrize(("address", "nr"), [(101, 3130), (301, 11050), (601, 7037)])
def test_the_firmware_can_write_to_ram(house: House, address: int, nr: int) -> None:
    plant = StuderPlant(house)
    high, low = plant.info(address, nr), plant.info(address, nr + 1)
    assert high is not None
    assert low is not None
    version = (int(high) >> 8, int(low) >> 8, int(low) & 0xFF)
    assert version >= (1, 6, 14)


def test_a_value_in_ram_works_and_is_not_read_back(house: House) -> None:
    plant = StuderPlant(house)
    assert plant.write(101, 1202, 4.0, saved=False) is None
    assert plant.parameter(101, 1202, Part.VALUE) == 1, "a read shows the flash"
    assert house.controls.aux1_mode == 4
    plant.restart(101)
    assert house.controls.aux1_mode == 1, "a restart drops what was only in RAM"
    assert plant.write(101, 1202, 4.0, saved=True) is None
    plant.restart(101)
    assert (house.controls.aux1_mode, plant.parameter(101, 1202, Part.VALUE)) == (4, 4)


@pytest.mark.parametrize(
    ("address", "nr", "value", "control", "expected"),
    [
        (101, 1107, 12.0, "input_limit_a", 12.0),
        (101, 1124, 0.0, "inverter_allowed", False),
        (101, 1125, 0.0, "charger_allowed", False),
        (101, 1128, 0.0, "transfer_allowed", False),
        (101, 1138, 20.0, "charge_current_a", 20.0),
        (101, 1311, 8.0, "aux2_mode", 8),
        (101, 1399, 1.0, "inverter_on", False),
        (301, 10_040, 1.0, "solar_on", False),
        (301, 10_002, 30.0, "solar_charge_current_a", 30.0),
    ],
)
def test_a_write_takes_effect(
    house: House, address: int, nr: int, value: float, control: str, expected: object
) -> None:
    assert StuderPlant(house).write(address, nr, value, saved=False) is None
    assert getattr(house.controls, control) == expected


def test_the_user_s_limit_counts_only_when_it_is_switched_on(house: House) -> None:
    plant = StuderPlant(house)
    plant.write(601, 6069, 25.0, saved=False)
    assert house.controls.charge_limit_a is None
    plant.write(601, 6068, 1.0, saved=False)
    assert house.controls.charge_limit_a == 25.0


def test_a_mode_that_is_none_is_refused(house: House) -> None:
    plant = StuderPlant(house)
    assert plant.write(101, 1202, 3.0, saved=False) is ScomError.INVALID_DATA
    assert plant.write(101, 9999, 1.0, saved=False) is ScomError.OBJECT_ID_NOT_FOUND


def test_its_clock_shows_local_time_and_can_be_set(house: House) -> None:
    plant = StuderPlant(house, "Europe/Rome")
    wall_s = house.state().wall_s
    assert plant.parameter(501, 5002, Part.VALUE) == wall_s + 3600
    plant.write(501, 5002, wall_s + 3000, saved=False)
    assert plant.parameter(501, 5002, Part.VALUE) == wall_s + 3000


def test_what_happens_goes_into_the_alarm_history(house: House) -> None:
    plant = StuderPlant(house)
    assert plant.messages() == ()
    plant.hear_lithium(False)
    plant.hear_lithium(False)
    plant.hear_lithium(True)
    plant.restart(101)
    stored = plant.messages()
    assert [one.nr for one in stored] == [177, 226, 225]
    assert stored[0].unix_s == int(house.state().wall_s) + 3600
    assert message(225).text == "Communication with lithium battery lost"


def test_an_xcom_can_that_hears_no_battery_has_no_values(house: House) -> None:
    plant = StuderPlant(house)
    plant.hear_lithium(False)
    assert math.isnan(plant.info(601, 7002) or 0)
    assert plant.info(601, 7067) == 2
    assert plant.info(101, 3000) is not None


def test_what_is_forbidden_shows_in_the_lock_flags(house: House) -> None:
    plant = StuderPlant(house)
    assert plant.info(101, 3056) == 1 << 4, "nothing is fed into a grid, as delivered"
    for nr in (1124, 1125, 1126, 1128):
        plant.write(101, nr, 0.0, saved=False)
    _live(house, 2)
    assert plant.info(101, 3056) == 0b11111


def test_the_user_s_limit_shows_where_it_is_less_than_the_battery_s(house: House) -> None:
    plant = StuderPlant(house)
    plant.write(601, 6069, 25.0, saved=False)
    assert plant.info(601, 7065) == plant.info(601, 7063)
    plant.write(601, 6068, 1.0, saved=False)
    assert plant.info(601, 7065) == 25
    plant.write(601, 6062, 40.0, saved=False)
    assert plant.info(601, 7069) == 40
