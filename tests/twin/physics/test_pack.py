"""Cells and modules: their curve, their resistance, their habits."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stallaini.twin.physics.cells import cold_factor, open_v, stored_j
from stallaini.twin.physics.pack import Pack


def carry(pack: Pack, current_a: float, seconds: float, dt_s: float = 10.0) -> None:
    for _ in range(round(seconds / dt_s)):
        pack.prepare(dt_s)
        pack.carry(current_a, 20.0)


def test_the_curve_is_flat_in_the_middle_and_steep_at_the_ends() -> None:
    volts = [open_v(pct / 2) for pct in range(201)]
    assert all(low < high for low, high in pairwise(volts))
    assert volts[0] == 30.0
    assert volts[-1] == pytest.approx(50.85)
    assert open_v(98) - open_v(20) == pytest.approx(1.755, abs=0.01), "voltage cannot give the charge"


@given(low=st.floats(0, 100), high=st.floats(0, 100))
def test_stored_energy_is_the_integral_of_the_curve(low: float, high: float) -> None:
    steps = 400
    width = (high - low) / steps
    volt_pct = math.fsum(open_v(low + (n + 0.5) * width) * width for n in range(steps))
    assert stored_j(high, 100.0) - stored_j(low, 100.0) == pytest.approx(volt_pct * 3600, abs=900)


def test_a_module_of_100_ah_holds_about_4_9_kwh() -> None:
    assert stored_j(100.0, 100.0) / 3.6e6 == pytest.approx(4.92, abs=0.05)


def test_cold_cells_resist_half_as_much_again() -> None:
    assert cold_factor(10.0) == pytest.approx(1.5, abs=0.01)
    assert cold_factor(25.0) == 1.0


def test_75_a_sag_a_volt_and_the_slow_stage_follows() -> None:
    pack = Pack(60.0)
    pack.temperature_c = 25.0
    pack.prepare(1.0)
    at_once_v = open_v(60.0) - pack.voltage_at(-75.0)
    assert 1.0 < at_once_v < 1.4
    carry(pack, -75.0, 300)
    assert pack.voltage_v < open_v(pack.soc_pct) - at_once_v - 0.3


def test_charging_stands_higher_than_discharging_at_the_same_charge() -> None:
    pack = Pack(50.0)
    carry(pack, 20.0, 3600)
    carry(pack, 0.0, 1800)
    charged_v, charged_pct = pack.voltage_v, pack.soc_pct
    carry(pack, 20.0, 3600)
    carry(pack, -20.0, 3600)
    carry(pack, 0.0, 1800)
    assert pack.soc_pct == pytest.approx(charged_pct, abs=0.1)
    assert 0.1 < charged_v - pack.voltage_v < 0.3


def test_two_modules_share_unequally_and_even_out() -> None:
    pack = Pack(60.0, seed=3)
    carry(pack, -60.0, 60)
    one, other = (module.current_a for module in pack.modules)
    assert one + other == pytest.approx(-60.0)
    assert 1.5 < abs(one - other) < 9
    pack.modules[0].soc_pct, pack.modules[1].soc_pct = 15.0, 5.0
    carry(pack, 0.0, 60)
    assert pack.modules[0].current_a == pytest.approx(-pack.modules[1].current_a)
    assert pack.modules[0].current_a < -1, "the fuller one charges the other"


def test_charge_that_goes_in_comes_out_but_for_half_a_percent() -> None:
    pack = Pack(50.0)
    carry(pack, 30.0, 3600)
    carry(pack, -30.0, 3600)
    lost_pct = 50.0 - pack.soc_pct
    assert lost_pct == pytest.approx(30 * 0.005 / pack.capacity_ah * 100, rel=0.01)


def test_a_full_cycle_is_counted_once() -> None:
    pack = Pack(90.0)
    before = pack.modules[0].cycles
    carry(pack, -50.0, 4 * 3600 - 1800, 60)
    carry(pack, 50.0, 4 * 3600 - 1800, 60)
    assert pack.modules[0].cycles - before == pytest.approx(175 / 200, rel=0.1)


@pytest.mark.parametrize("dt_s", [1.0, 15.0, 60.0])
def test_a_wide_step_does_not_overshoot_the_voltage_it_holds(dt_s: float) -> None:
    pack = Pack(97.5)
    for _ in range(int(3600 / dt_s)):
        pack.prepare(dt_s)
        pack.carry(min(60.0, pack.current_at(53.2)), 20.0)
        assert pack.voltage_v <= 53.2 + 1e-9
    pack.prepare(0.001)
    assert pack.voltage_at(pack.current_a) < 53.35
    assert pack.soc_pct > 99.5


def test_a_full_pack_stands_high_while_charged_and_comes_to_rest_within_the_hour() -> None:
    pack = Pack(98.0)
    while pack.voltage_v < 53.2:
        carry(pack, 12.0, 10)
    assert pack.soc_pct > 99.4
    carry(pack, 0.0, 3600)
    assert 50.5 < pack.voltage_v < 51.3
