"""From the logger's clock to UTC. Pure.

The logger knows no zone. Recorded years tell what its clock does: in 40 months of one installation and 13
of another the sun's noon, read off the solar power, does not move where summer time begins or ends, and
the clock drifts by some ten minutes a year. So by default it is read as the zone's standard time.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

RULES = "standard, site, utc or an offset such as +01:00"
_OFFSET = re.compile(r"([+-])(\d\d):([0-5]\d)")
_MOST_OFFSET_MINUTES = 14 * 60

Offsets = Callable[[int], tuple[int, int]]
"""Minutes ahead of UTC at a local minute: read as before, and as after, a change of the clocks."""


@dataclass
class Placed:
    """The rows of one file in UTC minutes; None for a row that has no place.

    `missing` rows lie in the hour that spring leaves out. `doubled` ones carry a time that came before.
    `ambiguous` ones lie in the hour that autumn repeats, but only once in the file: taken as the first.
    """

    minutes: list[int | None] = field(default_factory=list)
    missing: int = 0
    doubled: int = 0
    ambiguous: int = 0


class LoggerClock:
    """How a logger's clock is read: `standard` (the zone without summer time), `site`, `utc`, `+HH:MM`.

    Raises ValueError for another rule.
    """

    def __init__(self, rule: str, zone: ZoneInfo) -> None:
        self._offsets = lru_cache(maxsize=4096)(_offsets(rule, zone))

    def place(self, local_minutes: Sequence[int]) -> Placed:
        """The minutes, in the order of the file, in UTC."""
        placed = Placed()
        taken: set[int] = set()
        once: set[int] = set()
        for local in local_minutes:
            before, after = self._offsets(local)
            if before < after:
                placed.missing += 1
                placed.minutes.append(None)
                continue
            minute = local - before
            if before > after:
                # The repeated hour: its first pass is still summer time.
                if minute in taken:
                    minute = local - after
                    once.discard(local)
                else:
                    once.add(local)
            placed.doubled += minute in taken
            placed.minutes.append(None if minute in taken else minute)
            taken.add(minute)
        placed.ambiguous = len(once)
        return placed


def _offsets(rule: str, zone: ZoneInfo) -> Offsets:
    if rule == "site":
        return lambda local: _of_zone(zone, local)
    if rule == "standard":
        return lambda local: (_standard(zone, local),) * 2
    if rule == "utc":
        return lambda _: (0, 0)
    match = _OFFSET.fullmatch(rule)
    minutes = 0 if match is None else int(match[2]) * 60 + int(match[3])
    if match is None or minutes > _MOST_OFFSET_MINUTES:
        raise ValueError(f"{rule!r} is no way to read a logger's clock: give {RULES}")
    fixed = minutes if match[1] == "+" else -minutes
    return lambda _: (fixed, fixed)


def _of_zone(zone: ZoneInfo, local_minute: int) -> tuple[int, int]:
    local = _naive(local_minute).replace(tzinfo=zone)
    return _minutes(local.utcoffset()), _minutes(local.replace(fold=1).utcoffset())


def _standard(zone: ZoneInfo, local_minute: int) -> int:
    """The smaller of the offsets in January and July of that year: summer time is ahead of it."""
    year = _naive(local_minute).year
    return min(_minutes(datetime(year, month, 1, tzinfo=zone).utcoffset()) for month in (1, 7))


def _naive(local_minute: int) -> datetime:
    return datetime.fromtimestamp(local_minute * 60, UTC).replace(tzinfo=None)


def _minutes(offset: timedelta | None) -> int:
    assert offset is not None  # a zone always has one
    return round(offset.total_seconds() / 60)
