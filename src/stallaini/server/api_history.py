"""The past for charts: several channels in packed columns, and energy by day or month."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

import numpy as np
from fastapi import APIRouter, Query

from stallaini.server import api_history_models as shapes
from stallaini.server import queries
from stallaini.server.api_sites import DAY_S, End, Start, of_site, series_for, stretch
from stallaini.server.packing import pack
from stallaini.server.problems import Problem, problems
from stallaini.server.services import PREFIX, Parts, SiteName, Viewer
from stallaini.server.sites import unknown
from stallaini.server.store.chunks import DAY_MINUTES
from stallaini.server.times import Day, iso
from stallaini.site.description import Description

_MOST_DAYS = {"day": 400, "month": 40 * 366}
_MOST_NAMES = 8

router = APIRouter(prefix=PREFIX, tags=["sites"], responses=problems(401, 403))


@router.get("/sites/{site}/columns", responses=of_site)
async def read_columns(
    site: SiteName,
    parts: Parts,
    _: Viewer,
    name: Annotated[
        list[str],
        Query(
            min_length=1,
            max_length=_MOST_NAMES,
            description="Channels or series.",
            examples=[["battery.soc"]],
        ),
    ],
    start: Start = None,
    end: End = None,
    points: Annotated[int, Query(ge=1, le=4_000, description="About how many buckets.")] = 500,
) -> shapes.Columns:
    """The same as `series` for several names at once, in few bytes: what a chart asks. Default: the last day.

    Values are whole steps told as differences; an `ETag` spares what has not changed.
    """
    description = await parts.sites.history(site)
    start_s, end_s = stretch(parts.clock.wall_s(), start, end, DAY_S)
    wanted = [series_for(description, each) for each in name]
    units = {series.name: series.unit for series in description.series}
    folded = await _folded(parts, site, wanted, start_s, end_s, points)
    first = folded[0]
    return shapes.Columns(
        site=site,
        start=iso(start_s),
        end=iso(end_s),
        bucket_s=first.length * 60,
        first=first.first * first.length * 60,
        count=len(first.mean),
        columns=[
            shapes.PackedColumn(name=asked, unit=units[series[0]], **pack(found)._asdict())
            for asked, series, found in zip(name, wanted, folded, strict=True)
        ],
    )


async def _folded(
    parts: Parts, site: str, wanted: Sequence[tuple[str, str, str]], start_s: int, end_s: int, points: int
) -> list[queries.Folded]:
    """Per (mean, low, high) the buckets; those of whole days from the sums that the store keeps of days."""
    names = sorted({name for each in wanted for name in each})
    start, end = start_s // 60, -(-end_s // 60)
    length = queries.bucket_minutes(start, end, points)
    if length % DAY_MINUTES == 0 and start % DAY_MINUTES == 0 and end % DAY_MINUTES == 0:
        first_day, end_day = start // DAY_MINUTES, end // DAY_MINUTES
        sums = await parts.store.day_sums(site, names, first_day, end_day)
        return [
            queries.fold_days(sums[mean], sums[low], sums[high], first_day, end_day, length // DAY_MINUTES)
            for mean, low, high in wanted
        ]
    columns = await parts.store.columns(site, names, start, end)
    return [
        queries.fold(columns[mean], start_s, end_s, points, low=columns[low], high=columns[high])
        for mean, low, high in wanted
    ]


@router.get("/sites/{site}/energy", responses=of_site)
async def read_energy(
    site: SiteName,
    parts: Parts,
    _: Viewer,
    by: Literal["day", "month"] = "day",
    start: Annotated[Day | None, Query(description="First day, in the site's zone.")] = None,
    end: Annotated[Day | None, Query(description="The day after the last; default tomorrow.")] = None,
    name: Annotated[
        list[str], Query(max_length=_MOST_NAMES, description="Power channels; default all.")
    ] = [],  # noqa: B006  # FastAPI copies it
) -> shapes.Energy:
    """Energy of power channels by day, or month, of the site's zone. Default: seven days up to today."""
    description = await parts.sites.history(site)
    zone = ZoneInfo(description.timezone)
    today = datetime.fromtimestamp(parts.clock.wall_s(), UTC).astimezone(zone).date()
    end_day = end or today + timedelta(days=1)
    first_day = start or end_day - timedelta(days=7)
    if not 0 < (end_day - first_day).days <= _MOST_DAYS[by]:
        detail = f"start must be before end and at most {_MOST_DAYS[by]} days from it; ask for less"
        raise Problem(422, "invalid-stretch", detail)
    return shapes.Energy(
        site=site,
        by=by,
        timezone=description.timezone,
        days=await _energies(
            parts,
            site,
            _power_series(description, name),
            queries.periods(by, description.timezone, first_day, end_day),
        ),
    )


async def _energies(
    parts: Parts, site: str, names: dict[str, str], periods: Sequence[queries.Period]
) -> list[shapes.PeriodEnergy]:
    begin, finish = periods[0].start_minute, periods[-1].end_minute
    columns = await parts.store.columns(site, list(names.values()), begin, finish)
    present = await parts.store.present_minutes(site, begin, finish)
    by_channel = {channel: queries.energy(columns[series], periods) for channel, series in names.items()}
    found = []
    for index, period in enumerate(periods):
        first, last = np.searchsorted(present, [period.start_minute, period.end_minute])
        found.append(
            shapes.PeriodEnergy(
                day=period.day.isoformat(),
                minutes=period.end_minute - period.start_minute,
                minutes_present=int(last - first),
                channels={channel: _energy(each[index]) for channel, each in by_channel.items()},
            )
        )
    return found


def _energy(found: queries.Energy) -> shapes.ChannelEnergy:
    if found.minutes_present == 0:
        return shapes.ChannelEnergy(in_kwh=None, out_kwh=None)
    return shapes.ChannelEnergy(in_kwh=round(found.in_kwh, 4), out_kwh=round(found.out_kwh, 4))


def _power_series(description: Description, wanted: Sequence[str]) -> dict[str, str]:
    """Per wanted power channel the series of its mean. Raises a 404 problem for what is none."""
    power = {channel.name for channel in description.channels if channel.quantity == "power"}
    kept = {s.channel: s.name for s in description.series if s.aggregate == "mean" and s.channel in power}
    for name in wanted:
        if name not in kept:
            raise unknown("channel", name, kept, f"GET /api/v1/sites/{description.site} lists them")
    return {name: kept[name] for name in wanted} if wanted else kept
