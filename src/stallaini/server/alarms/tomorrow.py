"""What tomorrow brings if it is like the days before: persistence from the site's own past. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from statistics import median
from typing import NamedTuple

import numpy as np

from stallaini.server import queries
from stallaini.server.folding import Floats
from stallaini.server.queries import Period
from stallaini.server.store.base import Column, Integers
from stallaini.site.description import Description

LOOK_BACK_DAYS = 7
FEWEST_DAYS = 3
NEAR_MINUTES = 30
"""A state of charge stands for an instant that is no farther away."""

_ENOUGH = 0.95
"""The share of a day's minutes that each meter must have told: much of a day's sun fits into a few hours."""
_FULL_PCT, _FULL_MINUTES = 99.0, 30
_FEWEST_FELL_PCT = 20.0
"""So far must the charge have fallen in all before the energy of a percent is believed."""
_SECOND_HAND = ("studer_bms", "pylontech_rs485")
"""Kinds that tell of a battery which most often has a wire of its own."""


class Meters(NamedTuple):
    """The series that tell of a site's energy: mean powers in W, and the charge of its one battery in %."""

    suns: tuple[str, ...]
    houses: tuple[str, ...]
    generators: tuple[str, ...]
    batteries: tuple[str, ...]
    soc: str | None

    @property
    def powers(self) -> tuple[str, ...]:
        """All power series."""
        return (*self.suns, *self.houses, *self.generators, *self.batteries)

    @property
    def names(self) -> tuple[str, ...]:
        """All series."""
        return self.powers if self.soc is None else (*self.powers, self.soc)


class Past(NamedTuple):
    """One whole day of the past, in kWh and percent; None: not told.

    `soc_change` is over the whole day, `soc_rest` from the time of day that it is now to the day's end.
    `out_kwh` came out of the battery while its charge fell by `fell_pct`. `full`: so the sun was held back.
    """

    sun_kwh: float | None
    house_kwh: float | None
    generator_kwh: float | None
    battery_kwh: float | None
    soc_change: float | None = None
    soc_rest: float | None = None
    out_kwh: float = 0.0
    fell_pct: float = 0.0
    full: bool = False


class Range(NamedTuple):
    """What the days gave, in kWh."""

    median: float
    lowest: float
    highest: float


@dataclass(frozen=True)
class Tomorrow:
    """The day after today if it is like the `days` whole ones of the last seven; of fewer than three no more.

    `battery_kwh` is by how much the battery is fuller at its end than at its beginning, `soc_pct` its charge
    then. On `full_days` of the days the battery was full: the sun could have given more.
    """

    day: date
    days: int
    sun: Range | None = None
    house: Range | None = None
    generator: Range | None = None
    battery_kwh: float | None = None
    soc_pct: float | None = None
    full_days: int = 0


def meters_of(description: Description) -> Meters:
    """Which series to look at.

    A solar charger tells whether it is curtailed, an inverter what goes to the house and comes from the
    generator; what others tell of a battery that speaks for itself makes no second one.
    """
    channels = {channel.name for channel in description.channels}
    kept = {series.name for series in description.series}
    kinds = {device.name: device.kind for device in description.devices}

    def having(field: str) -> list[str]:
        return [name for name in kinds if f"{name}.{field}" in channels]

    def means(devices: Iterable[str], field: str) -> tuple[str, ...]:
        return tuple(name for device in devices if (name := f"{device}.{field}.mean") in kept)

    telling = having("soc")
    batteries = [name for name in telling if kinds[name] not in _SECOND_HAND] or telling[:1]
    socs = [f"{batteries[0]}.soc.{aggregate}" for aggregate in ("last", "min")] if len(batteries) == 1 else []
    return Meters(
        means(having("curtailed"), "power"),
        means(having("ac_power"), "ac_power"),
        means(having("ac_power"), "input_power"),
        means(batteries, "power"),
        next((name for name in socs if name in kept), None),
    )


def past_of(columns: Mapping[str, Column], meters: Meters, day: Period, rest_minutes: int) -> Past | None:
    """What one day was like; None where a meter told too little of it.

    So many minutes before its end it was as late as it is now.
    """
    told = {name: _Curve.of(columns[name], day) for name in meters.names}
    enough = _ENOUGH * (day.end_minute - day.start_minute)
    if any(len(told[name].minutes) < enough for name in meters.powers):
        return None
    sun, house, generator, battery = (
        sum(told[name].kwh for name in names) if names else None
        for names in (meters.suns, meters.houses, meters.generators, meters.batteries)
    )
    if house is None and sun is not None and battery is not None:
        # What no meter tells is what the others leave.
        house = sun - battery
    past = Past(sun, house, generator, battery)
    return past if meters.soc is None else _charged(past, told, meters, day, rest_minutes)


