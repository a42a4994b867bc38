"""The data plan as a site told of it: today, the month, where the month leads. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta, tzinfo

import msgspec

from stallaini.link.accounting import PURPOSES, Purpose
from stallaini.link.messages import Event, Scalar
from stallaini.site.billing import BillingMonth, billing_month, day_start_s, local_day

_LOOK_BACK_DAYS = 7
LONGEST_S = (31 + 31 + _LOOK_BACK_DAYS) * 86_400
"""How far back the events of a budget reach: one month, and the days its forecast looks back on."""
_SHORTEST_S = 3600.0


class _Data(msgspec.Struct):
    """What the event `link.usage` holds besides its bytes by purpose."""

    day: date
    plan: int
    billing_day: int
    mode: str
    interval_s: int
    live: bool
    live_price: int
    interface: str | None = None
    up: int = 0
    down: int = 0
    batching_saved: int = 0
    live_saved: int = 0


@dataclass(frozen=True)
class Told:
    """One day as the site told of it at `at_s`, with its bytes by purpose and the plan as it stood then."""

    at_s: int
    data: _Data
    by_purpose: Mapping[Purpose, int]

    @property
    def used_bytes(self) -> int:
        """Both ways, all purposes."""
        return sum(self.by_purpose.values())


@dataclass(frozen=True)
class Sum:
    """Bytes of several days."""

    used_bytes: int
    up_bytes: int
    down_bytes: int
    batching_saved_bytes: int
    live_saved_bytes: int
    by_purpose: Mapping[Purpose, int]


@dataclass(frozen=True)
class Budget:
    """The plan now: the newest word of the site, today (None: nothing told yet), the month, its forecast.

    `days` is all that the site told of, the day before yesterday as well as today.
    """

    newest: Told
    today: Told | None
    month: BillingMonth
    used: Sum
    forecast_bytes: int | None
    days: tuple[Told, ...] = ()

    def days_between(self, first: date, end: date) -> list[Told]:
        """What the site told of the days [first, end)."""
        return [told for told in self.days if first <= told.data.day < end]


def budget(events: Iterable[Event], now_s: float, zone: tzinfo) -> Budget | None:
    """What the events of the kind `link.usage` tell; None when none does. Of one day the newest counts."""
    days: dict[date, Told] = {}
    for event in sorted(events, key=lambda event: event.at_s):
        told = _read(event)
        if told is not None:
            days[told.data.day] = told
    if not days:
        return None
    newest = max(days.values(), key=lambda told: told.at_s)
    today = local_day(now_s, zone)
    month = billing_month(today, newest.data.billing_day)
    used = _sum([told for day, told in days.items() if month.first <= day < month.end])
    forecast = _forecast(days, newest, month, used, zone)
    return Budget(newest, days.get(today), month, used, forecast, tuple(days.values()))


def _read(event: Event) -> Told | None:
    """The day an event tells of; None for one that another version wrote."""
    try:
        data = msgspec.convert(event.data, _Data)
    except msgspec.ValidationError:
        return None
    if not 1 <= data.billing_day <= 31:
        return None
    return Told(event.at_s, data, {purpose: _bytes(event.data.get(purpose)) for purpose in PURPOSES})


def _bytes(value: Scalar) -> int:
    return value if isinstance(value, int) and value > 0 else 0


def _sum(days: Sequence[Told]) -> Sum:
    return Sum(
        used_bytes=sum(told.used_bytes for told in days),
        up_bytes=sum(told.data.up for told in days),
        down_bytes=sum(told.data.down for told in days),
        batching_saved_bytes=sum(told.data.batching_saved for told in days),
        live_saved_bytes=sum(told.data.live_saved for told in days),
        by_purpose={purpose: sum(told.by_purpose[purpose] for told in days) for purpose in PURPOSES},
    )


def _forecast(
    days: Mapping[date, Told], newest: Told, month: BillingMonth, used: Sum, zone: tzinfo
) -> int | None:
    """The month's bytes at its end if it goes on as in the last week; None before an hour is known."""
    last = local_day(newest.at_s, zone)
    recent = [told for day, told in days.items() if last - timedelta(days=_LOOK_BACK_DAYS) <= day <= last]
    if not recent:
        return None
    known_s = newest.at_s - day_start_s(min(told.data.day for told in recent), zone)
    if known_s < _SHORTEST_S:
        return None
    left_s = max(0.0, day_start_s(month.end, zone) - max(newest.at_s, day_start_s(month.first, zone)))
    return used.used_bytes + round(sum(told.used_bytes for told in recent) / known_s * left_s)
