"""The lab's site: a small battery, what it says, and what of it each minute must hold.

Every round of readings carries a number that never comes again, so that a stored minute tells which
readings it was made of. What a minute must hold is reckoned here, by other arithmetic than the sampler's.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from fractions import Fraction

from stallaini.site.config import JournalConfig, LinkConfig, SiteConfig
from stallaini.site.description import ChannelSpec, Description, SeriesSpec
from stallaini.site.quantities import QUANTITIES
from stallaini.site.reading import Reading

SITE = "lab"
MARK = "battery.mark"
_CHANNELS = {
    MARK: ("count", ("last",)),
    "battery.current": ("current", ("mean", "min", "max")),
    "battery.soc": ("soc", ("last",)),
    "battery.temperature": ("temperature", ("mean",)),
    "battery.alarm.high_current": ("flag", ("max",)),
}
_LATER_CHANNELS = {**_CHANNELS, "battery.voltage": ("voltage", ("mean", "max"))}
_SILENT_SHARE, _ALARM_A = 0.05, 150.0

Values = tuple[int | None, ...]


def site_config(edition: int, journal_bytes: int) -> SiteConfig:
    """The site file in one of its editions: every other one has more series."""
    channels = _LATER_CHANNELS if edition % 2 else _CHANNELS
    return SiteConfig(
        SITE,
        "The lab",
        "UTC",
        None,
        None,
        (),
        _describe(channels),
        link=LinkConfig(),
        journal=JournalConfig(max_mb=journal_bytes / 1e6),
    )


def series_names() -> list[str]:
    """The series of all editions."""
    return [series.name for series in _describe(_LATER_CHANNELS).series]


def _describe(channels: dict[str, tuple[str, tuple[str, ...]]]) -> Description:
    specs, series = [], []
    for name, (quantity_name, aggregates) in channels.items():
        quantity = QUANTITIES[quantity_name]
        specs.append(
            ChannelSpec(name, quantity.name, quantity.unit, quantity.resolution, quantity.stale_after_s)
        )
        series += [
            SeriesSpec(f"{name}.{aggregate}", name, aggregate, quantity.unit, quantity.resolution)
            for aggregate in aggregates
        ]
    return Description(SITE, "The lab", "UTC", None, None, (), tuple(specs), tuple(series), ())


class Battery:
    """What the battery says; one for the whole life of a world, whatever becomes of the edge."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._mark = 0
        self._current_a = 20.0
        self._soc_pct = 60.0

    def say(self, monotonic_s: float) -> Iterator[Reading]:
        """One round of readings, the channels of every edition, some now and then not reported."""
        chance = self._chance
        self._mark += 1
        self._current_a = min(199.0, max(-199.0, self._current_a + chance.gauss(0.0, 25.0)))
        self._soc_pct = min(99.0, max(1.0, self._soc_pct + self._current_a / 2000))
        said: dict[str, float | bool] = {
            MARK: self._mark,
            "battery.current": round(self._current_a, 2),
            "battery.soc": round(self._soc_pct, 3),
            "battery.temperature": round(20 + chance.random(), 2),
            "battery.alarm.high_current": self._current_a > _ALARM_A,
            "battery.voltage": round(50 + chance.random(), 3),
        }
        for channel, value in said.items():
            silent = channel != MARK and chance.random() < _SILENT_SHARE
            yield Reading(channel, monotonic_s, None if silent else value)


class Tally:
    """What the running minute must become, for the series of one description."""

    def __init__(self, description: Description) -> None:
        self._resolution = {channel.name: channel.resolution for channel in description.channels}
        self._series = [(series.channel, series.aggregate) for series in description.series]
        self._steps: dict[str, list[int]] = {name: [] for name in self._resolution}

    def add(self, reading: Reading) -> None:
        """Count a reading in, if its channel is one of ours."""
        if reading.value is not None and reading.channel in self._steps:
            steps = round(reading.value / self._resolution[reading.channel])
            self._steps[reading.channel].append(steps)

    def close(self) -> Values:
        """The minute's values, and a new minute begun."""
        values = tuple(_aggregated(aggregate, self._steps[channel]) for channel, aggregate in self._series)
        for steps in self._steps.values():
            steps.clear()
        return values


def _aggregated(aggregate: str, steps: list[int]) -> int | None:
    if not steps:
        return None
    if aggregate == "mean":
        return int((Fraction(sum(steps), len(steps)) + Fraction(1, 2)).__floor__())
    return {"min": min(steps), "max": max(steps), "last": steps[-1]}[aggregate]
