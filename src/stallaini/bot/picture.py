"""What a chart shows, before any ink: the data, titles and marks of one picture. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from stallaini.bot.api_client import Series, Site
from stallaini.bot.texts import Texts
from stallaini.bot.wording import Span, date_with_year, day_and_time, number

# Enough for a 1080 px wide picture; three hours come minute by minute.
POINTS = 720
_DAYS_FROM = 60
"""Longer spans come day by day: buckets of half days would draw a comb of days and nights."""
_YEAR_FROM = 300
"""In such a span the year is told."""


MOST_PANELS = 4


class PanelKind(NamedTuple):
    """One panel of the chart: the channel's last name, its style and how its numbers are written.

    `code` is a letter that stands for it in a button.
    """

    field: str
    style: str
    unit: str
    digits: int
    code: str


PANELS = (
    PanelKind("current", "current", "A", 1, "c"),
    PanelKind("soc", "soc", "%", 1, "s"),
    PanelKind("temperature", "temperature", "°C", 1, "t"),
)
_BATTERY = (*PANELS, PanelKind("power", "power", "W", 0, "p"), PanelKind("voltage", "voltage", "V", 2, "v"))
_SUN = PanelKind("power", "sun", "W", 0, "w")
_REST = (PanelKind("ac_power", "house", "W", 0, "h"), PanelKind("input_power", "input", "W", 0, "g"))
_SUN_KINDS = ("studer_variotrack", "studer_variostring")


def points(span: Span) -> int:
    """How many buckets to ask for."""
    return min(POINTS, span.length.days) if span.length.days >= _DAYS_FROM else POINTS


class Curve(NamedTuple):
    """A panel that a site can fill, and the channel it shows."""

    kind: PanelKind
    channel: str


def offered(site: Site, battery: str | None) -> list[Curve]:
    """What can be drawn of a site whose battery is the device `battery`."""
    kept = list(dict.fromkeys(series.channel for series in site.series))
    curves = [Curve(kind, f"{battery}.{kind.field}") for kind in _BATTERY]
    suns = [device.name for device in site.devices if device.kind in _SUN_KINDS] or ["solar"]
    curves += [Curve(_SUN, f"{sun}.{_SUN.field}") for sun in suns[:1]]
    for kind in _REST:
        curves += [Curve(kind, name) for name in kept if name.partition(".")[2] == kind.field][:1]
    return [curve for curve in curves if curve.channel in kept]


def picked(curves: Sequence[Curve], codes: str) -> list[Curve]:
    """The curves of these letters; of none that is known, the first three."""
    found = [curve for curve in curves if curve.kind.code in codes]
    return found[:MOST_PANELS] or list(curves[:3])


def toggled(curves: Iterable[Curve], code: str) -> str:
    """The letters of `curves` with one more or less: never none, and of too many the first ones go."""
    codes = [curve.kind.code for curve in curves]
    if code not in codes:
        return "".join([*codes, code][-MOST_PANELS:])
    return "".join(each for each in codes if each != code) or code


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
    said = date_with_year if span.length.days >= _YEAR_FROM else day_and_time
    when = f"{said(start.astimezone(zone), texts)} – {said(end.astimezone(zone), texts)}"
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
    title = texts.current_panel if kind.style == "current" else texts.series[kind.style]
    last = last_value(series) if present is None else present
    return Panel(
        style=kind.style,
        title=title,
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
