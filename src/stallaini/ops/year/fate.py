"""What befalls a site in a year: the link is lost, the edge restarts, devices fail. Pure; a seed decides."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from typing import Literal, NamedTuple

DAY_MINUTES = 1440
Kind = Literal["outage", "restart", "lost module", "mppt error", "battery alarm", "power cut"]


class Happening(NamedTuple):
    """Something that begins `at_minute`, counted from the start, and lasts `minutes`; a restart none."""

    at_minute: int
    kind: Kind
    minutes: int = 0


class _Habit(NamedTuple):
    """How often something happens in a year, and how long: the median, and how far it spreads."""

    per_year: float
    median_minutes: float
    spread: float


_HABITS: dict[Kind, tuple[_Habit, ...]] = {
    "outage": (_Habit(60, 120, 1.0), _Habit(3, 3 * DAY_MINUTES, 0.4)),
    "restart": (_Habit(24, 0, 0),),
    "lost module": (_Habit(3, 180, 0.7),),
    "mppt error": (_Habit(4, 40, 0.7),),
    "battery alarm": (_Habit(6, 15, 0.7),),
    "power cut": (_Habit(4, 12, 0.7),),
}


def happenings(seed: int, days: int) -> list[Happening]:
    """All that happens in so many days, in order."""
    chance = random.Random(f"fate {seed}")
    found = [
        one
        for kind, habits in _HABITS.items()
        for habit in habits
        for one in _of_habit(kind, habit, days, chance)
    ]
    return sorted(found)


def _of_habit(kind: Kind, habit: _Habit, days: int, chance: random.Random) -> Iterator[Happening]:
    expected = habit.per_year * days / 365
    count = int(expected) + (chance.random() < expected % 1)
    for _ in range(count):
        at_minute = chance.randrange(days * DAY_MINUTES)
        lasts = 0
        if habit.median_minutes:
            lasts = max(1, round(chance.lognormvariate(math.log(habit.median_minutes), habit.spread)))
        yield Happening(at_minute, kind, lasts)
