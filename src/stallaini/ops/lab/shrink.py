"""From a schedule that fails to the smallest one that still does. Pure but for the trials themselves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from stallaini.ops.lab.schedule import KINDS, Misfortune, Schedule

Fails = Callable[[Schedule], bool]

_MOST_TRIALS = 400
_FEWEST_MINUTES = 2


def shrink(schedule: Schedule, fails: Fails) -> Schedule:
    """A schedule from which nothing can be left out or halved without its failing no more.

    `fails` tells whether one still fails; it is asked at most 400 times.
    """
    trials = _MOST_TRIALS
    smaller = True
    while smaller:
        smaller = False
        for candidate in _smaller(schedule):
            if trials == 0:
                return schedule
            trials -= 1
            if fails(candidate):
                schedule, smaller = candidate, True
                break
    return schedule


def _smaller(schedule: Schedule) -> Iterator[Schedule]:
    """The next smaller schedules, the boldest first: parts left out, the end cut off, numbers halved."""
    faults = schedule.misfortunes
    size = len(faults)
    while size > 0:
        for start in range(0, len(faults), size):
            yield replace(schedule, misfortunes=faults[:start] + faults[start + size :])
        size //= 2
    yield from _shorter(schedule)
    for index, fault in enumerate(faults):
        for less in _lesser(fault):
            yield replace(schedule, misfortunes=(*faults[:index], less, *faults[index + 1 :]))


def _shorter(schedule: Schedule) -> Iterator[Schedule]:
    needed = max((fault.at_s // 60 + 1 for fault in schedule.misfortunes), default=0)
    shortest = max(_FEWEST_MINUTES, needed)
    for minutes in sorted({shortest, (shortest + schedule.minutes) // 2, schedule.minutes - 1}):
        if shortest <= minutes < schedule.minutes:
            yield replace(schedule, minutes=minutes)


def _lesser(fault: Misfortune) -> Iterator[Misfortune]:
    for name, value in fault.arguments.items():
        low, _ = KINDS[fault.what][name]
        least = max(low, 0)
        for less in dict.fromkeys((least, least + int((value - least) / 2))):
            if abs(less - least) < abs(value - least):
                yield replace(fault, arguments={**fault.arguments, name: less})
