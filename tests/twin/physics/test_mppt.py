"""Array and tracker: voltages, limits and modes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.twin_days import JUNE_S, live

from stallaini.twin.physics.array import Array, Panels
from stallaini.twin.physics.controls import Controls, Faults
from stallaini.twin.physics.house import House
from stallaini.twin.physics.mppt import Mppt

NOON_S = JUNE_S + 13 * 3600


def lit(light_w_m2: float, air_c: float = 25.0, peak_w: float = 2340.0) -> Panels:
    panels = Panels(peak_w)
    for _ in range(50):
        panels.step(light_w_m2, air_c, 120.0)
    return panels


def test_full_light_heats_the_cells_and_costs_a_tenth_of_the_power() -> None:
    panels = lit(1000.0)
    assert panels.temperature_c == pytest.approx(55, abs=1)
    assert panels.available_w == pytest.approx(2340 * 0.9 * 0.877, rel=0.01)
    assert 78 < panels.mpp_v < 86
    assert 98 < panels.open_v < 108


@given(light=st.floats(1, 1300), air_c=st.floats(-20, 45), share=st.floats(0, 1))
def test_the_less_is_drawn_the_higher_the_voltage(light: float, air_c: float, share: float) -> None:
    panels = lit(light, air_c)
    volts = panels.voltage_at(share * panels.available_w)
    assert panels.mpp_v - 1e-6 <= volts <= panels.open_v + 1e-6
    assert panels.voltage_at(panels.available_w) == pytest.approx(panels.mpp_v)
    assert panels.voltage_at(0.0) == pytest.approx(panels.open_v)


def test_65_a_is_the_end_whatever_the_array() -> None:
    house = House(seed=5, soc_pct=40.0, array=Array(peak_w=6000.0))
    noon = [
        state
        for state in live(house, 0.6, start_s=JUNE_S)
        if state.solar.mode == 10 and state.solar.power_w > 100
    ]
    assert noon
    assert all(64 < state.solar.battery_current_a < 65.3 for state in noon)


def test_a_set_current_holds_it_back_as_charge_i() -> None:
    house = House(seed=5, soc_pct=40.0)
    house.controls.solar_charge_current_a = 5.0
    states = live(house, 0.02, start_s=NOON_S)
    assert all(state.solar.mode == 10 for state in states)
    assert states[-1].solar.battery_current_a == pytest.approx(5.0, abs=0.1)
    assert states[-1].solar.panel_voltage_v > 95, "towards open circuit"


def test_switched_off_or_broken_it_gives_nothing() -> None:
    house = House(seed=5, soc_pct=40.0)
    house.controls.solar_on = False
    state = house.step(NOON_S, 1.0)
    assert (state.solar.power_w, state.solar.mode, state.solar.on) == (0, 6, False)
    house.controls.solar_on = True
    house.faults.mppt_error = 4
    state = house.step(NOON_S + 1, 1.0)
    assert (state.solar.power_w, state.solar.mode, state.solar.error) == (0, 5, 4)
    house.faults.mppt_error = 0
    assert house.step(NOON_S + 2, 1.0).solar.power_w > 300


def test_dawn_starts_up_falls_back_charges_and_night_is_night() -> None:
    house = House(seed=5, soc_pct=50.0)
    morning = live(house, 0.35, start_s=JUNE_S)
    modes = [state.solar.mode for state in morning]
    assert modes[:180] == [0] * 180
    awake = modes[modes.index(next(mode for mode in modes if mode)) : modes.index(8)]
    assert 5 < len(awake) < 45
    assert set(awake) == {1, 10}
    assert all(state.solar.power_w == 0 for state in morning if state.solar.mode in (1, 10)), "no surplus"
    assert set(modes[modes.index(8) :]) == {8}


def test_hot_electronics_hold_back_as_charge_t() -> None:
    panels, controls, faults = lit(1000.0, peak_w=4000.0), Controls(), Faults()
    mppt = Mppt(panels, controls, faults)
    mppt.temperature_c = 80.0
    offered_w = mppt.offer_w(50.0)
    mppt.settle(offered_w, 50.0, 30.0, 1.0)
    mppt.judge(0.0, False, False)
    assert mppt.mode == 11
    assert mppt.current_a < 45
