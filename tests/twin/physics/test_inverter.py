"""The inverter: what it loses, what it bears, when it stops and comes back."""

from __future__ import annotations

import pytest
from tests.support.twin_days import NOVEMBER_S, live

from stallaini.twin.physics.controls import Controls, Faults
from stallaini.twin.physics.generator import Generator
from stallaini.twin.physics.house import House
from stallaini.twin.physics.inverter import Inverter
from stallaini.twin.physics.state import HouseState

NIGHT_S = NOVEMBER_S + 2 * 3600


def inverter() -> Inverter:
    faults = Faults()
    return Inverter(Controls(), faults, Generator(faults, 1))


def seconds_to_trip(load_w: float, room_c: float = 25.0, at_most_s: int = 7200) -> int:
    one = inverter()
    for second in range(at_most_s):
        one.decide(80.0, 50.0, True, 1.0)
        one.take(load_w, 0.0, 0.0, 0.5)
        one.settle(room_c, 1.0)
        if one.overloads:
            return second + 1
    return at_most_s


@pytest.mark.parametrize(("load_w", "efficiency"), [(350, 0.943), (1000, 0.958), (3500, 0.935)])
def test_its_efficiency(load_w: float, efficiency: float) -> None:
    one = inverter()
    one.decide(80.0, 50.0, True, 1.0)
    one.take(load_w, 0.0, 0.0, 0.5)
    assert load_w / one.draw_w == pytest.approx(efficiency, abs=0.003)


@pytest.mark.parametrize(
    ("load_w", "least_s", "most_s"), [(4000, 1700, 1900), (10_400, 4, 6), (7000, 10, 20)]
)
def test_an_overload_ends_as_it_must(load_w: float, least_s: int, most_s: int) -> None:
    assert least_s <= seconds_to_trip(load_w) <= most_s


def test_its_rating_is_borne_for_ever_but_less_in_the_heat() -> None:
    assert seconds_to_trip(3450) == 7200
    assert seconds_to_trip(3450, room_c=40.0) < 7200


def test_a_cooler_hour_pays_back() -> None:
    one = inverter()
    for minute in range(240):
        one.decide(80.0, 50.0, True, 60.0)
        one.take(4000 if minute % 60 < 15 else 1500, 0.0, 0.0, 0.5)
        one.settle(25.0, 60.0)
    assert one.overloads == 0


def _overloaded(house: House, seconds: int) -> list[HouseState]:
    house.controls.pump_relay = house.controls.heater_relay = True
    house.heater.temperature_c = 20.0
    house.heater.rated_w = 6000.0
    return [house.step(NIGHT_S + n, 1.0) for n in range(1, seconds + 1)]


def test_after_an_overload_it_tries_three_times_and_then_waits_for_a_person() -> None:
    house = House(seed=1)
    states = _overloaded(house, 1200)
    gave_up = next(n for n, state in enumerate(states) if state.inverter.gave_up)
    first = next(n for n, state in enumerate(states) if state.inverter.overloaded)
    assert states[gave_up].inverter.overloads == 4, "one overload, three more tries"
    assert [state.inverter.overloads for state in states[first : first + 6]] == [1] * 5 + [2], "after 5 s"
    quarter = states[gave_up + 1 : gave_up + 890]
    assert not any(state.inverter.output for state in quarter)
    assert all(state.inverter.ac_power_w == 0 for state in quarter)


def test_a_person_at_the_remote_ends_the_lock_out() -> None:
    house = House(seed=1)
    last = _overloaded(house, 200)[-1]
    assert last.inverter.gave_up
    house.heater.rated_w = 500.0
    house.controls.inverter_on = False
    house.step(last.wall_s + 1, 1.0)
    house.controls.inverter_on = True
    house.step(last.wall_s + 2, 1.0)
    assert house.step(last.wall_s + 3, 1.0).inverter.output


def test_a_motor_s_start_shows_in_the_peak_and_in_the_minute_but_not_in_the_second_s_end() -> None:
    house = House(seed=1, soc_pct=80.0)
    house.controls.heater_relay = False
    live(house, 2 / 1440, 1.0, NIGHT_S)
    house.controls.pump_relay = True
    start = house.step(NIGHT_S + 121, 1.0)
    assert 8000 < start.inverter.ac_peak_power_va < 10_500
    assert 2900 < start.inverter.ac_apparent_power_va < 3400
    assert not start.inverter.overloaded
    minute = live(house, 1 / 1440, 1.0, NIGHT_S + 121)[-1].minute
    assert minute.ac_apparent_power_va.high == pytest.approx(start.inverter.ac_peak_power_va)
    assert minute.ac_apparent_power_va.mean < 3500
    assert minute.inverter_current_a.low < -110
    assert minute.battery_voltage_v.low < minute.battery_voltage_v.mean - 0.8


def test_a_start_beside_kettle_and_oven_trips_it() -> None:
    house = House(seed=1, soc_pct=80.0)
    house.heater.rated_w, house.heater.temperature_c = 3200.0, 20.0
    house.controls.heater_relay = True
    house.step(NIGHT_S, 1.0)
    house.controls.pump_relay = True
    assert house.step(NIGHT_S + 1, 1.0).inverter.overloads == 1


def test_it_stops_at_15_percent_and_starts_again_at_20() -> None:
    house = House(seed=1, soc_pct=60.0)
    house.bms.anchor(15.0)
    assert not house.step(NIGHT_S, 1.0).inverter.output
    house.bms.anchor(18.0)
    assert not house.step(NIGHT_S + 1, 1.0).inverter.output
    house.bms.anchor(21.0)
    assert house.step(NIGHT_S + 2, 1.0).inverter.output


def test_a_power_cut_darkens_the_house_and_stops_its_pumps() -> None:
    house = House(seed=1, soc_pct=80.0)
    house.controls.pump_relay = house.controls.heater_relay = True
    house.heater.temperature_c = 20.0
    assert house.step(NIGHT_S, 1.0).water.pump_on
    house.faults.power_cut = True
    state = house.step(NIGHT_S + 1, 1.0)
    assert not state.inverter.output
    assert not state.inverter.on
    assert (state.inverter.ac_power_w, state.inverter.ac_voltage_v, state.inverter.ac_frequency_hz) == (
        0,
        0,
        0,
    )
    assert not state.water.pump_on
    assert not state.heater.on
    house.faults.power_cut = False
    assert house.step(NIGHT_S + 2, 1.0).water.pump_on


def test_it_says_whether_something_is_about_to_move() -> None:
    house = House(seed=1, soc_pct=80.0)
    state = live(house, 10 / 1440, 10.0, NIGHT_S)[-1]
    while not house.quiet_for_s():
        state = house.step(state.wall_s + 5, 5.0)
    edge_s = house.quiet_for_s()
    assert 0 < edge_s <= 60
    house.controls.pump_relay = True
    house.step(state.wall_s + 1, 1.0)
    assert house.busy()
    assert house.quiet_for_s() == 0
