"""The clear sky that `pv_low` sets the yield against: the sun where it belongs, light about right."""

from __future__ import annotations

import math

import pytest

from stallaini.control.clear_sky import clear_sky_w_m2, sun_at
from stallaini.twin.physics.array import Array
from stallaini.twin.physics.sun import clear_sky_w

NOTO = (36.9, 15.0)
MIDSUMMER_NOON_S, MIDWINTER_NOON_S = 1_750_503_720.0, 1_766_314_680.0  # 2025, the sun in the south of Noto


@pytest.mark.parametrize(
    ("noon_s", "height_deg"), [(MIDSUMMER_NOON_S, 90 - 36.9 + 23.4), (MIDWINTER_NOON_S, 90 - 36.9 - 23.4)]
)
def test_the_noon_sun_stands_in_the_south_as_high_as_it_must(noon_s: float, height_deg: float) -> None:
    sun = sun_at(noon_s, *NOTO)
    assert math.degrees(sun.height) == pytest.approx(height_deg, abs=0.7)
    assert abs(math.degrees(sun.azimuth)) == pytest.approx(180, abs=3)


def test_at_night_there_is_no_light() -> None:
    assert clear_sky_w_m2(sun_at(MIDSUMMER_NOON_S - 43_200, *NOTO), 30, 180) == 0


def test_a_day_s_light_is_about_what_a_fuller_model_says() -> None:
    for noon_s in (MIDSUMMER_NOON_S, MIDWINTER_NOON_S, MIDSUMMER_NOON_S + 90 * 86_400):
        array = Array(tilt_deg=30.0, azimuth_deg=180.0)
        times = [noon_s + minutes * 60 for minutes in range(-360, 361, 10)]
        ours = sum(clear_sky_w_m2(sun_at(at_s, *NOTO), 30, 180) for at_s in times)
        assert ours == pytest.approx(sum(clear_sky_w(at_s, *NOTO, array) for at_s in times), rel=0.15)
