"""When it is night at a place: a short solar calculation, good to a few minutes. Pure."""

from __future__ import annotations

import math

# The sun's upper edge touches the horizon, refraction included.
_HORIZON_DEG = -0.833
_STEP_S = 300.0
_DAY_S = 86_400.0
_J2000_S = 946_728_000.0


def sun_elevation_deg(unix_s: float, latitude_deg: float, longitude_deg: float) -> float:
    """The height of the sun's centre over the horizon, without refraction.

    Low-precision formulas of the Astronomical Almanac (about 0.01 degrees between 1950 and 2050).
    """
    days = (unix_s - _J2000_S) / _DAY_S
    mean_anomaly = math.radians((357.528 + 0.9856003 * days) % 360)
    mean_longitude = 280.460 + 0.9856474 * days
    ecliptic = math.radians(
        mean_longitude + 1.915 * math.sin(mean_anomaly) + 0.020 * math.sin(2 * mean_anomaly)
    )
    obliquity = math.radians(23.439 - 4e-7 * days)
    ascension = math.atan2(math.cos(obliquity) * math.sin(ecliptic), math.cos(ecliptic))
    declination = math.asin(math.sin(obliquity) * math.sin(ecliptic))
    sidereal = math.radians((280.46062 + 360.98564737 * days + longitude_deg) % 360)
    latitude = math.radians(latitude_deg)
    return math.degrees(
        math.asin(
            math.sin(latitude) * math.sin(declination)
            + math.cos(latitude) * math.cos(declination) * math.cos(sidereal - ascension)
        )
    )


def nights(
    start_s: float, end_s: float, latitude_deg: float, longitude_deg: float
) -> list[tuple[float, float]]:
    """The spans of [start, end] in Unix seconds during which the sun is down, to five minutes."""
    spans: list[tuple[float, float]] = []
    dark_since: float | None = None
    at_s = start_s
    while at_s < end_s:
        dark = sun_elevation_deg(at_s, latitude_deg, longitude_deg) < _HORIZON_DEG
        if dark and dark_since is None:
            dark_since = at_s
        elif not dark and dark_since is not None:
            spans.append((dark_since, at_s))
            dark_since = None
        at_s += _STEP_S
    if dark_since is not None:
        spans.append((dark_since, end_s))
    return spans
