"""Pure arithmetic on columns: minutes, gaps, energy by day."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

import numpy as np

from stallaini.link.messages import Event, Scalar
from stallaini.server.store.base import Column, Integers


@dataclass(frozen=True)
class Gap:
    """Minutes without any record: [start_minute, end_minute)."""

    start_minute: int
    end_minute: int

    @property
    def minutes(self) -> int:
        """How many minutes are missing."""
        return self.end_minute - self.start_minute


@dataclass(frozen=True)
class GapReport:
    """How complete a stretch of time is; `uptime_pct` is None for an empty stretch."""

    minutes_expected: int
    minutes_present: int
    uptime_pct: float | None
    gaps: list[Gap]


@dataclass(frozen=True)
class Energy:
    """A power series over a stretch: how many of its minutes have a value, kWh each way (>= 0)."""

    minutes_present: int
    in_kwh: float
    out_kwh: float


@dataclass(frozen=True)
class Period:
    """A local day or month: its first day and its minutes [start, end)."""

    day: date
    start_minute: int
    end_minute: int


def per_minute(column: Column, start_minute: int, end_minute: int) -> tuple[Integers, Integers]:
    """(minutes, values) in [start, end) with a thinned record repeated for each minute it stands for.

    A minute that has a record of its own keeps it; of overlapping thinned records the shorter wins.
    """
    minutes, values = column.minutes, column.values
    if len(column) and int(column.spans.max()) > 1:
        minutes, values = _expanded(column)
    first, last = np.searchsorted(minutes, [start_minute, end_minute])
    return minutes[first:last], values[first:last]


def _expanded(column: Column) -> tuple[Integers, Integers]:
    order = np.argsort(column.spans, kind="stable")
    spans = column.spans[order]
    begins = np.cumsum(spans) - spans
    offsets = np.arange(int(spans.sum()), dtype=np.int64) - np.repeat(begins, spans)
    covered = np.repeat(column.minutes[order], spans) + offsets
    minutes, first = np.unique(covered, return_index=True)
    return minutes, np.repeat(column.values[order], spans)[first]


def gaps(minutes: Integers, start_minute: int, end_minute: int) -> GapReport:
    """What is missing in [start, end), given the present minutes (ascending, each once)."""
    first, last = np.searchsorted(minutes, [start_minute, end_minute])
    inside = minutes[first:last]
    edges = np.concatenate(([start_minute - 1], inside, [max(start_minute, end_minute)]))
    holes = np.flatnonzero(np.diff(edges) > 1)
    found = [Gap(int(edges[hole]) + 1, int(edges[hole + 1])) for hole in holes]
    expected = max(0, end_minute - start_minute)
    uptime = round(100.0 * len(inside) / expected, 3) if expected else None
    return GapReport(expected, len(inside), uptime, found)


def gap_reason(gap: Gap, events: Iterable[Event]) -> str | None:
    """Why these minutes are missing, in a few words, as far as the site's events tell; None if they do not.

    Wanted are the events from the gap's start to some minutes after its end, when the edge could speak
    again; for `entries.lost` those up to the gap's delivery.
    """
    found = {reason for event in events if (reason := _reason_from(event, gap)) is not None}
    return next((reason for reason in _REASONS if reason in found), None)


_DROPPED, _LOST, _REFUSED = "journal full", "lost before delivery", "refused by the server"
_OFF, _CLOCK, _CARD = "edge not running", "clock set", "lost by the edge's card"
_REASONS = (_DROPPED, _LOST, _REFUSED, _OFF, _CLOCK, _CARD)
_CARD_EVENTS = ("journal.recovered", "journal.renewed")
_BACK_WITHIN_MINUTES = 3


def _reason_from(event: Event, gap: Gap) -> str | None:
    if event.kind == "journal.dropped" and _over(event, "from", "to", 60, _explained(gap, event)):
        return _DROPPED
    if event.kind == "entries.lost" and _over(event, "after_minute", "before_minute", 1, gap):
        return _LOST
    if event.kind == "minute.refused" and _over(event, "first_minute", "before_minute", 1, gap):
        return _REFUSED
    if event.kind in _CARD_EVENTS and "to" in event.data and _over(event, "from", "to", 60, gap):
        return _CARD
    back = gap.start_minute <= said_at_s(event) // 60 < gap.end_minute + _BACK_WITHIN_MINUTES
    if event.kind == "edge.started" and back:
        return _OFF
    if event.kind == "clock.stepped" and back and not event.data.get("ignored"):
        return _CLOCK
    return None


def _explained(gap: Gap, dropped: Event) -> Gap:
    """The gap, and the time after it in which a dropped event may have given its reason."""
    late_minutes = _BACK_WITHIN_MINUTES if dropped.data.get("events") else 0
    return Gap(gap.start_minute, gap.end_minute + late_minutes)


def said_at_s(event: Event) -> int:
    """When the site's clock says it happened, also where the store could not believe that."""
    said = event.data.get("said_at_s")
    return said if isinstance(said, int) else event.at_s


