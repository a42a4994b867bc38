"""Well, pump and tank; and the water heater."""

from __future__ import annotations

import pytest
from tests.support.twin_days import JUNE_S, NOVEMBER_S, live

from stallaini.twin.physics.controls import Faults
from stallaini.twin.physics.heater import Heater
from stallaini.twin.physics.house import House
from stallaini.twin.physics.water import Water


def test_the_pump_lifts_about_four_cubic_metres_an_hour_until_the_float_is_up() -> None:
    water = Water(2200.0, Faults())
    begun_l = water.tank_l
    water.step(water.wanted_w(True), 0.0, 600.0)
    assert water.flow_l_h == pytest.approx(4070, rel=0.01)
    assert water.tank_l - begun_l == pytest.approx(4070 / 6, rel=0.01)
    for _ in range(60):
        water.step(water.wanted_w(True), 0.0, 60.0)
    assert water.tank_full
    assert water.wanted_w(True) == 0
    assert not water.pump_on
    water.step(0.0, 1000.0, 1200.0)
    assert water.wanted_w(True) == 0, "the float has a hysteresis"
    water.step(0.0, 1000.0, 1200.0)
    assert water.wanted_w(True) == 2200
    assert water.pump_starts == 1


def test_a_well_runs_dry_under_a_long_run_and_recovers() -> None:
    faults = Faults()
    water = Water(2200.0, faults)
    water.tank_l = 100.0
    dry_after_s = 0.0
    while not water.dry:
        water.step(water.wanted_w(True), 5000.0, 60.0)
        dry_after_s += 60
    assert 3000 < dry_after_s < 6000
    assert water.wanted_w(True) == pytest.approx(0.65 * 2200), "less power is the sign"
    water.step(0.0, 0.0, 3600.0)
    assert water.well_l > 1700


def test_a_dry_well_is_noticed_by_people_but_not_by_a_relay() -> None:
    house = House(seed=4, soc_pct=90.0)
    house.faults.dry_well = True
    house.water.tank_l = 2000.0
    day = live(house, 0.7, start_s=JUNE_S)
    dry = [state for state in day if state.water.pump_on]
    assert dry
    assert len(dry) <= 3 * 7, "they switch it off after some minutes"
    assert all(state.water.pump_flow_l_h == 0 for state in dry)
    house.controls.pump_relay = True
    hour = live(house, 1 / 24, start_s=JUNE_S + 0.7 * 86_400)
    assert all(state.water.dry for state in hour[2:])


def test_a_stuck_relay_does_not_obey() -> None:
    house = House(seed=4, soc_pct=90.0)
    house.controls.pump_relay = True
    house.step(NOVEMBER_S, 1.0)
    house.faults.stuck_relays.add("well_pump")
    house.controls.pump_relay = False
    assert house.step(NOVEMBER_S + 1, 1.0).water.pump_on
    house.faults.stuck_relays.clear()
    assert not house.step(NOVEMBER_S + 2, 1.0).water.pump_on


def test_the_heater_takes_about_three_hours_from_cold_and_its_thermostat_ends_it() -> None:
    heater = Heater(1500.0)
    heater.temperature_c = 15.0
    seconds = 0
    while heater.wanted_w(True):
        heater.step(1500.0, 0.0, 20.0, 60.0)
        seconds += 60
    assert 2.7 < seconds / 3600 < 3.1
    assert heater.temperature_c >= 60
    for _ in range(24 * 60):
        heater.step(0.0, 0.0, 20.0, 60.0)
    assert 46 < heater.temperature_c < 54, "a day's loss is about a kilowatt-hour"
    assert heater.wanted_w(True) == 1500


def test_showers_cool_it() -> None:
    heater = Heater(1500.0)
    heater.temperature_c = 60.0
    for _ in range(10):
        heater.step(0.0, 190.0, 20.0, 60.0)
    assert 40 < heater.temperature_c < 45
