"""Sites and what is known of them: description, now, series, gaps, events."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Query

from stallaini.link.messages import Event, TimeQuality
from stallaini.server import queries
from stallaini.server.api import models as shapes
from stallaini.server.api.paging import AfterTime, Place, page_by_time, wanted
from stallaini.server.api.problems import Problem, problems
from stallaini.server.api.services import PREFIX, AnyActor, Parts, Services, SiteName, Viewer
from stallaini.server.folding import listed
from stallaini.server.gap_reasons import gap_reasons
from stallaini.server.live import ASKED_WATCH_S, LONGEST_ASKED_WATCH_S
from stallaini.server.past import Band, folded
from stallaini.server.sites import unknown
from stallaini.server.store.base import InexactStretch
from stallaini.server.times import Instant, iso, iso_minute
from stallaini.site.description import Description

DAY_S = 24 * 3600
_LONGEST_S = 40 * 366 * DAY_S
_MOST_EVENTS = 10_000

Start = Annotated[Instant | None, Query(description="Begin of the stretch, ISO-8601 with a zone.")]
End = Annotated[Instant | None, Query(description="End of the stretch (not included); default now.")]

router = APIRouter(prefix=PREFIX, tags=["sites"], responses=problems(401, 403))
of_site = problems(404, 422)


@router.get("/sites")
async def list_sites(parts: Parts, actor: AnyActor) -> shapes.SiteList:
    """Every site one may look at, with when it was last heard of."""
    return shapes.SiteList(sites=await parts.sites.listed(actor.grants))


@router.get("/sites/{site}", responses=of_site)
async def describe_site(site: SiteName, parts: Parts, _: Viewer) -> shapes.SiteDetail:
    """What a site consists of: devices, channels, series (imported ones too), loads."""
    return await describe(parts, site)


async def describe(parts: Services, site: str) -> shapes.SiteDetail:
    """The same. Raises a 404 problem."""
    found = await parts.sites.description(site)
    first_minute = await parts.store.first_minute(site)
    return shapes.SiteDetail(
        site=site,
        title=found.title,
        timezone=found.timezone,
        latitude=found.latitude,
        longitude=found.longitude,
        first_minute_at=None if first_minute is None else iso_minute(first_minute),
        devices=[shapes.Device(name=d.name, kind=d.kind, title=d.title) for d in found.devices],
        channels=[
            shapes.Channel(
                name=c.name,
                quantity=c.quantity,
                unit=c.unit,
                stale_after_s=c.stale_after_s,
                states=dict(c.states),
            )
            for c in found.channels
        ],
        series=[
            shapes.SeriesListed(name=s.name, channel=s.channel, aggregate=s.aggregate, unit=s.unit)
            for s in (await parts.sites.history(site)).series
        ],
        loads=[shapes.Load(name=one.name, title=one.title, power_w=one.power_w) for one in found.loads],
    )


@router.get("/sites/{site}/now", responses=of_site)
async def read_now(
    site: SiteName,
    parts: Parts,
    _: Viewer,
    watch_s: Annotated[
        int, Query(ge=0, le=LONGEST_ASKED_WATCH_S, description="For how long the site is looked at.")
    ] = ASKED_WATCH_S,
) -> shapes.Now:
    """The newest value of every channel, with its age. Asking makes the site send live values for 60 s.

    Another time is given by `watch_s`. The site itself declines live values where its data plan forbids them.
    """
    now = await parts.sites.now(site)
    if watch_s:
        parts.hub.watch(site, watch_s)
    return now


@router.get("/sites/{site}/series", responses=of_site)
async def read_series(
    site: SiteName,
    parts: Parts,
    _: Viewer,
    name: Annotated[str, Query(description="A channel or a series.", examples=["battery.current"])],
    start: Start = None,
    end: End = None,
    points: Annotated[int, Query(ge=1, le=10_000, description="About how many buckets.")] = 500,
) -> shapes.Series:
    """History as buckets of whole minutes: mean, lowest and highest value of each. Default: the last day.

    Of a channel, the mean comes from its mean or last series and the band from its min and max.
    """
    description = await parts.sites.history(site)
    start_s, end_s = stretch(parts.clock.wall_s(), start, end, DAY_S)
    band = series_for(description, name)
    (found,) = await folded(parts.store, site, [band], start_s, end_s, points)
    return shapes.Series(
        site=site,
        name=name,
        unit=next(series.unit for series in description.series if series.name == band.mean),
        start=iso(start_s),
        end=iso(end_s),
        bucket_s=found.length * 60,
        t=found.starts_s(),
        mean=listed(found.mean, found.digits + 1),
        min=listed(found.low, found.digits),
        max=listed(found.high, found.digits),
    )


@router.get("/sites/{site}/gaps", responses=of_site)
async def read_gaps(
    site: SiteName, parts: Parts, _: Viewer, start: Start = None, end: End = None
) -> shapes.Gaps:
    """Which minutes are missing. Default: the last day."""
    await parts.sites.description(site)
    wall_s = parts.clock.wall_s()
    start_s, end_s = stretch(wall_s, start, end, DAY_S)
    last_minute = min(-(-end_s // 60), int(wall_s) // 60)
    oldest = await parts.store.first_minute(site)
    first_minute = min(max(start_s // 60, last_minute if oldest is None else oldest), last_minute)
    present = await parts.store.present_minutes(site, first_minute, last_minute)
    report = queries.gaps(present, first_minute, last_minute)
    # What tells of a gap may be noted long after it: the loss of entries, when the next ones arrive.
    events = await parts.store.events(site, first_minute * 60, int(wall_s) + 60, _MOST_EVENTS)
    reasons = gap_reasons(report.gaps, events)
    return shapes.Gaps(
        site=site,
        start=iso_minute(first_minute),
        end=iso_minute(last_minute),
        minutes_expected=report.minutes_expected,
        minutes_present=report.minutes_present,
        uptime_pct=report.uptime_pct,
        gaps=[
            shapes.Gap(
                start=iso_minute(gap.start_minute),
                end=iso_minute(gap.end_minute),
                minutes=gap.minutes,
                reason=reason or ("not received yet" if gap.end_minute == last_minute else None),
            )
            for gap, reason in zip(report.gaps, reasons, strict=True)
        ],
    )


@router.get("/sites/{site}/clock", responses=of_site)
async def read_clock(
    site: SiteName, parts: Parts, _: Viewer, start: Start = None, end: End = None
) -> shapes.Clock:
    """Which minutes are not dated exactly, because the site did not know the time. Default: the last day."""
    await parts.sites.description(site)
    wall_s = parts.clock.wall_s()
    start_s, end_s = stretch(wall_s, start, end, DAY_S)
    found = await parts.store.inexact(site, start_s // 60, -(-end_s // 60))
    # A site tells the bounds of what it recorded when it learns the time, which may be long after.
    told = await parts.store.events(site, start_s, int(wall_s) + 60, _MOST_EVENTS) if found else []
    return shapes.Clock(
        site=site,
        start=iso(start_s),
        end=iso(end_s),
        inexact=[_inexact(each, told) for each in found],
    )


def _inexact(found: InexactStretch, told: Sequence[Event]) -> shapes.InexactTime:
    bounded = found.quality is TimeQuality.BOUNDED
    bounds = queries.time_bounds(found.start_minute, found.end_minute, told) if bounded else None
    return shapes.InexactTime(
        start=iso_minute(found.start_minute),
        end=iso_minute(found.end_minute),
        minutes=found.end_minute - found.start_minute,
        quality="bounded" if bounded else "repaired",
        earliest=None if bounds is None or bounds.earliest_s is None else iso(bounds.earliest_s),
        latest=None if bounds is None or bounds.latest_s is None else iso(bounds.latest_s),
    )


@router.get("/sites/{site}/events", responses=of_site)
async def read_events(
    site: SiteName,
    parts: Parts,
    _: Viewer,
    start: Start = None,
    end: End = None,
    limit: Annotated[int, Query(ge=1, le=1000, description="At most so many.")] = 100,
    after: AfterTime = None,
) -> shapes.Events:
    """What happened, newest first. Default: the last 30 days."""
    await parts.sites.description(site)
    # A site's clock may be a little ahead of the server's.
    start_s, end_s = stretch(parts.clock.wall_s() + 60, start, end, 30 * DAY_S)
    place = Place.of(after)
    end_s = end_s if place is None else min(end_s, place.at_s + 1)
    found = await parts.store.events(site, start_s, end_s, wanted(place, limit))
    shown, following = page_by_time(found, lambda event: event.at_s, place, limit)
    return shapes.Events(
        events=[shapes.Event(at=iso(event.at_s), kind=event.kind, data=event.data) for event in shown],
        next=following,
    )


def stretch(now_s: float, start_s: int | None, end_s: int | None, default_s: int) -> tuple[int, int]:
    """The asked stretch in Unix seconds. Raises a 422 problem for an empty or endless one."""
    end = int(now_s) if end_s is None else end_s
    start = end - default_s if start_s is None else start_s
    if start >= end:
        raise Problem(422, "invalid-stretch", f"start {iso(start)} is not before end {iso(end)}")
    if end - start > _LONGEST_S:
        raise Problem(422, "invalid-stretch", "the stretch is longer than 40 years; ask for a shorter one")
    return start, end


def series_for(description: Description, name: str) -> Band:
    """The series that give a channel's (or a series') mean, lowest and highest values."""
    if any(series.name == name for series in description.series):
        return Band(name, name, name)
    kept = {series.aggregate: series.name for series in description.series if series.channel == name}
    middle = next((kept[each] for each in ("mean", "last", "max", "min") if each in kept), None)
    if middle is None:
        names = [series.name for series in description.series] + [s.channel for s in description.series]
        where = f"GET /api/v1/sites/{description.site} lists them"
        raise unknown("series", name, names, where)
    return Band(middle, kept.get("min", middle), kept.get("max", middle))
