"""What the battery believes and says, against what it is."""

from __future__ import annotations

import pytest
from tests.support.twin_days import DAY_S, JUNE_S, NOVEMBER_S, advance, live

from stallaini.twin.physics.house import House


@pytest.mark.parametrize("seed", range(4))
def test_the_said_charge_drifts_one_or_two_percent_a_week(seed: int) -> None:
    house = House(seed=seed, soc_pct=60.0)
    house.pack.current_a = 0.0
    for _ in range(7 * 24):  # a week in which nothing flows
        house.bms.step(3600.0)
    assert 1.0 <= abs(house.said().soc_pct - 60.0) <= 2.5


def test_the_said_charge_jumps_to_100_when_a_cell_is_full() -> None:
    house = House(seed=2, soc_pct=96.0)
    house.bms.anchor(90.0)
    day = live(house, 0.8, start_s=JUNE_S)
    said = [state.bms.soc_pct for state in day]
    full = said.index(100.0)
    assert said[full - 1] < 98
    assert day[full].battery.soc_pct > 99
    assert max(max(module.cell_voltages_v) for module in day[full].battery.modules) > 3.5


def test_a_count_that_is_too_high_waits_at_99() -> None:
    house = House(seed=2, soc_pct=85.0)
    house.bms.anchor(97.0)
    day = live(house, 0.5, start_s=JUNE_S)
    waiting = [state for state in day if state.bms.soc_pct == 99]
    assert len(waiting) > 20
    assert all(state.bms.charge_enabled for state in waiting)


def test_a_planted_jump_is_said_at_once_and_the_truth_stays() -> None:
    house = House(seed=2, soc_pct=60.0)
    house.bms.anchor(20.0)
    state = house.step(NOVEMBER_S, 1.0)
    assert state.bms.soc_pct == 20
    assert state.battery.soc_pct == pytest.approx(60, abs=0.1)


def test_a_lost_module_halves_the_limits_and_carries_nothing() -> None:
    house = House(seed=2, soc_pct=60.0)
    advance(house, 0.01)
    both_a = house.said().charge_current_limit_a
    house.faults.lost_module = 1
    state = live(house, 0.01, start_s=NOVEMBER_S + 0.01 * DAY_S)[-1]
    assert state.bms.charge_current_limit_a == pytest.approx(both_a / 2)
    assert (state.bms.modules, state.bms.modules_offline) == (1, 1)
    assert "alarm.internal_communication" in state.bms.raised
    left, lost = state.battery.modules
    assert (left.online, lost.online) == (True, False)
    assert left.current_a < -1 < lost.current_a
    house.faults.lost_module = None
    assert house.step(state.wall_s + 1, 1).bms.modules == 2


def test_one_module_that_must_give_too_much_opens_for_a_minute_and_the_house_is_dark() -> None:
    house = House(seed=2, soc_pct=15.8)
    house.faults.lost_module = 0
    house.heater.temperature_c = 20.0
    house.controls.pump_relay = True
    house.step(NOVEMBER_S, 1.0)
    house.controls.heater_relay = True
    states = [house.step(NOVEMBER_S + n, 1.0) for n in range(1, 120)]
    opened = next(n for n, state in enumerate(states) if not state.bms.discharge_enabled)
    assert 10 < opened < 20
    assert "protection.discharge_over_current" in states[opened].bms.raised
    assert not states[opened + 1].inverter.output
    assert states[-1].bms.discharge_enabled, "and closes again"


def test_a_protection_that_stands_cuts_its_direction() -> None:
    house = House(seed=2, soc_pct=60.0)
    house.faults.bms_alarms = frozenset({"protection.over_voltage"})
    state = house.step(NOVEMBER_S, 1.0)
    assert (state.bms.charge_enabled, state.bms.discharge_enabled) == (False, True)
    assert "protection.over_voltage" in state.bms.raised
    house.faults.bms_alarms = frozenset({"protection.under_temperature"})
    state = house.step(NOVEMBER_S + 1, 1.0)
    assert (state.bms.charge_enabled, state.bms.discharge_enabled) == (False, False)
    assert not state.inverter.output
    house.faults.bms_alarms = frozenset({"alarm.high_temperature"})
    state = house.step(NOVEMBER_S + 2, 1.0)
    assert (state.bms.charge_enabled, state.bms.discharge_enabled) == (True, True)


def test_a_cold_battery_takes_little_and_a_frozen_one_nothing() -> None:
    house = House(seed=2, soc_pct=60.0)
    limits_a = []
    for temperature_c in (20.0, 4.0, 1.0, -2.0):
        house.pack.temperature_c = temperature_c
        limits_a.append(house.step(NOVEMBER_S, 1.0).bms.charge_current_limit_a)
    assert limits_a[0] == 160
    assert 0 < limits_a[2] < limits_a[1] < 100
    assert limits_a[3] == 0
    assert "alarm.low_temperature" in house.said().raised


def test_cells_differ_by_millivolts_and_more_at_the_top() -> None:
    def spread_v(soc_pct: float) -> float:
        cells_v = House(seed=2, soc_pct=soc_pct).step(NOVEMBER_S, 1.0).battery.modules[0].cell_voltages_v
        assert len(cells_v) == 15
        return max(cells_v) - min(cells_v)

    assert 0.001 < spread_v(60.0) < 0.010
    assert spread_v(99.8) > 0.02


def test_frozen_instruments_repeat_themselves_while_the_house_lives() -> None:
    house = House(seed=2, soc_pct=60.0)
    before = house.step(NOVEMBER_S, 1.0)
    house.faults.frozen_values = True
    states = live(house, 0.05)
    assert all(state.bms == before.bms for state in states)
    assert states[-1].battery.soc_pct < before.battery.soc_pct
    assert states[-1].inverter == before.inverter
    house.faults.frozen_values = False
    assert house.step(states[-1].wall_s + 1, 1.0).bms != before.bms
