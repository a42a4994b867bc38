"""Pure arithmetic on columns: buckets for a chart, gaps, energy by day."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from stallaini.link.messages import Event, Scalar
from stallaini.server.store.base import Column, DaySums, Integers

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


def bucket_minutes(start_minute: int, end_minute: int, points: int) -> int:
    """The whole number of minutes per bucket that brings a stretch to about `points` buckets."""
    return max(1, math.ceil((end_minute - start_minute) / max(1, points)))


@dataclass(frozen=True)
class Folded:
    """Values in buckets of `length` minutes from bucket number `first` on, in the series' unit, NaN for none.

    `digits` are the decimals that the resolution of mean and of band deserve.
    """

    length: int
    first: int
    mean: Floats
    low: Floats
    high: Floats
    digits: int


def buckets(
    mean: Column, start_s: int, end_s: int, points: int, low: Column | None = None, high: Column | None = None
) -> Buckets:
    """Column(s) as at most `points` + 1 buckets over [start_s, end_s), for people to read."""
    found = fold(mean, start_s, end_s, points, low, high)
    length = found.length
    return Buckets(
        bucket_s=length * 60,
        t=[(found.first + index) * length * 60 for index in range(len(found.mean))],
        mean=_listed(found.mean, decimals(mean.resolution) + 1),
        low=_listed(found.low, decimals((low or mean).resolution)),
        high=_listed(found.high, decimals((high or mean).resolution)),
    )


def fold(
    mean: Column, start_s: int, end_s: int, points: int, low: Column | None = None, high: Column | None = None
) -> Folded:
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
    digits = max(decimals(column.resolution) for column in (mean, low or mean, high or mean))
    return Folded(length, first, means * mean.resolution, band_low, band_high, digits)


def fold_days(
    mean: DaySums, low: DaySums, high: DaySums, first_day: int, end_day: int, length_days: int
) -> Folded:
    """What `fold` gives for buckets of whole UTC days, from the sums of days."""
    first = first_day // length_days
    count = -(-end_day // length_days) - first
    sums, numbers = np.zeros((2, count), np.int64)
    at = mean.days // length_days - first
    np.add.at(sums, at, mean.total)
    np.add.at(numbers, at, mean.minutes)
    with np.errstate(invalid="ignore"):
        means = sums / np.where(numbers > 0, numbers, np.nan) * mean.resolution
    band_low, band_high = np.full((2, count), np.nan)
    for each in (mean, low, high):
        at = each.days // length_days - first
        np.fmin.at(band_low, at, each.low * each.resolution)
        np.fmax.at(band_high, at, each.high * each.resolution)
    digits = max(decimals(each.resolution) for each in (mean, low, high))
    return Folded(length_days * 1440, first, means, band_low, band_high, digits)


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