def tomorrow_of(day: date, past: Sequence[Past], soc_pct: float | None) -> Tomorrow:
    """What the days of the past make of `day`, the day after today; `soc_pct` is the charge now, if known."""
    if len(past) < FEWEST_DAYS:
        return Tomorrow(day, len(past))
    change_kwh, end_pct = _battery(past, soc_pct)
    return Tomorrow(
        day,
        len(past),
        _range(each.sun_kwh for each in past),
        _range(each.house_kwh for each in past),
        _range(each.generator_kwh for each in past),
        change_kwh,
        end_pct,
        0 if past[0].sun_kwh is None else sum(each.full for each in past),
    )


class _Curve(NamedTuple):
    """One series over a day, in its unit."""

    minutes: Integers
    values: Floats

    @classmethod
    def of(cls, column: Column, day: Period) -> _Curve:
        minutes, steps = queries.per_minute(column, day.start_minute, day.end_minute)
        return cls(minutes, np.float64(column.resolution) * steps)

    @property
    def kwh(self) -> float:
        """The energy of a power in W, inward less outward."""
        return float(self.values.sum()) / 60_000

    def near(self, minute: int, *, before: bool = False) -> float | None:
        """The value at a minute, or soon after, or shortly before."""
        start, end = (minute - NEAR_MINUTES, minute) if before else (minute, minute + NEAR_MINUTES)
        first, last = np.searchsorted(self.minutes, [start, end])
        return None if first == last else float(self.values[last - 1 if before else first])


def _charged(past: Past, told: Mapping[str, _Curve], meters: Meters, day: Period, rest_minutes: int) -> Past:
    """The day with what its one battery's charge tells."""
    soc = told[meters.soc or ""]
    ends = soc.near(day.end_minute, before=True)
    begins = soc.near(day.start_minute)
    now = soc.near(max(day.start_minute, day.end_minute - rest_minutes))
    out_kwh, fell_pct = _discharged(told[meters.batteries[0]], soc) if meters.batteries else (0.0, 0.0)
    return past._replace(
        soc_change=None if begins is None or ends is None else ends - begins,
        soc_rest=None if now is None or ends is None else ends - now,
        out_kwh=out_kwh,
        fell_pct=fell_pct,
        full=int((soc.values >= _FULL_PCT).sum()) >= _FULL_MINUTES,
    )


def _discharged(power: _Curve, soc: _Curve) -> tuple[float, float]:
    """The energy that left the battery, in kWh, and by how many percent its charge fell meanwhile."""
    minutes, in_power, in_soc = np.intersect1d(
        power.minutes, soc.minutes, assume_unique=True, return_indices=True
    )
    watts, charge = power.values[in_power][1:], soc.values[in_soc]
    leaving = (np.diff(minutes) == 1) & (watts < 0)
    return -float(watts[leaving].sum()) / 60_000, -float(np.diff(charge)[leaving].sum())


def _range(days: Iterable[float | None]) -> Range | None:
    told = [kwh for kwh in days if kwh is not None]
    return Range(median(told), min(told), max(told)) if told else None


def _battery(past: Sequence[Past], soc_pct: float | None) -> tuple[float | None, float | None]:
    """By how many kWh the battery is fuller at tomorrow's end than at its beginning, and its charge then."""
    change, rest = _median(each.soc_change for each in past), _median(each.soc_rest for each in past)
    end_pct = None
    if change is not None and rest is not None and soc_pct is not None:
        tonight_pct = _clamped(soc_pct + rest)
        end_pct = _clamped(tonight_pct + change)
        change = end_pct - tonight_pct
    fell_pct = sum(each.fell_pct for each in past)
    if change is None or fell_pct < _FEWEST_FELL_PCT:
        return _median(each.battery_kwh for each in past), end_pct
    # Of what goes in a part is lost: what the charge did tells more than the meter.
    return change * sum(each.out_kwh for each in past) / fell_pct, end_pct


def _median(values: Iterable[float | None]) -> float | None:
    told = [value for value in values if value is not None]
    return median(told) if len(told) >= FEWEST_DAYS else None


def _clamped(soc_pct: float) -> float:
    return min(100.0, max(0.0, soc_pct))
