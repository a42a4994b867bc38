"""Air outside and in the room of the battery."""

from __future__ import annotations

import math

_DAY_S = 86_400.0
_REFRESH_S = 60.0


class Climate:
    """Temperatures by season and hour: no weather of its own.

    Outside: the yearly mean falls by 0.43 K per degree of latitude from 34.5 degC, which gives 18.6 degC at
    the site (its climate is about 18-19) and 8 degC at 61 degrees; 7.5 K of seasons, 4 K of day and night.
    The room: 19 degC, 6 K of seasons, 2 K of day and night. All unverified for the site.
    """

    def __init__(self, latitude_deg: float, longitude_deg: float) -> None:
        self._side = math.copysign(1.0, latitude_deg)
        self._mean_c = 34.5 - 0.43 * abs(latitude_deg)
        self._longitude_share = longitude_deg / 360
        self._at_s = -math.inf
        self.outside_c = self.room_c = 20.0

    def step(self, wall_s: float) -> None:
        """Go on to this time."""
        if abs(wall_s - self._at_s) < _REFRESH_S:
            return
        self._at_s = wall_s
        days = wall_s / _DAY_S
        season = self._side * math.cos(math.tau * (days - 220) / 365.2425)  # warmest in August
        hour = math.cos(math.tau * (days + self._longitude_share - 15 / 24))
        self.outside_c = self._mean_c + 7.5 * season + 4.0 * hour
        self.room_c = 19.0 + 6.0 * season + 2.0 * hour
