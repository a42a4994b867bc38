"""The simulated house: a believable week, whatever the weather and however wide the steps."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stallaini.devices.can_battery.simulator import BatteryState
from stallaini.devices.catalogue import load_kinds
from stallaini.site.config import parse_site
from stallaini.twin.house import Flows, House, house_of

MIDNIGHT_S = 1_795_392_000.0 - 3600  # 2026-11-23 00:00 in Noto
DAY_S = 86_400.0
EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


def live(
    house: House, days: float, dt_s: float = 30.0, start_s: float = MIDNIGHT_S
) -> list[tuple[float, BatteryState, Flows]]:
    """Every step of some days: wall time, battery, flows."""
    steps = []
    for step in range(1, round(days * DAY_S / dt_s) + 1):
        wall_s = start_s + step * dt_s
        steps.append((wall_s, house.step(wall_s, dt_s).bms, house.flows))
    return steps


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_a_november_week_breathes_with_the_sun(seed: int) -> None:
    week = live(House(seed=seed), days=7)
    soc_pct = [battery.soc_pct for _, battery, _ in week]
    assert min(soc_pct) > 20
    assert max(soc_pct) > 95
    for day in range(7):
        hours = [week[(day * 24 + hour) * 120 : (day * 24 + hour + 1) * 120] for hour in range(24)]
        night = [battery.current_a for hour in (*range(5), 21, 22, 23) for _, battery, _ in hours[hour]]
        assert max(night) < 0, "nothing charges at night"
        todays = soc_pct[day * 2880 : (day + 1) * 2880]
        assert max(todays) - min(todays) > 10, "the battery works every day"
    charged_at_noon = [battery.current_a > 0 for wall_s, battery, _ in week if 11 <= _hour(wall_s) < 13]
    assert sum(charged_at_noon) > 0.3 * len(charged_at_noon)


def _hour(wall_s: float) -> float:
    return (wall_s - MIDNIGHT_S) % DAY_S / 3600


def test_the_household_has_its_evening_its_pump_and_its_heater() -> None:
    week = live(House(seed=4), days=7)
    load_wh = [0.0] * 24
    for wall_s, _, flows in week:
        load_wh[min(23, int(_hour(wall_s)))] += flows.load_w * 30 / 3600 / 7
    assert 5_000 < sum(load_wh) < 10_000
    assert sum(load_wh[18:23]) > 2 * sum(load_wh[1:6])
    assert max(flows.load_w for _, _, flows in week) > 2_200
    assert max(flows.load_w for wall_s, _, flows in week if _hour(wall_s) < 5) < 400


def test_a_full_battery_curtails_the_sun() -> None:
    day = live(House(seed=5, soc_pct=99.0), days=1, start_s=1_782_000_000.0 - 7200)
    used_kwh = sum(flows.pv_w for _, _, flows in day) * 30 / 3.6e6
    to_be_had_kwh = sum(flows.pv_available_w for _, _, flows in day) * 30 / 3.6e6
    assert used_kwh < 0.85 * to_be_had_kwh
    assert all(flows.pv_w <= flows.pv_available_w + 1 for _, _, flows in day)


def test_the_bms_tapers_and_then_stops_the_charge() -> None:
    week = [battery for _, battery, _ in live(House(seed=5), days=7)]
    assert all(battery.charge_current_limit_a == 160 for battery in week if 30 < battery.soc_pct < 87)
    assert all(battery.charge_current_limit_a < 60 for battery in week if battery.soc_pct > 95)
    full = [now for before, now in pairwise(week) if not before.charge_enabled and not now.charge_enabled]
    assert full
    assert all(battery.charge_current_limit_a == 0 and battery.current_a < 0.7 for battery in full)


def test_the_bms_guards_an_empty_battery_and_the_house_comes_back() -> None:
    house = House(seed=1, soc_pct=11.0)
    day = live(house, days=2)
    lowest = min(battery.soc_pct for _, battery, _ in day)
    assert 3 < lowest < 11
    assert any(flows.load_w == 0 for _, _, flows in day), "the inverter gives up"
    assert any(battery.force_charge_2 for _, battery, _ in day)
    assert day[-1][2].load_w > 0, "and starts again when the sun has charged"


def test_something_changes_every_second() -> None:
    minute = [battery for _, battery, _ in live(House(seed=1), days=1 / 1440, dt_s=1.0)]
    shown = [(round(battery.current_a, 1), round(battery.voltage_v, 2)) for battery in minute]
    assert sum(one != other for one, other in pairwise(shown)) > 50


def test_a_seed_decides_everything() -> None:
    assert live(House(seed=3), days=0.1) == live(House(seed=3), days=0.1)
    assert live(House(seed=3), days=0.1) != live(House(seed=4), days=0.1)


@pytest.mark.parametrize("dt_s", [1.0, 60.0])
def test_the_step_s_width_does_not_matter(dt_s: float) -> None:
    fine, other = live(House(seed=2), days=1), live(House(seed=2), days=1, dt_s=dt_s)
    assert other[-1][1].soc_pct == pytest.approx(fine[-1][1].soc_pct, abs=6)
    assert other[-1][1].temperature_c == pytest.approx(fine[-1][1].temperature_c, abs=0.3)


@given(
    seed=st.integers(0, 2**32),
    soc_pct=st.floats(0, 100),
    latitude_deg=st.floats(-66, 66),
    start_s=st.floats(1.0e9, 3.0e9),
    dts_s=st.lists(st.floats(1, 60), min_size=1, max_size=200),
)
@settings(max_examples=100, deadline=None)
def test_nothing_leaves_its_bounds(
    seed: int, soc_pct: float, latitude_deg: float, start_s: float, dts_s: list[float]
) -> None:
    house = House(latitude_deg=latitude_deg, seed=seed, soc_pct=soc_pct)
    wall_s = start_s
    for dt_s in dts_s:
        wall_s += dt_s
        battery = house.step(wall_s, dt_s).bms
        assert 0 <= battery.soc_pct <= 100
        assert battery.voltage_v < 54.5
        assert -160.6 <= battery.current_a <= 65.6
        assert -20 < battery.temperature_c < 50
        assert 0 <= battery.charge_current_limit_a <= 160
        assert house.flows.pv_w >= 0
        assert house.flows.load_w >= 0


def test_the_house_of_a_site_file_stands_where_the_file_says() -> None:
    config = parse_site((EXAMPLES / "byd-cabin.toml").read_bytes(), load_kinds())
    winter = live(house_of(config, seed=1), days=1)
    noto = live(House(seed=1), days=1)
    assert 0 < max(flows.pv_available_w for _, _, flows in winter) < 6 * 400
    assert sum(flows.pv_available_w > 0 for _, _, flows in winter) < sum(
        flows.pv_available_w > 0 for _, _, flows in noto
    ), "the day is shorter in the north"
