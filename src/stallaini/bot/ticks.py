"""Where a time axis is labelled, in the site's time zone and the reader's language. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from stallaini.bot.texts import Texts

_MOST = 7
_MINUTE_STEPS = (5, 10, 15, 30, 60, 120, 180, 360, 720)
_DAY_STEPS = (1, 2, 5, 7, 14)
_MONTH_STEPS = (1, 2, 3)
_MONTH_DAYS = 30.4
_DAY_MINUTES = 1440


class Tick(NamedTuple):
    """One label at a Unix time; `major` where a day begins."""

    at_s: float
    label: str
    major: bool


def time_ticks(start_s: float, end_s: float, zone: ZoneInfo, texts: Texts) -> list[Tick]:
    """At most eight round local times in [start, end]: clock times, dates, or the beginnings of months.

    Days of 23 and 25 hours keep their labels on local midnight and local round hours.
    """
    minutes = (end_s - start_s) / 60
    for step in _MINUTE_STEPS:
        if minutes / step <= _MOST:
            return list(_clock_ticks(start_s, end_s, step, zone, texts))
    days = minutes / _DAY_MINUTES
    for step in _DAY_STEPS:
        if days / step <= _MOST:
            return list(_date_ticks(start_s, end_s, step, zone, texts))
    months = days / _MONTH_DAYS
    step = next((step for step in _MONTH_STEPS if months / step <= _MOST), _MONTH_STEPS[-1])
    return list(_month_ticks(start_s, end_s, step, zone, texts))


def _local_days(start_s: float, end_s: float, zone: ZoneInfo) -> Iterator[date]:
    today = datetime.fromtimestamp(start_s, zone).date()
    last = datetime.fromtimestamp(end_s, zone).date()
    while today <= last:
        yield today
        today += timedelta(days=1)


def _clock_ticks(start_s: float, end_s: float, step: int, zone: ZoneInfo, texts: Texts) -> Iterator[Tick]:
    for today in _local_days(start_s, end_s, zone):
        for minute in range(0, _DAY_MINUTES, step):
            local = datetime.combine(today, time(minute // 60, minute % 60), zone)
            at_s = local.timestamp()
            skipped_by_clock_change = datetime.fromtimestamp(at_s, zone).time() != local.time()
            if start_s <= at_s <= end_s and not skipped_by_clock_change:
                yield Tick(at_s, f"{local:%H:%M}" if minute else _weekday(today, texts), minute == 0)


def _date_ticks(start_s: float, end_s: float, step_days: int, zone: ZoneInfo, texts: Texts) -> Iterator[Tick]:
    for today in _local_days(start_s, end_s, zone):
        at_s = datetime.combine(today, time(), zone).timestamp()
        if start_s <= at_s <= end_s and today.toordinal() % step_days == 0:
            yield Tick(at_s, f"{today.day} {texts.months[today.month - 1]}", True)


def _month_ticks(start_s: float, end_s: float, step: int, zone: ZoneInfo, texts: Texts) -> Iterator[Tick]:
    """January with its year: in a longer span nothing else tells it."""
    for today in _local_days(start_s, end_s, zone):
        at_s = datetime.combine(today, time(), zone).timestamp()
        if start_s <= at_s <= end_s and today.day == 1 and (today.month - 1) % step == 0:
            name = texts.months[today.month - 1]
            yield Tick(at_s, f"{name} {today.year}" if today.month == 1 else name, True)


def _weekday(today: date, texts: Texts) -> str:
    return f"{texts.weekdays[today.weekday()]} {today.day}"
