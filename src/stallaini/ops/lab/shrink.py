"""From a schedule that fails to the smallest one that still does. Pure but for the trials themselves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from stallaini.ops.lab.schedule import KINDS, Misfortune, Schedule

Fails = Callable[[Schedule], bool]

_MOST_TRIALS = 300
_FEWEST_MINUTES = 2


def shrink(schedule: Schedule, fails: Fails) -> Schedule:
    """A schedule of which nothing can be left out, halved or brought forward without its failing no more.

    `fails` tells whether one still fails; it is asked at most 300 times, and never twice of the same one.
    """
    asked = {str(schedule)}

    def new_and_fails(candidate: Schedule) -> bool:
        if str(candidate) in asked or len(asked) > _MOST_TRIALS:
            return False
        asked.add(str(candidate))
        return fails(candidate)

    before = None
    while before != schedule:
        before = schedule
        for smaller in (_without, _shorter, _sooner, _lesser):
            while (found := next(filter(new_and_fails, smaller(schedule)), None)) is not None:
                schedule = found
    return schedule


def _without(schedule: Schedule) -> Iterator[Schedule]:
    """Parts left out: all of it, its halves, its quarters, ... each single misfortune."""
    faults = schedule.misfortunes
    size = len(faults)
    while size > 0:
        for start in range(0, len(faults), size):
            yield replace(schedule, misfortunes=faults[:start] + faults[start + size :])
        size //= 2


def _shorter(schedule: Schedule) -> Iterator[Schedule]:
    """The end cut off, right after the last misfortune at the earliest."""
    shortest = _shortest(schedule)
    for minutes in sorted({shortest, (shortest + schedule.minutes) // 2}):
        if minutes < schedule.minutes:
            yield replace(schedule, minutes=minutes)


def _sooner(schedule: Schedule) -> Iterator[Schedule]:
    """Everything in half the time."""
    faults = tuple(replace(fault, at_s=fault.at_s // 2) for fault in schedule.misfortunes)
    if faults != schedule.misfortunes:
        sooner = replace(schedule, misfortunes=faults)
        yield replace(sooner, minutes=min(schedule.minutes, _shortest(sooner)))


def _lesser(schedule: Schedule) -> Iterator[Schedule]:
    """One argument at its least, or halved."""
    faults = schedule.misfortunes
    for index, fault in enumerate(faults):
        for less in _halved(fault):
            yield replace(schedule, misfortunes=(*faults[:index], less, *faults[index + 1 :]))


def _halved(fault: Misfortune) -> Iterator[Misfortune]:
    for name, value in fault.arguments.items():
        least = max(KINDS[fault.what][name][0], 0)
        for less in dict.fromkeys((least, least + int((value - least) / 2))):
            if abs(less - least) < abs(value - least):
                yield replace(fault, arguments={**fault.arguments, name: less})


def _shortest(schedule: Schedule) -> int:
    return max([_FEWEST_MINUTES, *(fault.at_s // 60 + 1 for fault in schedule.misfortunes)])
