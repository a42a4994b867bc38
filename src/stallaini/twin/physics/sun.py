"""The sun over one place and its clear-sky light on a tilted plane.

Not modelled: horizon and shade, snow, altitude, the colour of the light.
"""

from __future__ import annotations

import math

from stallaini.twin.physics.array import Array

_DAY_S = 86_400.0
_YEAR_DAYS = 365.2425
_GRID_S = 60.0
_SOLAR_CONSTANT = 1367.0  # W/m2, as the European Solar Radiation Atlas (ESRA) has it
_SUNSET_W = 2.7  # W/m2, where ESRA's clear sky ends
_ALBEDO = 0.2  # what transposition models take for ground in general
# Linke turbidity by month, January first: clean winters, dusty summers. About what the Mediterranean has;
# unverified for the site, checked against yields of pvlib's Ineichen model there.
_LINKE = (2.9, 3.1, 3.5, 3.8, 3.9, 4.1, 4.2, 4.1, 3.8, 3.5, 3.1, 2.9)


def month_of(wall_s: float, latitude_deg: float) -> float:
    """Months into the year (0 to 12), shifted by half a year in the south so that 6.5 is high summer."""
    months = (wall_s % (_YEAR_DAYS * _DAY_S)) / (_YEAR_DAYS * _DAY_S) * 12
    return months if latitude_deg >= 0 else (months + 6) % 12


def elevation_and_azimuth(wall_s: float, latitude_deg: float, longitude_deg: float) -> tuple[float, float]:
    """The sun's height and azimuth (from north, clockwise) in radians.

    Declination after Cooper (1969), equation of time after Spencer (1971): good to about half a degree.
    """
    day = (wall_s % (_YEAR_DAYS * _DAY_S)) / _DAY_S
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

    ESRA's clear sky (Rigollier, Bauer and Wald 2000) by monthly turbidity, air mass after Kasten and Young
    (1989), diffuse light and a fifth of the ground's reflected alike from everywhere.
    """
    height, azimuth = elevation_and_azimuth(wall_s, latitude_deg, longitude_deg)
    if height <= 0:
        return _twilight_w(math.degrees(height))
    linke = _LINKE[int(month_of(wall_s, latitude_deg)) % 12]
    day_angle = math.tau * (wall_s % (_YEAR_DAYS * _DAY_S)) / (_YEAR_DAYS * _DAY_S)
    extraterrestrial = _SOLAR_CONSTANT * (1 + 0.033 * math.cos(day_angle))
    beam = extraterrestrial * _beam_share(height, linke)
    diffuse = extraterrestrial * _diffuse_share(math.sin(height), linke)
    tilt = math.radians(array.tilt_deg)
    incidence = math.sin(height) * math.cos(tilt) + math.cos(height) * math.sin(tilt) * math.cos(
        azimuth - math.radians(array.azimuth_deg)
    )
    level_w = beam * math.sin(height) + diffuse
    sky, ground = (1 + math.cos(tilt)) / 2, (1 - math.cos(tilt)) / 2
    return beam * max(0.0, incidence) + diffuse * sky + _ALBEDO * level_w * ground


def _twilight_w(height_deg: float) -> float:
    """What is left below the horizon: a tenth for each 2.9 degrees, as from 400 lx at sunset to 3.4 lx."""
    return _SUNSET_W * math.pow(10.0, height_deg / 2.9) if height_deg > -7.0 else 0.0


def _beam_share(height: float, linke: float) -> float:
    """Of the light outside the air, what arrives as beam (ESRA)."""
    mass = 1 / (math.sin(height) + 0.50572 * math.pow(math.degrees(height) + 6.07995, -1.6364))
    if mass <= 20:
        thickness = 1 / (6.6296 + mass * (1.7513 + mass * (-0.1202 + mass * (0.0065 - 0.00013 * mass))))
    else:
        thickness = 1 / (10.4 + 0.718 * mass)
    return math.exp(-0.8662 * linke * mass * thickness)


def _diffuse_share(sine: float, linke: float) -> float:
    """Of the light outside the air, what arrives from the whole sky on level ground (ESRA)."""
    zenith = -1.5843e-2 + 3.0543e-2 * linke + 3.797e-4 * linke * linke
    constant = 2.6463e-1 - 6.1581e-2 * linke + 3.1408e-3 * linke * linke
    constant = max(constant, 2.0e-3 / zenith)
    slope = 2.0402 + 1.8945e-2 * linke - 1.1161e-2 * linke * linke
    bend = -1.3025 + 3.9231e-2 * linke + 8.5079e-3 * linke * linke
    return max(0.0, zenith * (constant + slope * sine + bend * sine * sine))


class ClearSky:
    """The clear sky's light on an array, reckoned once a minute and drawn straight between."""

    def __init__(self, latitude_deg: float, longitude_deg: float, array: Array) -> None:
        self._place = (latitude_deg, longitude_deg, array)
        self._cell = -1
        self._from_w = 0.0
        self._to_w = 0.0

    def light_w(self, wall_s: float) -> float:
        """Irradiance in W/m2 at an instant."""
        cell = int(wall_s // _GRID_S)
        if cell != self._cell:
            known = cell == self._cell + 1
            self._from_w = self._to_w if known else clear_sky_w(cell * _GRID_S, *self._place)
            self._to_w = clear_sky_w((cell + 1) * _GRID_S, *self._place)
            self._cell = cell
        return self._from_w + (self._to_w - self._from_w) * (wall_s / _GRID_S - cell)
