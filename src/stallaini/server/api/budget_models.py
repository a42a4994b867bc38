"""What the route of a site's data plan answers."""

from __future__ import annotations

from pydantic import BaseModel

from stallaini.link.accounting import Purpose
from stallaini.server.api.models import DAY, example
from stallaini.server.times import IsoTime


class DayUsage(BaseModel):
    """Bytes on the site's metered interface on one day of its zone, both ways at the IP level."""

    day: DAY
    used_bytes: int
    by_purpose: dict[Purpose, int]


class MonthUsage(BaseModel):
    """Bytes in the billing month [start, end)."""

    start: DAY
    end: DAY
    used_bytes: int
    up_bytes: int
    down_bytes: int
    by_purpose: dict[Purpose, int]


class Saved(BaseModel):
    """Bytes this month did not take: by minutes that shared a message, by live values that were declined."""

    batching_bytes: int
    declined_live_bytes: int


class LivePrice(BaseModel):
    """Whether the plan allows live values now, and what a minute of them takes."""

    allowed: bool
    bytes_per_min: int


class BudgetTold(BaseModel):
    """The site's data plan, as the site told at `at`; `today` is null before it told of today.

    `interval_s`: from one message to the next; 0: minutes wait for the next month. `interface`: whose
    counters were read; null: the link's own datagrams alone were counted. `forecast_bytes`: the month's
    use at its end if it goes on as in the last week; null before an hour of it is known.
    """

    at: IsoTime
    plan_bytes: int
    billing_day: int
    mode: str
    interval_s: int
    interface: str | None
    live: LivePrice
    today: DayUsage | None
    month: MonthUsage
    forecast_bytes: int | None
    saved: Saved


class Budget(BaseModel):
    """The site's data plan and its use; `told` is null until the site told of it for the first time."""

    model_config = example(
        site="noto",
        timezone="Europe/Rome",
        told={
            "at": "2026-11-16T08:30:00Z",
            "plan_bytes": 200_000_000,
            "billing_day": 1,
            "mode": "auto",
            "interval_s": 60,
            "interface": "wwan0",
            "live": {"allowed": True, "bytes_per_min": 1416},
            "today": {"day": "2026-11-16", "used_bytes": 81_200, "by_purpose": {"telemetry": 81_200}},
            "month": {
                "start": "2026-11-01",
                "end": "2026-12-01",
                "used_bytes": 3_410_000,
                "up_bytes": 1_910_000,
                "down_bytes": 1_500_000,
                "by_purpose": {"telemetry": 1_910_000, "acknowledgements": 1_500_000},
            },
            "forecast_bytes": 6_600_000,
            "saved": {"batching_bytes": 0, "declined_live_bytes": 0},
        },
    )
    site: str
    timezone: str
    told: BudgetTold | None
