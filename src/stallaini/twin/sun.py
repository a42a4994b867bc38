"""The sun over one place: a clear sky by geometry, and clouds by a seeded process.

Not modelled: horizon and shade, snow, haze by season, the colour of the light.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass

_DAY_S = 86_400.0
_REFRESH_S = 20.0
_SOLAR_CONSTANT = 1353.0  # W/m2, as in Meinel & Meinel, Applied Solar Energy (1976)


@dataclass(frozen=True)
class Array:
    """A solar array: peak power in W, tilt from flat, azimuth from north (180 = south)."""

    peak_w: float = 9 * 260.0
    tilt_deg: float = 30.0
    azimuth_deg: float = 180.0


def elevation_and_azimuth(wall_s: float, latitude_deg: float, longitude_deg: float) -> tuple[float, float]:
    """The sun's height and azimuth (from north, clockwise) in radians.

    Declination after Cooper (1969), equation of time after Spencer (1971): good to about half a degree.
    """
    day = (wall_s % (365.2425 * _DAY_S)) / _DAY_S
    declination = math.radians(23.45) * math.sin(math.tau * (284 + day + 1) / 365)
    b = math.tau * (day - 80) / 365
    equation_min = 9.87 * math.sin(2 * b) - 7.53 * math.cos(b) - 1.5 * math.sin(b)
    solar_h = (wall_s % _DAY_S) / 3600 + longitude_deg / 15 + equation_min / 60
    hour_angle = math.radians(15 * (solar_h - 12))
    latitude = math.radians(latitude_deg)
    height = math.asin(
        math.sin(latitude) * math.sin(declination)
        + math.cos(latitude) * math.cos(declination) * math.cos(hour_angle)
    )
    east = -math.cos(declination) * math.sin(hour_angle)
    north = math.sin(declination) * math.cos(latitude) - math.cos(declination) * math.sin(
        latitude
    ) * math.cos(hour_angle)
    return height, math.atan2(east, north)


def clear_sky_w(wall_s: float, latitude_deg: float, longitude_deg: float, array: Array) -> float:
    """Irradiance on the array in W/m2 under a clear sky.

    Direct beam after Meinel (1976), air mass after Kasten & Young (1989); a tenth of the beam as diffuse.
    """
    height, azimuth = elevation_and_azimuth(wall_s, latitude_deg, longitude_deg)
    if height <= 0:
        return 0.0
    air_mass = 1 / (math.sin(height) + 0.50572 * math.pow(math.degrees(height) + 6.07995, -1.6364))
    beam = _SOLAR_CONSTANT * math.pow(0.7, math.pow(air_mass, 0.678))
    tilt = math.radians(array.tilt_deg)
    incidence = math.sin(height) * math.cos(tilt) + math.cos(height) * math.sin(tilt) * math.cos(
        azimuth - math.radians(array.azimuth_deg)
    )
    return beam * max(0.0, incidence) + 0.1 * beam * (1 + math.cos(tilt)) / 2


class Sky:
    """Sunlight on an array as clouds pass; the weather of a day depends on seed and date alone."""

    def __init__(self, latitude_deg: float, longitude_deg: float, array: Array, seed: int) -> None:
        self._place = (latitude_deg, longitude_deg, array)
        self._seed = seed
        self._random = random.Random(f"sky {seed}")
        self._day = -1
        self._cover = 0.0
        self._thickness = 0.5
        self._clouded = False
        self._haze = 1.0
        self._clear_w = 0.0
        self._clear_at_s = -math.inf

    def step(self, wall_s: float, dt_s: float) -> float:
        """Irradiance on the array in W/m2 after `dt_s` seconds more of weather."""
        if abs(wall_s - self._clear_at_s) >= _REFRESH_S:
            self._clear_w = clear_sky_w(wall_s, *self._place)
            self._clear_at_s = wall_s
            if int(wall_s // _DAY_S) != self._day:
                self._new_day(int(wall_s // _DAY_S))
        if self._clear_w == 0.0:
            return 0.0
        self._pass_clouds(dt_s)
        return self._clear_w * self._haze

    def _new_day(self, day: int) -> None:
        today = random.Random(f"weather {self._seed} {day}")
        # Shares as in a Sicilian winter month: half the days fair, a third broken, the rest grey.
        kind = today.random()
        if kind < 0.5:
            self._cover, self._thickness = today.uniform(0.0, 0.12), 0.4
        elif kind < 0.83:
            self._cover, self._thickness = today.uniform(0.25, 0.6), today.uniform(0.4, 0.65)
        else:
            self._cover, self._thickness = today.uniform(0.75, 0.95), today.uniform(0.5, 0.75)
        self._day = day

    def _pass_clouds(self, dt_s: float) -> None:
        # A cloud stays 5 min on average; the gaps between are as long as the day's cover asks.
        cloud_s = 300.0
        stay_s = cloud_s if self._clouded else cloud_s * (1 - self._cover) / max(self._cover, 0.01)
        if self._random.random() < 1 - math.exp(-dt_s / max(stay_s, 30.0)):
            self._clouded = not self._clouded
        target = 1 - self._thickness if self._clouded else 1.0
        approach = 1 - math.exp(-dt_s / 25.0)
        self._haze += (target - self._haze) * approach + 0.01 * math.sqrt(approach) * self._random.gauss(0, 1)
        self._haze = min(1.05, max(0.08, self._haze))
