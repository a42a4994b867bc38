"""Weather: by season, with memory, and the same whatever the step."""

from __future__ import annotations

import statistics
from itertools import pairwise

import pytest
from tests.support.twin_days import DAY_S, JUNE_S, NOVEMBER_S

from stallaini.twin.physics.clouds import Clouds


def day_indices(seed: int, start_s: float, dt_s: float = 60.0, days: int = 1) -> list[float]:
    clouds = Clouds(36.9, 15.0, seed)
    steps = round(days * DAY_S / dt_s)
    return [clouds.index(start_s + n * dt_s, dt_s) for n in range(1, steps + 1)]


def daily_means(start_s: float, days: int) -> list[float]:
    """At ten instants of the light hours, over several seeds."""
    means = []
    for seed in range(3):
        clouds = Clouds(36.9, 15.0, seed)
        for day in range(days):
            at_s = [start_s + day * DAY_S + (8 + 0.8 * n) * 3600 for n in range(10)]
            means.append(statistics.fmean([clouds.index(one, 1800.0) for one in at_s]))
    return means


@pytest.mark.parametrize("dt_s", [1.0, 7.0, 20.0])
def test_the_same_day_has_the_same_weather_whatever_the_step(dt_s: float) -> None:
    wide, narrow = day_indices(3, NOVEMBER_S), day_indices(3, NOVEMBER_S, dt_s)
    assert statistics.fmean(narrow) == pytest.approx(statistics.fmean(wide), abs=0.003)
    noon = day_indices(3, NOVEMBER_S)[719]
    late = Clouds(36.9, 15.0, 3).index(NOVEMBER_S + 720 * 60, 60.0)
    assert late == pytest.approx(noon, abs=0.02), "also when the house begins at noon"


def test_summer_is_bright_winter_is_mixed_and_grey_days_come_in_rows() -> None:
    summer, winter = daily_means(JUNE_S, 30), daily_means(NOVEMBER_S, 60)
    assert statistics.fmean(summer) > 0.88
    assert 0.6 < statistics.fmean(winter) < 0.82
    assert sum(mean < 0.45 for mean in winter) > 0.08 * len(winter)
    assert sum(mean > 0.93 for mean in winter) > 0.2 * len(winter)
    one_later = [(a, b) for n, (a, b) in enumerate(pairwise(winter)) if (n + 1) % 60]
    assert statistics.correlation([a for a, _ in one_later], [b for _, b in one_later]) > 0.15


def test_minutes_jump_under_broken_clouds_and_hardly_under_a_clear_sky() -> None:
    days = [day_indices(7, NOVEMBER_S + day * DAY_S)[480:960] for day in range(40)]
    jumps = [max(abs(a - b) for a, b in pairwise(day)) for day in days]
    assert max(jumps) > 0.35
    assert min(jumps) < 0.05
    assert all(0.04 <= index <= 1.25 for day in days for index in day)
