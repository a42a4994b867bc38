"""Minutes and days as the devices count them."""

from __future__ import annotations

import pytest
from tests.support.twin_days import JUNE_S, NOVEMBER_S, live

from stallaini.twin.physics.counters import DayCounter, Days, MinuteTally
from stallaini.twin.physics.house import House


def test_a_minute_holds_least_mean_and_greatest_of_what_passed_in_it() -> None:
    house = House(seed=1, soc_pct=60.0)
    states = live(house, 10 / 1440, 1.0, JUNE_S + 11 * 3600)
    powers_w = [state.solar.power_w for state in states[480:540]]
    minute = states[539].minute
    assert minute.minute == (JUNE_S + 11 * 3600) // 60 + 8
    assert minute.solar_power_w.low == pytest.approx(min(powers_w))
    assert minute.solar_power_w.mean == pytest.approx(sum(powers_w) / 60)
    assert minute.solar_power_w.high == pytest.approx(max(powers_w))
    assert states[598].minute == minute, "until the next is over"
    assert states[599].minute.minute == minute.minute + 1


@pytest.mark.parametrize("dt_s", [7.0, 20.0, 45.0])
def test_minutes_add_up_to_the_day_s_counter(dt_s: float) -> None:
    house = House(seed=1, soc_pct=60.0)
    minutes = {}
    for state in live(house, 0.25, dt_s, JUNE_S + 9 * 3600):
        minutes[state.minute.minute] = state.minute
    counted_kwh = sum(minute.ac_power_w.mean for minute in minutes.values()) / 60_000
    assert house.state().today.consumed_kwh == pytest.approx(counted_kwh, rel=0.01)


def test_an_empty_minute_is_all_nothing() -> None:
    tally = MinuteTally()
    tally.close(7, (0.0,) * 6)
    assert tally.closed.minute == 7
    assert tally.closed.ac_power_w.mean == 0


def test_the_day_turns_by_the_gateway_s_own_clock() -> None:
    house = House(seed=1)
    house.controls.gateway_clock_ahead_s = 3600.0
    before = live(house, 22.9 / 24)[-1]
    after = live(house, 0.2 / 24, start_s=NOVEMBER_S + 22.9 * 3600)[-1]
    assert before.today.consumed_kwh > 1
    assert after.today.consumed_kwh < 0.1
    assert after.yesterday.consumed_kwh >= before.today.consumed_kwh


def test_a_clock_that_is_set_back_loses_no_counter() -> None:
    days = Days("Europe/Rome")
    days.pass_midnight(NOVEMBER_S + 60)
    days.today.consumed_j = 5.0
    days.pass_midnight(NOVEMBER_S - 60)
    assert days.today.consumed_j == 5.0
    days.pass_midnight(NOVEMBER_S + 60)
    assert (days.today.consumed_j, days.yesterday.consumed_j) == (0.0, 5.0)
    assert days.totals().consumed_j == 5.0


def test_sums_add_and_extremes_are_kept() -> None:
    one, other = DayCounter(), DayCounter()
    one.battery(50.0, 10.0, 10.2, 60.0)
    other.battery(48.0, -5.0, -4.8, 60.0)
    one.solar(500.0, 10.0, 90.0, 600.0, 60.0)
    other.solar(700.0, 14.0, 85.0, 20.0, 60.0)
    both = one.plus(other).state()
    assert both.battery_charged_ah == pytest.approx(10.2 / 60)
    assert both.battery_discharged_ah == pytest.approx(4.8 / 60)
    assert (both.battery_min_v, both.battery_max_v) == (48.0, 50.0)
    assert (both.solar_max_w, both.panel_max_v) == (700.0, 90.0)
    assert both.solar_hours == pytest.approx(1 / 60)
