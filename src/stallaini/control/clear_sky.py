"""What a clear sky gives a solar array: simple, and good to about a tenth while the sun is high."""

from __future__ import annotations

import math
from typing import NamedTuple

_DAY_S = 86_400.0
_YEAR_DAYS = 365.2425
_SOLAR_W = 1353.0
_DIFFUSE_SHARE = 0.1


class Sun(NamedTuple):
    """Where the sun stands, in radians: above the horizon, and from north by east."""

    height: float
    azimuth: float


def sun_at(unix_s: float, latitude_deg: float, longitude_deg: float) -> Sun:
    """Where the sun stands at a Unix second.

    Declination after Cooper (1969), equation of time after Spencer (1971): good to about half a degree.
    """
    day = (unix_s % (_YEAR_DAYS * _DAY_S)) / _DAY_S
    declination = math.radians(23.45) * math.sin(math.tau * (285 + day) / 365)
    turn = math.tau * (day - 80) / 365
    equation_min = 9.87 * math.sin(2 * turn) - 7.53 * math.cos(turn) - 1.5 * math.sin(turn)
    solar_h = (unix_s % _DAY_S) / 3600 + longitude_deg / 15 + equation_min / 60
    hour = math.radians(15 * (solar_h - 12))
    latitude = math.radians(latitude_deg)
    up = math.sin(latitude) * math.sin(declination)
    up += math.cos(latitude) * math.cos(declination) * math.cos(hour)
    north = math.cos(latitude) * math.sin(declination)
    north -= math.sin(latitude) * math.cos(declination) * math.cos(hour)
    east = -math.cos(declination) * math.sin(hour)
    return Sun(math.asin(max(-1.0, min(1.0, up))), math.atan2(east, north))


def clear_sky_w_m2(sun: Sun, tilt_deg: float, azimuth_deg: float) -> float:
    """Light on a tilted plane under a clear sky, W/m2; 0 while the sun is down.

    Beam after Meinel and Meinel (1976), 1353 W/m2 x 0.7^(air mass^0.678); a tenth of it comes from the sky.
    """
    if sun.height <= 0:
        return 0.0
    up = math.sin(sun.height)
    mass = 1 / (up + 0.50572 * math.pow(math.degrees(sun.height) + 6.07995, -1.6364))
    beam = _SOLAR_W * math.pow(0.7, math.pow(mass, 0.678))
    tilt, turn = math.radians(tilt_deg), sun.azimuth - math.radians(azimuth_deg)
    facing = up * math.cos(tilt) + math.cos(sun.height) * math.sin(tilt) * math.cos(turn)
    return beam * max(0.0, facing) + _DIFFUSE_SHARE * beam * (1 + math.cos(tilt)) / 2
