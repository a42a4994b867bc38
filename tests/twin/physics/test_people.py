"""The household: plans by season, and people who mind what they switch."""

from __future__ import annotations

import statistics
from collections import Counter
from itertools import pairwise

import pytest
from tests.support.twin_days import DAY_S, JUNE_S, NOVEMBER_S, live

from stallaini.twin.physics.house import House
from stallaini.twin.physics.people import Household, plan_day

JUNE_DAY, NOVEMBER_DAY = int(JUNE_S // 86_400) + 1, int(NOVEMBER_S // 86_400) + 1


def energy_kwh(day: int) -> float:
    return sum(use.power_w * (use.end_s - use.start_s) for use in plan_day(2, day).uses) / 3.6e6


def test_a_plan_depends_on_seed_and_date_alone() -> None:
    assert plan_day(2, JUNE_DAY) == plan_day(2, JUNE_DAY)
    assert plan_day(2, JUNE_DAY) != plan_day(2, JUNE_DAY + 1)
    assert plan_day(2, JUNE_DAY) != plan_day(3, JUNE_DAY)


def test_summers_are_irrigated_on_both_sides_of_the_equator() -> None:
    def irrigates(day: int, south: bool) -> bool:
        return any(use.what == "irrigation" for use in plan_day(2, day, south).uses)

    assert irrigates(JUNE_DAY, south=False)
    assert not irrigates(NOVEMBER_DAY, south=False)
    assert not irrigates(JUNE_DAY, south=True)
    assert irrigates(NOVEMBER_DAY + 30, south=True)


def test_a_day_has_a_fridge_that_cycles_meals_evenings_and_taps() -> None:
    counts = Counter(use.what for use in plan_day(2, NOVEMBER_DAY).uses)
    assert 14 <= counts["fridge"] <= 20
    assert counts["kettle"] >= 1
    assert counts["cooking"] + counts["oven"] >= 2
    assert counts["lights"] == 4
    assert 8 <= counts["house_pump"] <= 11
    days = [energy_kwh(NOVEMBER_DAY + n) + 65 * 24 / 1000 for n in range(60)]
    assert 3.5 < statistics.fmean(days) < 5.5
    assert min(days) != max(days)


def test_people_do_not_start_the_pump_beside_the_oven_unless_they_forget() -> None:
    careful = next(n for n in range(99) if not plan_day(n, JUNE_DAY).forgetful)
    household = Household(15.0, 36.9, careful)
    for minute in range(1440):
        household.look(JUNE_S + minute * 60, 90.0, 0.5, 0.0)
        assert not (household.wants_pump and household.power_w > 1000)
        assert not (household.wants_pump and household.wants_heater)
    forgetful = sum(plan_day(n, JUNE_DAY).forgetful for n in range(500))
    assert 5 < forgetful < 40


@pytest.mark.parametrize(("soc_pct", "pumped"), [(90.0, True), (55.0, False)])
def test_the_tank_is_filled_only_when_there_is_energy(soc_pct: float, pumped: bool) -> None:
    household = Household(15.0, 36.9, 2)
    wanted = False
    for minute in range(1440):
        household.look(JUNE_S + minute * 60, soc_pct, 0.5, 0.0)
        wanted = wanted or household.wants_pump
    assert wanted is pumped


def test_an_empty_tank_is_filled_by_day_whatever_the_season_of_energy() -> None:
    household = Household(15.0, 36.9, 2)
    household.look(JUNE_S + 12 * 3600, 35.0, 0.05, 0.0)
    assert household.wants_pump


def test_one_house_pump_serves_all_taps() -> None:
    for day in range(JUNE_DAY, JUNE_DAY + 60):
        taps = [use for use in plan_day(2, day).uses if use.what == "house_pump"]
        for one, other in pairwise(taps):
            if one.end_s - other.start_s > 5:
                household = Household(0.0, 36.9, 2)
                before_s = day * DAY_S + other.start_s - 1
                household.look(before_s, 0.0, 0.9, 0.0)
                one_tap_w, one_tap_l_h = household.power_w, household.water_l_h
                household.look(before_s + 2, 0.0, 0.9, 0.0)
                assert household.power_w == pytest.approx(one_tap_w, abs=100)
                assert household.water_l_h == one_tap_l_h + other.water_l_h
                return
    raise AssertionError("no two taps ran together in two months")


def test_after_a_lock_out_somebody_switches_the_heavy_things_off_and_it_on_again() -> None:
    house = House(seed=2, soc_pct=90.0)
    house.heater.rated_w, house.heater.temperature_c = 9000.0, 20.0
    noon = live(house, 5 / 24, 10.0, JUNE_S + 10 * 3600)
    gave_up = next(n for n, state in enumerate(noon) if state.inverter.gave_up)
    assert not any(state.inverter.output for state in noon[gave_up + 1 : gave_up + 85])
    assert noon[gave_up + 100].inverter.output
    assert not any(state.heater.on for state in noon[gave_up + 1 :]), "not again today"
