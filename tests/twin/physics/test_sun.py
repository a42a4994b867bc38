"""The simulated sun against the almanac and against a reference model."""

from __future__ import annotations

import math
from datetime import UTC, datetime

import pytest

from stallaini.twin.physics.array import Array
from stallaini.twin.physics.sun import clear_sky_w, elevation_and_azimuth

NOTO = (36.9, 15.0)


def unix(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("noon", "elevation_deg"),
    [("2026-06-21T11:02", 76.5), ("2026-12-21T10:58", 29.7), ("2026-03-20T11:07", 53.1)],
)
def test_the_sun_stands_where_the_almanac_says_at_noon(noon: str, elevation_deg: float) -> None:
    elevation, azimuth = elevation_and_azimuth(unix(noon), *NOTO)
    assert math.degrees(elevation) == pytest.approx(elevation_deg, abs=1.0)
    assert math.degrees(azimuth) % 360 == pytest.approx(180, abs=3.0)


def test_the_sun_rises_in_the_east_and_sets_in_the_west() -> None:
    morning = elevation_and_azimuth(unix("2026-03-20T06:00"), *NOTO)
    evening = elevation_and_azimuth(unix("2026-03-20T16:00"), *NOTO)
    assert 80 < math.degrees(morning[1]) % 360 < 110
    assert 250 < math.degrees(evening[1]) % 360 < 280


@pytest.mark.parametrize(
    ("day", "kwh_per_kwp"),
    [("2026-12-21", 4.3), ("2026-03-21", 6.2), ("2026-06-21", 6.0), ("2026-09-21", 5.5)],
)
def test_a_clear_day_yields_what_pvlib_says(day: str, kwh_per_kwp: float) -> None:
    """Ineichen with monthly Linke turbidity at 36.9 N 15.0 E, 30 degrees south, after 10 % loss and heat."""
    start_s = unix(day)
    array = Array(peak_w=1000.0)
    light_kwh = sum(clear_sky_w(start_s + 300 * n, *NOTO, array) for n in range(288)) * 300 / 3.6e6
    assert light_kwh * 0.9 * 0.93 == pytest.approx(kwh_per_kwp, rel=0.15)


def test_there_is_no_sun_at_night() -> None:
    assert clear_sky_w(unix("2026-06-21T23:00"), *NOTO, Array()) == 0.0
