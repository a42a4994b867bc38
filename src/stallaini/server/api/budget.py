"""What the site's data plan allows and what was used of it."""

from __future__ import annotations

from fastapi import APIRouter

from stallaini.link.accounting import USAGE
from stallaini.server.api import budget_models as shapes
from stallaini.server.api.problems import problems
from stallaini.server.api.services import PREFIX, Parts, SiteName, Viewer
from stallaini.server.budget import LONGEST_S, Budget, Told, budget
from stallaini.server.times import iso
from stallaini.site.billing import load_zone

_MOST_EVENTS = 20_000

router = APIRouter(prefix=PREFIX, tags=["sites"], responses=problems(401, 403))


@router.get("/sites/{site}/budget", responses=problems(404, 422))
async def read_budget(site: SiteName, parts: Parts, _: Viewer) -> shapes.Budget:
    """What the site's data plan allows and what was used of it, as the site last told."""
    description = await parts.sites.description(site)
    now_s = parts.clock.wall_s()
    events = await parts.store.events(site, int(now_s) - LONGEST_S, int(now_s) + 60, _MOST_EVENTS, USAGE)
    found = budget(events, now_s, load_zone(description.timezone))
    told = None if found is None else _told(found)
    return shapes.Budget(site=site, timezone=description.timezone, told=told)


def _told(found: Budget) -> shapes.BudgetTold:
    data, today, used = found.newest.data, found.today, found.used
    return shapes.BudgetTold(
        at=iso(found.newest.at_s),
        plan_bytes=data.plan,
        billing_day=data.billing_day,
        mode=data.mode,
        interval_s=data.interval_s,
        interface=data.interface,
        live=shapes.LivePrice(allowed=data.live, bytes_per_min=data.live_price),
        today=None if today is None else _day(today),
        month=shapes.MonthUsage(
            start=found.month.first.isoformat(),
            end=found.month.end.isoformat(),
            used_bytes=used.used_bytes,
            up_bytes=used.up_bytes,
            down_bytes=used.down_bytes,
            by_purpose=dict(used.by_purpose),
        ),
        forecast_bytes=found.forecast_bytes,
        saved=shapes.Saved(
            batching_bytes=used.batching_saved_bytes, declined_live_bytes=used.live_saved_bytes
        ),
    )


def _day(told: Told) -> shapes.DayUsage:
    return shapes.DayUsage(
        day=told.data.day.isoformat(), used_bytes=told.used_bytes, by_purpose=dict(told.by_purpose)
    )