def _over(event: Event, start: str, end: str, steps_per_minute: int, gap: Gap) -> bool:
    """Whether the stretch an event names, in minutes or parts of them, meets the gap; open where unknown."""
    first, last = event.data.get(start), event.data.get(end)
    after = not isinstance(first, int) or first < gap.end_minute * steps_per_minute
    before = not isinstance(last, int) or last > gap.start_minute * steps_per_minute
    return after and before


@dataclass(frozen=True)
class TimeBounds:
    """Between which Unix seconds something was; None: not known."""

    earliest_s: int | None
    latest_s: int | None


def time_bounds(start_minute: int, end_minute: int, events: Iterable[Event]) -> TimeBounds | None:
    """When minutes of a boot that never knew the time can have been, as `clock.bounded` events tell it."""
    told = [
        event.data
        for event in events
        if event.kind == "clock.bounded" and _over(event, "from", "to", 60, Gap(start_minute, end_minute))
    ]
    if not told:
        return None
    earliest = [data.get("earliest") for data in told]
    latest = [data.get("latest") for data in told]
    return TimeBounds(_all_known(min, earliest), _all_known(max, latest))


def _all_known(choose: Callable[[list[int]], int], values: Sequence[Scalar]) -> int | None:
    """The chosen one of the values; None if any is no number."""
    numbers = [value for value in values if isinstance(value, int)]
    return choose(numbers) if len(numbers) == len(values) else None


def integrate(column: Column, start_minute: int, end_minute: int) -> tuple[float, float]:
    """(positive part, negative part as a positive number) of a series over [start, end), in unit-hours.

    A mean power in W gives Wh, a mean current in A gives Ah. Each minute is split on its own; a minute
    without a value adds nothing.
    """
    return _split(per_minute(column, start_minute, end_minute)[1], column.resolution)


def _split(values: Integers, resolution: float) -> tuple[float, float]:
    inward = int(values[values > 0].sum())
    outward = -int(values[values < 0].sum())
    return inward * resolution / 60, outward * resolution / 60


def day_bounds(day: date, timezone: str) -> tuple[int, int]:
    """The minutes [start, end) of a local day: 1,440 of them, or 1,380 or 1,500 when the clocks change.

    Raises zoneinfo.ZoneInfoNotFoundError for an unknown zone.
    """
    zone = ZoneInfo(timezone)
    start, end = (
        int(datetime.combine(one, time(), zone).astimezone(UTC).timestamp()) // 60
        for one in (day, day + timedelta(days=1))
    )
    return start, end


def periods(by: Literal["day", "month"], timezone: str, first_day: date, end_day: date) -> list[Period]:
    """The local days, or the months as far as they lie within, of [first_day, end_day)."""
    starts = [first_day + timedelta(days=offset) for offset in range((end_day - first_day).days)]
    if by == "month":
        starts = [day for day in starts if day.day == 1 or day == first_day]
    edges = [day_bounds(day, timezone)[0] for day in (*starts, end_day)]
    return [Period(day, begin, finish) for day, begin, finish in zip(starts, edges, edges[1:], strict=False)]


def energy(power: Column, wanted: Sequence[Period]) -> list[Energy]:
    """Energy in each period, ascending and without holes between, from a mean power series in W."""
    if not wanted:
        return []
    minutes, values = per_minute(power, wanted[0].start_minute, wanted[-1].end_minute)
    found = []
    for period in wanted:
        first, last = np.searchsorted(minutes, [period.start_minute, period.end_minute])
        inward_wh, outward_wh = _split(values[first:last], power.resolution)
        found.append(Energy(int(last - first), inward_wh / 1000, outward_wh / 1000))
    return found
