"""The twin beside recorded minutes of a VarioTrack: what it was taught by them still holds."""

from __future__ import annotations

import csv
import lzma
from collections.abc import Iterable
from itertools import islice, pairwise
from pathlib import Path

import pytest
from tests.support.twin_days import DAY_S

from stallaini.twin.physics.house import House

pytestmark = pytest.mark.recordings
JANUARY_S = 1_767_222_000.0
DAYS = 40


@pytest.fixture(scope="module")
def minutes(shared_data: Path) -> list[dict[str, str]]:
    """January and some of February 2019."""
    path = shared_data / "telemetry" / "studer_inst5_xt_vt_2019-01_2020-02_1min.csv.xz"
    with lzma.open(path, "rt") as file:
        return [row for row in islice(csv.DictReader(file), DAYS * 1440) if row["vt_mode"]]


def lively(days: Iterable[list[tuple[float, int]]]) -> tuple[float, float]:
    """Shares of tracking minutes in which power (kW, with its mode) changes by 3 and 30 % of the peak."""
    changes = []
    for day in days:
        peak = max(power for power, _ in day)
        if peak > 0.3:
            changes += [
                abs(a - b) / peak
                for (a, one), (b, other) in pairwise(day)
                if one == other == 8 and max(a, b) > 0.05
            ]
    return sum(c > 0.03 for c in changes) / len(changes), sum(c > 0.3 for c in changes) / len(changes)


def twin_day(day: int) -> list[tuple[float, int]]:
    house = House(seed=day, soc_pct=30.0)
    house.controls.heater_relay = True
    made = []
    for minute in range(1, 1441):
        house.advance(JANUARY_S + day * DAY_S + minute * 60, 60.0)
        made.append((house.tally.closed.solar_power_w.mean / 1000, house.mppt.mode))
    return made


def test_a_variotrack_tells_the_power_of_its_battery_side(minutes: list[dict[str, str]]) -> None:
    bright = [row for row in minutes if float(row["vt_pv_kw"]) > 0.5]
    ratios = [
        float(row["vt_ubat_v"]) * float(row["vt_ibat_a"]) / float(row["vt_pv_kw"]) / 1000 for row in bright
    ]
    assert len(ratios) > 3000
    assert sorted(ratios)[len(ratios) // 2] == pytest.approx(1.0, abs=0.005)
    solar = House(seed=1, soc_pct=40.0).step(JANUARY_S + 12 * 3600, 60.0).solar
    assert solar.power_w == pytest.approx(solar.battery_voltage_v * solar.battery_current_a)


def test_charge_i_without_power_comes_with_every_dawn(minutes: list[dict[str, str]]) -> None:
    charge_i = [row for row in minutes if row["vt_mode"] == "10"]
    assert 10 * DAYS < len(charge_i) < 40 * DAYS
    assert sum(float(row["vt_pv_kw"]) < 0.02 for row in charge_i) > 0.98 * len(charge_i)
    dawn = [power for power, mode in twin_day(3) if mode == 10]
    assert 5 < len(dawn) < 40
    assert max(dawn) < 0.02


def test_clouds_are_as_lively_as_recorded(minutes: list[dict[str, str]]) -> None:
    by_day: dict[str, list[tuple[float, int]]] = {}
    for row in minutes:
        by_day.setdefault(row["t"][:10], []).append((float(row["vt_pv_kw"]), int(row["vt_mode"])))
    small, great = lively(by_day.values())
    twin_small, twin_great = lively(twin_day(day) for day in range(0, 60, 3))
    assert 0.5 * small < twin_small < 2 * small
    assert 0.3 * great < twin_great < 3 * great
