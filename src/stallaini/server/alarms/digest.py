"""What a day or a week was like, and what tomorrow may be. Arithmetic on the store."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple

from stallaini.link.accounting import USAGE
from stallaini.server import queries
from stallaini.server.alarms.tomorrow import (
    LOOK_BACK_DAYS,
    NEAR_MINUTES,
    Tomorrow,
    meters_of,
    past_of,
    tomorrow_of,
)
from stallaini.server.budget import LONGEST_S, budget
from stallaini.server.store.base import Column, Store
from stallaini.site.billing import load_zone, local_day
from stallaini.site.description import Description

_MOST_EVENTS = 20_000
_RUNS_FROM_W = 20.0


class Energy(NamedTuple):
    """One power channel: kWh in its positive and its negative direction."""

    channel: str
    in_kwh: float
    out_kwh: float


class LoadUse(NamedTuple):
    """One load that is measured: its energy, and for how many minutes it ran."""

    load: str
    title: str
    kwh: float
    minutes_on: int


class Lowest(NamedTuple):
    """The lowest state of charge, and when."""

    soc_pct: float
    at_s: int


@dataclass(frozen=True)
class Digest:
    """The days [first, end) of a site. None: not known. Only what is measured there is in it.

    `tomorrow` is there when `end` is today, and the site has any meter of energy.
    """

    site: str
    title: str
    timezone: str
    first: date
    end: date
    energy: tuple[Energy, ...]
    lowest: Lowest | None
    loads: tuple[LoadUse, ...]
    used_bytes: int | None
    plan_bytes: int | None
    minutes_expected: int
    minutes_present: int
    tomorrow: Tomorrow | None = None


async def make_digest(store: Store, description: Description, first: date, end: date, now_s: float) -> Digest:
    """Read what the store has of these days of the site's zone."""
    site, zone = description.site, description.timezone
    start_minute, end_minute = (
        queries.day_bounds(first, zone)[0],
        queries.day_bounds(end - timedelta(days=1), zone)[1],
    )
    powers = {
        series.channel: series.name
        for series in description.series
        if series.aggregate == "mean" and series.unit == "W" and series.channel.endswith("power")
    }
    soc = next((each.name for each in description.series if each.name.endswith(".soc.min")), None)
    names = [*powers.values(), *([] if soc is None else [soc])]
    columns = await store.columns(site, names, start_minute, end_minute) if names else {}
    present = await store.present_minutes(site, start_minute, end_minute)
    report = queries.gaps(present, start_minute, end_minute)
    loads = {load.channel: load for load in description.loads if load.channel}
    used, plan = await _bytes(store, site, zone, first, end, now_s)
    ahead = await _tomorrow(store, description, now_s) if end == local_day(now_s, load_zone(zone)) else None
    return Digest(
        site=site,
        title=description.title,
        timezone=zone,
        first=first,
        end=end,
        energy=tuple(
            _energy(channel, columns[name], start_minute, end_minute)
            for channel, name in powers.items()
            if channel not in loads and len(columns[name])
        ),
        lowest=None if soc is None else _lowest(columns[soc], start_minute, end_minute),
        loads=tuple(
            _load(load.name, load.title, columns[powers[channel]], start_minute, end_minute)
            for channel, load in loads.items()
            if channel in powers
        ),
        used_bytes=used,
        plan_bytes=plan,
        minutes_expected=report.minutes_expected,
        minutes_present=report.minutes_present,
        tomorrow=ahead,
    )


async def _tomorrow(store: Store, description: Description, now_s: float) -> Tomorrow | None:
    """Tomorrow by the last whole days, each read by itself; None for a site without meters."""
    site, zone, meters = description.site, description.timezone, meters_of(description)
    if not meters.powers:
        return None
    today, now_minute = local_day(now_s, load_zone(zone)), int(now_s) // 60
    rest_minutes = queries.day_bounds(today, zone)[1] - now_minute
    found = []
    for day in queries.periods("day", zone, today - timedelta(days=LOOK_BACK_DAYS), today):
        columns = await store.columns(site, meters.names, day.start_minute, day.end_minute)
        found.append(past_of(columns, meters, day, rest_minutes))
    past = [each for each in found if each is not None]
    return tomorrow_of(today + timedelta(days=1), past, await _soc_now(store, site, meters.soc, now_minute))


async def _soc_now(store: Store, site: str, soc: str | None, now_minute: int) -> float | None:
    """The newest state of charge in percent, if it is not old."""
    if soc is None:
        return None
    column = await store.column(site, soc, now_minute - NEAR_MINUTES, now_minute + 1)
    return float(column.values[-1]) * column.resolution if len(column) else None


def _energy(channel: str, column: Column, start_minute: int, end_minute: int) -> Energy:
    inward_wh, outward_wh = queries.integrate(column, start_minute, end_minute)
    return Energy(channel, inward_wh / 1000, outward_wh / 1000)


def _lowest(column: Column, start_minute: int, end_minute: int) -> Lowest | None:
    minutes, values = queries.per_minute(column, start_minute, end_minute)
    if not len(minutes):
        return None
    index = int(values.argmin())
    return Lowest(round(float(values[index]) * column.resolution, 2), int(minutes[index]) * 60)


def _load(name: str, title: str, column: Column, start_minute: int, end_minute: int) -> LoadUse:
    _, values = queries.per_minute(column, start_minute, end_minute)
    watts = values * column.resolution
    return LoadUse(name, title, float(watts.sum()) / 60_000, int((watts >= _RUNS_FROM_W).sum()))


async def _bytes(
    store: Store, site: str, zone: str, first: date, end: date, now_s: float
) -> tuple[int | None, int | None]:
    """Bytes used in these days as far as they lie in the billing months kept, and the month's plan."""
    events = await store.events(site, int(now_s) - LONGEST_S, int(now_s) + 60, _MOST_EVENTS, USAGE)
    found = budget(events, now_s, load_zone(zone))
    if found is None:
        return None, None
    told = found.days_between(first, end)
    return (sum(day.used_bytes for day in told) if told else None), found.newest.data.plan


def busiest(loads: Sequence[LoadUse]) -> list[LoadUse]:
    """The loads that ran, the hungriest first."""
    return sorted((load for load in loads if load.minutes_on), key=lambda load: -load.kwh)
