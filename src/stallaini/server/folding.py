"""Buckets for a chart, made of columns stretch by stretch, or of sums of days. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stallaini.server.queries import per_minute
from stallaini.server.store.base import Column, DaySums

Floats = NDArray[np.float64]


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

    def starts_s(self) -> list[int]:
        """When each bucket begins, Unix seconds."""
        return [(self.first + index) * self.length * 60 for index in range(len(self.mean))]


class Folding:
    """Buckets in the making: at most `points` + 1 of them over the minutes [start, end).

    Buckets begin at multiples of their length, so that a moving window does not make a chart shimmer.
    `mean` weighs each minute alike; the band is the lowest and the highest of all three series, for
    imported minutes may have a mean alone.
    """

    def __init__(self, start_minute: int, end_minute: int, points: int) -> None:
        self.length = bucket_minutes(start_minute, end_minute, points)
        self.first = start_minute // self.length
        count = max(0, -(-end_minute // self.length) - self.first)
        self._sums = np.zeros(count)
        self._numbers = np.zeros(count, np.int64)
        self._low, self._high = np.full((2, count), np.nan)
        self._digits = 0

    def add(self, mean: Column, low: Column, high: Column, start_minute: int, end_minute: int) -> None:
        """Count the columns' minutes in [start, end); a stretch is counted once, in any order.

        `low` and `high` may be the very column that `mean` is.
        """
        for column in {id(each): each for each in (mean, low, high)}.values():
            self._digits = max(self._digits, decimals(column.resolution))
            minutes, steps = per_minute(column, start_minute, end_minute)
            if len(minutes):
                buckets = np.arange(minutes[0] // self.length, minutes[-1] // self.length + 2)
                edges = np.searchsorted(minutes, buckets * self.length)
                filled = np.flatnonzero(np.diff(edges))
                at, begins = buckets[filled] - self.first, edges[filled]
                self._widen(at, np.minimum.reduceat(steps, begins) * column.resolution)
                self._widen(at, np.maximum.reduceat(steps, begins) * column.resolution)
                if column is mean:
                    self._sums[at] += np.add.reduceat(steps, begins) * column.resolution
                    self._numbers[at] += np.diff(edges)[filled]

    def _widen(self, at: NDArray[np.int64], values: Floats) -> None:
        self._low[at] = np.fmin(self._low[at], values)
        self._high[at] = np.fmax(self._high[at], values)

    def folded(self) -> Folded:
        """What has been added so far."""
        means = _means(self._sums, self._numbers)
        return Folded(self.length, self.first, means, self._low, self._high, self._digits)


def bucket_minutes(start_minute: int, end_minute: int, points: int) -> int:
    """The whole number of minutes per bucket that brings a stretch to about `points` buckets."""
    return max(1, math.ceil((end_minute - start_minute) / max(1, points)))


def fold_days(
    mean: DaySums, low: DaySums, high: DaySums, first_day: int, end_day: int, length_days: int
) -> Folded:
    """What `Folding` gives for buckets of whole UTC days, from the sums of days."""
    first = first_day // length_days
    count = -(-end_day // length_days) - first
    sums, numbers = np.zeros((2, count), np.int64)
    at = mean.days // length_days - first
    np.add.at(sums, at, mean.total)
    np.add.at(numbers, at, mean.minutes)
    band_low, band_high = np.full((2, count), np.nan)
    for each in (mean, low, high):
        at = each.days // length_days - first
        np.fmin.at(band_low, at, each.low * each.resolution)
        np.fmax.at(band_high, at, each.high * each.resolution)
    digits = max(decimals(each.resolution) for each in (mean, low, high))
    means = _means(sums, numbers) * mean.resolution
    return Folded(length_days * 1440, first, means, band_low, band_high, digits)


def _means(sums: NDArray[np.int64] | Floats, numbers: NDArray[np.int64]) -> Floats:
    with np.errstate(invalid="ignore"):
        found: Floats = sums / np.where(numbers > 0, numbers, np.nan)
    return found


def decimals(resolution: float) -> int:
    """How many decimal places a value with this resolution needs."""
    return max(0, math.ceil(-math.log10(resolution) - 1e-9))


def listed(values: Floats, digits: int) -> list[float | None]:
    """Rounded, None for NaN: for people to read."""
    rounded: list[float] = np.round(values, digits).tolist()
    return [None if value != value else value for value in rounded]
