"""Every joule of the house is somewhere."""

from __future__ import annotations

import pytest
from tests.support.twin_days import DAY_S, JUNE_S, NOVEMBER_S, advance

from stallaini.twin.physics.house import House


@pytest.mark.parametrize(
    ("start_s", "soc_pct"),
    [(NOVEMBER_S, 72.0), (NOVEMBER_S, 15.5), (NOVEMBER_S + 45 * DAY_S, 40.0), (JUNE_S, 95.0)],
    ids=["November", "generator", "January", "curtailed June"],
)
@pytest.mark.parametrize(("dt_s", "days"), [(60.0, 3), (1.0, 0.5)])
def test_the_account_closes_whatever_the_step(
    start_s: float, soc_pct: float, dt_s: float, days: float
) -> None:
    house = House(seed=6, soc_pct=soc_pct)
    advance(house, days, dt_s, start_s + 6 * 3600)
    account = house.energy()
    assert account.came_j > 3.6e6
    assert abs(account.residue_share) < 1e-4


def test_the_generator_s_energy_is_in_the_account() -> None:
    house = House(seed=6, soc_pct=40.0)
    house.controls.generator_wanted = True
    advance(house, 0.1)
    account = house.energy()
    assert account.generator_j > 5e6
    assert account.charger_loss_j > 0.02 * account.generator_j
    assert account.battery_gain_j > 0.5 * account.generator_j
    assert abs(account.residue_share) < 1e-4


def test_a_joule_that_is_left_out_is_missed() -> None:
    house = House(seed=6)
    advance(house, 1)
    house.energy().household_j *= 0.99
    assert abs(house.account.residue_share) > 1e-3


def test_the_heater_keeps_what_it_does_not_lose_or_give() -> None:
    house = House(seed=6)
    before_j = house.heater.stored_j
    advance(house, 2)
    heater = house.heater
    assert heater.in_j == pytest.approx(heater.lost_j + heater.drawn_j + heater.stored_j - before_j, rel=1e-9)
    assert house.account.heater_j == pytest.approx(heater.in_j)


def test_the_water_is_all_there() -> None:
    house = House(seed=6)
    before_l = house.water.tank_l
    advance(house, 2, start_s=JUNE_S)
    water = house.water
    assert water.lifted_l > 1000
    assert water.lifted_l == pytest.approx(water.used_l + water.spilt_l + water.tank_l - before_l)
