"""The simulated house: a believable week, whatever the weather and however wide the steps."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.twin_days import DAY_S, JUNE_S, NOVEMBER_S, advance, hour, live

from stallaini.devices.catalogue import load_kinds
from stallaini.site.config import parse_site
from stallaini.twin.physics.house import House, house_of

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_november_week_breathes_with_the_sun(seed: int) -> None:
    week = live(House(seed=seed), days=7, every=6)
    soc_pct = [state.bms.soc_pct for state in week]
    assert min(soc_pct) > 12
    assert max(soc_pct) > 80
    for day in range(7):
        today = week[day * 240 : (day + 1) * 240]
        night = [
            state.bms.current_a
            for state in today
            if not 5 <= hour(state) < 20 and not state.generator.running
        ]
        assert max(night) < 0, "nothing charges at night"
        assert max(s.bms.soc_pct for s in today) - min(s.bms.soc_pct for s in today) > 7, "it works every day"
    charged_at_noon = [state.bms.current_a > 0 for state in week if 11 <= hour(state) < 13]
    assert sum(charged_at_noon) > 0.25 * len(charged_at_noon)


def test_the_household_has_its_evening_its_pump_and_its_heater() -> None:
    week = live(House(seed=4), days=7, every=3)
    load_wh = [0.0] * 24
    for state in week:
        load_wh[int(hour(state))] += state.inverter.ac_power_w / 20 / 7
    assert 5_000 < sum(load_wh) < 10_000
    assert sum(load_wh[18:23]) > 2 * sum(load_wh[1:6])
    assert max(state.inverter.ac_power_w for state in week) > 2_200
    assert max(state.inverter.ac_power_w for state in week if 1 <= hour(state) < 5) < 400
    assert any(state.water.pump_on for state in week)
    assert any(state.heater.on for state in week)


def test_a_full_battery_curtails_the_sun_by_current_then_by_voltage_or_not_at_all() -> None:
    house = House(seed=5, soc_pct=90.0)
    day = live(house, days=1, start_s=JUNE_S)
    available_kwh = sum(state.solar.available_w for state in day) / 60_000
    assert house.days.today.solar_j / 3.6e6 < 0.85 * available_kwh
    assert all(state.solar.power_w <= state.solar.available_w + 1 for state in day)
    held = [state for state in day if state.solar.curtailed and state.solar.power_w > 20]
    assert {state.solar.mode for state in held} >= {9, 12}, "by voltage and by the BMS' current"
    assert all(state.solar.power_w < 0.99 * state.solar.available_w for state in held)
    assert all(state.battery.voltage_v < 53.25 for state in day)


def test_nothing_is_curtailed_while_the_battery_has_room() -> None:
    house = House(seed=5, soc_pct=30.0)
    morning = [state for state in live(house, days=0.45, start_s=JUNE_S) if state.solar.power_w > 100]
    assert {state.solar.mode for state in morning} == {8}


def test_the_bms_tapers_and_then_stops_the_charge() -> None:
    week = [state.bms for state in live(House(seed=5), days=4, start_s=JUNE_S, every=4)]
    assert all(bms.charge_current_limit_a == 160 for bms in week if 30 < bms.soc_pct < 87)
    assert all(bms.charge_current_limit_a < 65 for bms in week if bms.soc_pct > 95)
    full = [now for before, now in pairwise(week) if not before.charge_enabled and not now.charge_enabled]
    assert full
    assert all(bms.charge_current_limit_a == 0 and bms.current_a < 1.0 for bms in full)


def test_a_nearly_empty_battery_darkens_the_house_until_somebody_starts_the_generator() -> None:
    house = House(seed=1, soc_pct=15.5)
    day = live(house, days=1)
    assert min(state.bms.soc_pct for state in day) > 10
    dark = [state for state in day if not state.inverter.output]
    assert dark, "the inverter stops at 15 %"
    assert all(state.inverter.low_battery_stop and state.inverter.ac_power_w == 0 for state in dark)
    fed = [state for state in day if state.inverter.transfer]
    assert fed
    assert all(state.inverter.input_power_w > state.inverter.ac_power_w for state in fed)
    assert day[-1].inverter.ac_power_w > 0
    assert house.days.totals().input_j > 3.6e6


def test_an_empty_battery_asks_for_charge() -> None:
    bms = House(seed=1, soc_pct=8.0).step(NOVEMBER_S, 1.0).bms
    assert bms.force_charge_1
    assert bms.force_charge_2


def test_something_changes_every_second() -> None:
    minute = [state.bms for state in live(House(seed=1), days=1 / 1440, dt_s=1.0)]
    shown = [(round(bms.current_a, 1), round(bms.voltage_v, 2)) for bms in minute]
    assert sum(one != other for one, other in pairwise(shown)) > 50


def test_a_seed_decides_everything() -> None:
    assert live(House(seed=3), days=0.1) == live(House(seed=3), days=0.1)
    assert live(House(seed=3), days=0.1) != live(House(seed=4), days=0.1)


@pytest.mark.parametrize("dt_s", [1.0, 7.3, 15.0])
def test_the_step_s_width_does_not_matter(dt_s: float) -> None:
    wide, other = House(seed=2), House(seed=2)
    advance(wide, days=0.99)
    advance(other, days=0.99, dt_s=dt_s)
    assert other.pack.soc_pct == pytest.approx(wide.pack.soc_pct, abs=0.5)
    assert other.pack.temperature_c == pytest.approx(wide.pack.temperature_c, abs=0.1)
    for counter in ("solar_j", "consumed_j", "discharged_j", "battery_charged_as", "battery_discharged_as"):
        one, same = getattr(wide.days.today, counter), getattr(other.days.today, counter)
        assert same == pytest.approx(one, rel=0.01), counter
    assert other.water.pump_starts == wide.water.pump_starts


@given(
    seed=st.integers(0, 2**32),
    soc_pct=st.floats(0, 100),
    latitude_deg=st.floats(-66, 66),
    start_s=st.floats(1.0e9, 3.0e9),
    dts_s=st.lists(st.floats(1, 60), min_size=1, max_size=100),
)
@settings(max_examples=60)
def test_nothing_leaves_its_bounds(
    seed: int, soc_pct: float, latitude_deg: float, start_s: float, dts_s: list[float]
) -> None:
    house = House(latitude_deg=latitude_deg, seed=seed, soc_pct=soc_pct)
    wall_s = start_s
    for dt_s in dts_s:
        wall_s += dt_s
        state = house.step(wall_s, dt_s)
        assert 0 <= state.bms.soc_pct <= 100
        assert state.battery.voltage_v < 54.5
        assert -160.6 <= state.bms.current_a <= 120
        assert -20 < state.battery.temperature_c < 50
        assert 0 <= state.bms.charge_current_limit_a <= 160
        assert 0 <= state.solar.power_w <= state.solar.panel_power_w
        assert state.solar.battery_current_a < 65.6
        assert state.inverter.ac_power_w >= 0
        assert 0 <= state.water.tank_l <= state.water.tank_capacity_l
        assert len(state.battery.modules[0].cell_voltages_v) == 15


def test_the_house_of_a_site_file_stands_where_the_file_says() -> None:
    config = parse_site((EXAMPLES / "byd-cabin.toml").read_bytes(), load_kinds())
    winter = live(house_of(config, seed=1), days=1)
    noto = live(House(seed=1), days=1)
    assert 0 < max(state.solar.available_w for state in winter) < 6 * 400
    assert sum(state.solar.available_w > 5 for state in winter) < sum(
        state.solar.available_w > 5 for state in noto
    ), "the day is shorter in the north"


def test_the_devices_day_ends_at_their_midnight_also_when_the_clocks_change() -> None:
    before_change_s = 1_792_792_800.0  # 2026-10-24 00:00 in Rome; the next day has 25 hours
    house = House(seed=3)
    first = live(house, days=1, start_s=before_change_s)[-1]
    assert first.today.consumed_kwh < 0.2, "it has just turned"
    assert first.yesterday.consumed_kwh > 4
    long_day = live(house, days=24.9 / 24, start_s=before_change_s + DAY_S)[-1]
    assert long_day.yesterday == first.yesterday, "still the same day after more than 24 hours"
    turned = live(house, days=0.2 / 24, start_s=before_change_s + DAY_S + 24.9 * 3600)[-1]
    assert turned.yesterday.consumed_kwh == pytest.approx(long_day.today.consumed_kwh, abs=0.1)
    assert turned.totals.consumed_kwh > turned.yesterday.consumed_kwh + first.yesterday.consumed_kwh
