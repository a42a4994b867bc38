"""The clock of a Studer gateway: local time as a person once set it, told as if it were Unix time."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

_QUARTER_S = 900
"""A zone's clocks change on a quarter of an hour."""


class GatewayClock:
    """Shows the site's local time, `ahead_s` of the true one by what it was last set to."""

    def __init__(self, zone: ZoneInfo) -> None:
        self._zone = zone
        self._quarter, self._offset_s = -1, 0
        self.ahead_s = 0

    def local_s(self, wall_s: float) -> int:
        """Seconds since 1970 of the local time that it shows at Unix time `wall_s`."""
        quarter = int(wall_s // _QUARTER_S)
        if quarter != self._quarter:
            offset = datetime.fromtimestamp(wall_s, UTC).astimezone(self._zone).utcoffset()
            assert offset is not None
            self._quarter, self._offset_s = quarter, round(offset.total_seconds())
        return int(wall_s) + self._offset_s + self.ahead_s

    def set(self, wall_s: float, local_s: float) -> None:
        """Make it show `local_s` now (parameter 5002)."""
        self.ahead_s = 0
        self.ahead_s = round(local_s) - self.local_s(wall_s)

    def second_of_day(self, wall_s: float) -> int:
        """Seconds since its midnight."""
        return self.local_s(wall_s) % 86_400
