"""What a chart shows, before any ink: the data, titles and marks of one picture. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from stallaini.bot.api_client import Series, Site
from stallaini.bot.texts import Texts
from stallaini.bot.wording import Span, day_and_time, number

# Enough for a 1080 px wide picture; three hours come minute by minute.
POINTS = 720


class PanelKind(NamedTuple):
    """One panel of the chart: the channel's last name, its style and how its numbers are written."""

    field: str
    style: str
    unit: str
    digits: int


PANELS = (
    PanelKind("current", "current", "A", 1),
    PanelKind("soc", "soc", "%", 1),
    PanelKind("temperature", "temperature", "°C", 1),
)


class Panel(msgspec.Struct, frozen=True):
    """One curve: values at Unix seconds `t`, None where there is none; `low`/`high` its band, if any."""

    style: str
    title: str
    last: str
    t: list[float]
    mean: list[float | None]
    low: list[float | None] | None = None
    high: list[float | None] | None = None


class Picture(msgspec.Struct, frozen=True):
    """A whole chart, ready to draw; times in Unix seconds, shown in `timezone`."""

    title: str
    subtitle: str
    language: str
    timezone: str
    start_s: float
    end_s: float
    panels: list[Panel]
    latitude: float | None = None
    longitude: float | None = None
    stale: str | None = None


def compose(
    site: Site,
    span: Span,
    end: datetime,
    series: Sequence[tuple[PanelKind, Series, float | None]],
    stale: str | None,
    texts: Texts,
) -> Picture:
    """The picture of `series` over the `span` before `end`; `stale` is a warning written across its head.

    Beside each series stands the channel's present value, or None where it is not known or old: then
    the curve's last value is written beside it.
    """
    start = end - span.length
    zone = ZoneInfo(site.timezone)
    when = f"{day_and_time(start.astimezone(zone), texts)} – {day_and_time(end.astimezone(zone), texts)}"
    return Picture(
        title=f"{site.title} · {span.back(texts)}",
        subtitle=when,
        language=texts.language,
        timezone=site.timezone,
        start_s=start.timestamp(),
        end_s=end.timestamp(),
        panels=[_panel(kind, one, present, texts) for kind, one, present in series],
        latitude=site.latitude,
        longitude=site.longitude,
        stale=stale,
    )


def _panel(kind: PanelKind, series: Series, present: float | None, texts: Texts) -> Panel:
    titles = {"current": texts.current_panel, "soc": texts.state_of_charge, "temperature": texts.temperature}
    last = last_value(series) if present is None else present
    return Panel(
        style=kind.style,
        title=titles[kind.field],
        last=texts.no_data if last is None else f"{number(last, kind.digits, texts)} {kind.unit}",
        t=[start_s + series.bucket_s / 2 for start_s in series.t],
        mean=series.mean,
        low=series.min,
        high=series.max,
    )


def last_value(series: Series) -> float | None:
    """The newest bucket's value, or None when no bucket has one."""
    return next((value for value in reversed(series.mean) if value is not None), None)


def data_range(series: Series) -> tuple[float, float] | None:
    """The lowest and highest value shown, the band included; None without data."""
    columns = (series.mean, series.min or [], series.max or [])
    values = [value for column in columns for value in column if value is not None]
    return (min(values), max(values)) if values else None
