"""The past for charts: several channels in packed columns, and energy by day or month."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query

from stallaini.server import past, queries
from stallaini.server.api import history_models as shapes
from stallaini.server.api.packing import pack
from stallaini.server.api.problems import Problem, problems
from stallaini.server.api.services import PREFIX, Parts, SiteName, Viewer
from stallaini.server.api.sites import DAY_S, End, Start, of_site, series_for, stretch
from stallaini.server.sites import unknown
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
    folded = await past.folded(parts.store, site, wanted, start_s, end_s, points)
    first = folded[0]
    return shapes.Columns(
        site=site,
        start=iso(start_s),
        end=iso(end_s),
        bucket_s=first.length * 60,
        first=first.first * first.length * 60,
        count=len(first.mean),
        columns=[
            shapes.PackedColumn(name=asked, unit=units[series.mean], **pack(found)._asdict())
            for asked, series, found in zip(name, wanted, folded, strict=True)
        ],
    )


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
    powers = _power_series(description, name)
    periods = queries.periods(by, description.timezone, first_day, end_day)
    energies = await past.energies(parts.store, site, powers, periods)
    return shapes.Energy(
        site=site, by=by, timezone=description.timezone, days=[_period(each) for each in energies]
    )


def _period(found: past.PeriodEnergies) -> shapes.PeriodEnergy:
    period = found.period
    return shapes.PeriodEnergy(
        day=period.day.isoformat(),
        minutes=period.end_minute - period.start_minute,
        minutes_present=found.minutes_present,
        channels={channel: _energy(each) for channel, each in found.channels.items()},
    )


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
