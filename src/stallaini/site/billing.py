"""Days and billing months of a site, in its own zone. Pure: time is handed in."""

from __future__ import annotations

import calendar
import zoneinfo
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import NamedTuple


class BillingMonth(NamedTuple):
    """The days [first, end) that one month's plan pays for."""

    first: date
    end: date


def billing_month(day: date, billing_day: int) -> BillingMonth:
    """The month with `day` in it; a `billing_day` that a month lacks is that month's last day."""
    first = _begin(day.year, day.month, billing_day)
    if day < first:
        before = day.replace(day=1) - timedelta(days=1)
        return BillingMonth(_begin(before.year, before.month, billing_day), first)
    after = day.replace(day=28) + timedelta(days=4)
    return BillingMonth(first, _begin(after.year, after.month, billing_day))


def _begin(year: int, month: int, billing_day: int) -> date:
    return date(year, month, min(billing_day, calendar.monthrange(year, month)[1]))


def load_zone(timezone: str) -> tzinfo:
    """The zone of that name; UTC on a machine that has no such zone."""
    try:
        return zoneinfo.ZoneInfo(timezone)
    except (KeyError, ValueError, OSError):
        return UTC


def local_day(unix_s: float, zone: tzinfo) -> date:
    """The day in `zone` at that instant."""
    return datetime.fromtimestamp(unix_s, zone).date()


def day_start_s(day: date, zone: tzinfo) -> float:
    """The Unix second at which a day begins in `zone`: its neighbours are 23, 24 or 25 h away."""
    return datetime.combine(day, time(), zone).timestamp()
