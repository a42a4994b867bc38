"""The generator: pulled, warm, taken by the Xtender, or not."""

from __future__ import annotations

from tests.support.twin_days import NOVEMBER_S

from stallaini.twin.physics.controls import Faults
from stallaini.twin.physics.generator import Generator
from stallaini.twin.physics.house import House
from stallaini.twin.physics.state import HouseState

NIGHT_S = NOVEMBER_S + 2 * 3600


def run(house: House, seconds: int, start_s: float = NIGHT_S) -> list[HouseState]:
    return [house.step(start_s + n, 1.0) for n in range(1, seconds + 1)]


def started(soc_pct: float = 40.0) -> House:
    house = House(seed=1, soc_pct=soc_pct)
    house.controls.generator_wanted = True
    return house


def test_it_warms_up_then_feeds_the_house_and_charges_the_battery() -> None:
    house = started()
    states = run(house, 180)
    cold = next(state for state in states if state.generator.running)
    warm = next(state for state in states if state.generator.ready)
    fed = next(state for state in states if state.inverter.transfer)
    assert cold.wall_s < warm.wall_s - 50 < fed.wall_s - 55
    assert cold.generator.frequency_hz < warm.generator.frequency_hz
    last = states[-1]
    assert (last.inverter.mode, last.inverter.ac_frequency_hz) == (2, last.generator.frequency_hz)
    assert 2000 < last.inverter.input_power_w < 2600
    assert last.inverter.battery_current_a > 25
    assert last.battery.current_a > 25
    assert last.generator.fuel_l > 0
    assert last.minute.input_power_w.mean > 500
    assert last.today.input_kwh > 0.03
    assert last.today.charged_kwh > 0.02


def test_the_charger_obeys_current_and_source_limits_and_can_be_forbidden() -> None:
    house = started()
    house.controls.charge_current_a = 10.0
    assert 9 < run(house, 120)[-1].inverter.battery_current_a < 10.1
    house.controls.charge_current_a, house.controls.input_limit_a = 50.0, 4.0
    assert run(house, 3, NIGHT_S + 120)[-1].inverter.input_power_w <= 4.0 * 230 + 1
    house.controls.charger_allowed = False
    state = run(house, 3, NIGHT_S + 123)[-1]
    assert state.inverter.battery_current_a == 0
    assert state.inverter.transfer
    assert state.inverter.locks == 0b10


def test_a_house_that_asks_more_than_the_source_may_give_is_fed_by_the_battery() -> None:
    house = started(80.0)
    run(house, 120)
    house.controls.input_limit_a = 5.0
    house.controls.pump_relay = True
    state = run(house, 3, NIGHT_S + 120)[-1]
    assert not state.inverter.transfer
    assert state.inverter.output
    assert state.inverter.battery_current_a < -40


def test_transfer_forbidden_leaves_it_running_for_nothing() -> None:
    house = started()
    house.controls.transfer_allowed = False
    state = run(house, 120)[-1]
    assert state.generator.ready
    assert not state.inverter.transfer
    assert state.inverter.input_power_w == 0


def test_one_that_will_not_start_is_tried_three_times_and_told() -> None:
    house = started()
    house.faults.generator_fails = True
    states = run(house, 90)
    assert not any(state.generator.running for state in states)
    failed = next(n for n, state in enumerate(states) if state.generator.failed_to_start)
    assert 15 < failed < 60
    house.faults.generator_fails = False
    house.controls.generator_wanted = False
    run(house, 2, NIGHT_S + 90)
    house.controls.generator_wanted = True
    assert any(state.generator.running for state in run(house, 60, NIGHT_S + 92)), "another try may do"


def test_most_pulls_start_it_but_not_all() -> None:
    faults = Faults()
    generator = Generator(faults, 1)
    needed = []
    for _ in range(300):
        seconds = 0
        while not generator.running and not generator.failed:
            generator.step(True, 0.0, 1.0)
            seconds += 1
        needed.append(seconds)
        generator.step(False, 0.0, 1.0)
    at_once = sum(seconds < 8 for seconds in needed) / len(needed)
    assert 0.8 < at_once < 0.98


def test_an_aux_contact_starts_it() -> None:
    house = House(seed=1, soc_pct=40.0)
    house.controls.aux1_load, house.controls.aux1_mode = "generator", 4
    states = run(house, 90)
    assert states[-1].generator.ready
    assert states[-1].inverter.aux1.closed
    house.controls.aux1_mode = 8
    assert not run(house, 2, NIGHT_S + 90)[-1].generator.running
