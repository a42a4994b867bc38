"""Pure arithmetic on columns: buckets for a chart, gaps, energy by day."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from stallaini.link.messages import Event, Scalar
from stallaini.server.store.base import Column, Integers

Floats = NDArray[np.float64]

_EMPTY_LOW = np.iinfo(np.int64).max
_EMPTY_HIGH = np.iinfo(np.int64).min


@dataclass(frozen=True)
class Buckets:
    """Equal stretches of whole minutes: `t` their starts (Unix seconds), the rest in the series' unit.

    A bucket without a single value holds None in all three.
    """

    bucket_s: int
    t: list[int]
    mean: list[float | None]
    low: list[float | None]
    high: list[float | None]


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
class DayEnergy:
    """One local day of a power series: its length in minutes, how many have a value, kWh each way (>= 0)."""

    day: date
    minutes: int
    minutes_present: int
    in_kwh: float
    out_kwh: float


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


def bucket_minutes(start_minute: int, end_minute: int, points: int) -> int:
    """The whole number of minutes per bucket that brings a stretch to about `points` buckets."""
    return max(1, math.ceil((end_minute - start_minute) / max(1, points)))


def buckets(
    mean: Column, start_s: int, end_s: int, points: int, low: Column | None = None, high: Column | None = None
) -> Buckets:
    """Column(s) as at most `points` + 1 buckets over [start_s, end_s).

    Buckets begin at multiples of their length, so that a moving window does not make a chart shimmer.
    `mean` weighs each minute alike; the band is the lowest and the highest of all three, for imported
    minutes may have a mean alone.
    """
    start, end = start_s // 60, -(-end_s // 60)
    length = bucket_minutes(start, end, points)
    first = start // length
    count = max(0, -(-end // length) - first)
    sums, numbers, lowest, highest = _fold(mean, start, end, length, first, count)
    with np.errstate(invalid="ignore"):
        means = sums / np.where(numbers > 0, numbers, np.nan)
    band_low = _in_unit(lowest, _EMPTY_LOW, mean.resolution)
    band_high = _in_unit(highest, _EMPTY_HIGH, mean.resolution)
    if low is not None:
        own = _in_unit(_fold(low, start, end, length, first, count)[2], _EMPTY_LOW, low.resolution)
        band_low = np.fmin(band_low, own)
    if high is not None:
        own = _in_unit(_fold(high, start, end, length, first, count)[3], _EMPTY_HIGH, high.resolution)
        band_high = np.fmax(band_high, own)
    return Buckets(
        bucket_s=length * 60,
        t=[(first + index) * length * 60 for index in range(count)],
        mean=_listed(means * mean.resolution, decimals(mean.resolution) + 1),
        low=_listed(band_low, decimals((low or mean).resolution)),
        high=_listed(band_high, decimals((high or mean).resolution)),
    )


def _in_unit(steps: Integers, empty: int, resolution: float) -> Floats:
    """The values of buckets in the series' unit, NaN for empty ones."""
    return np.where(steps == empty, np.nan, steps * resolution)


def _fold(
    column: Column, start: int, end: int, length: int, first: int, count: int
) -> tuple[Integers, Integers, Integers, Integers]:
    """Per bucket: sum, number, lowest, highest of the fixed-point values."""
    minutes, values = per_minute(column, start, end)
    sums = np.zeros(count, np.int64)
    numbers = np.zeros(count, np.int64)
    lowest = np.full(count, _EMPTY_LOW, np.int64)
    highest = np.full(count, _EMPTY_HIGH, np.int64)
    if len(minutes):
        edges = np.searchsorted(minutes, (first + np.arange(count + 1, dtype=np.int64)) * length)
        filled = np.flatnonzero(np.diff(edges))
        begins = edges[filled]
        numbers[filled] = np.diff(edges)[filled]
        sums[filled] = np.add.reduceat(values, begins)
        lowest[filled] = np.minimum.reduceat(values, begins)
        highest[filled] = np.maximum.reduceat(values, begins)
    return sums, numbers, lowest, highest


def decimals(resolution: float) -> int:
    """How many decimal places a value with this resolution needs."""
    return max(0, math.ceil(-math.log10(resolution) - 1e-9))


def _listed(values: Floats, digits: int) -> list[float | None]:
    rounded: list[float] = np.round(values, digits).tolist()
    return [None if value != value else value for value in rounded]


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


def energy_by_day(power: Column, timezone: str, first_day: date, end_day: date) -> list[DayEnergy]:
    """Energy of each local day in [first_day, end_day) from a mean power series in W."""
    bounds = [
        (day, *day_bounds(day, timezone))
        for day in (first_day + timedelta(days=offset) for offset in range((end_day - first_day).days))
    ]
    if not bounds:
        return []
    minutes, values = per_minute(power, bounds[0][1], bounds[-1][2])
    found = []
    for day, start, end in bounds:
        first, last = np.searchsorted(minutes, [start, end])
        inward_wh, outward_wh = _split(values[first:last], power.resolution)
        found.append(DayEnergy(day, end - start, int(last - first), inward_wh / 1000, outward_wh / 1000))
    return found
