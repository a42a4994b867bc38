"""The AUX contacts and what hangs on them."""

from __future__ import annotations

import pytest
from tests.support.twin_days import NOVEMBER_S

from stallaini.twin.physics.controls import AUTO, MANUAL_OFF, MANUAL_ON, REVERSED
from stallaini.twin.physics.house import House

NIGHT_S = NOVEMBER_S + 2 * 3600


@pytest.mark.parametrize(
    ("mode", "closed", "told"),
    [(AUTO, False, 1), (REVERSED, True, 2), (MANUAL_ON, True, 3), (MANUAL_OFF, False, 4)],
)
def test_modes_close_the_contact_and_are_told_in_the_infos_numbers(
    mode: int, closed: bool, told: int
) -> None:
    house = House(seed=1, soc_pct=80.0)
    house.controls.aux1_load, house.controls.aux1_mode = "water_heater", mode
    house.heater.temperature_c = 30.0
    state = house.step(NIGHT_S, 1.0)
    assert state.inverter.aux1.closed is closed
    assert state.inverter.aux1.mode == told
    assert state.heater.on is closed
    assert state.inverter.ac_power_w > 1400 if closed else state.inverter.ac_power_w < 400


def test_a_relay_in_series_can_only_take_away() -> None:
    house = House(seed=1, soc_pct=80.0)
    house.controls.aux2_load, house.controls.aux2_mode = "well_pump", MANUAL_ON
    house.controls.pump_relay = False
    assert not house.step(NIGHT_S, 1.0).water.pump_on
    house.controls.pump_relay = True
    assert house.step(NIGHT_S + 1, 1.0).water.pump_on
    house.controls.aux2_mode = MANUAL_OFF
    assert not house.step(NIGHT_S + 2, 1.0).water.pump_on


def test_a_contact_that_sticks_stays() -> None:
    house = House(seed=1)
    house.controls.aux1_mode = MANUAL_ON
    house.step(NIGHT_S, 1.0)
    house.faults.stuck_relays.add("aux1")
    house.controls.aux1_mode = MANUAL_OFF
    state = house.step(NIGHT_S + 1, 1.0)
    assert state.inverter.aux1.closed, "the contact"
    assert state.inverter.aux1.mode == 4, "and what it ought to be"
