"""The shapes of the HTTP API. Units stand in field names or beside values; times are ISO-8601 in UTC."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from stallaini.server.now import Quality, State
from stallaini.server.times import IsoTime

DAY = Annotated[str, Field(json_schema_extra={"format": "date"})]


def example(**fields: Any) -> ConfigDict:
    """An example for the documentation."""
    return ConfigDict(json_schema_extra={"example": fields}, extra="forbid")


class Health(BaseModel):
    """The server answers."""

    model_config = example(status="ok", version="0.1.0")
    status: Literal["ok"]
    version: str


class SiteListed(BaseModel):
    """One site in the list.

    `live`: a fresh reading is here; `late`: heard of in the last 5 minutes; `silent`: longer ago;
    `never`: admitted, not heard of yet.
    """

    site: str
    title: str
    timezone: str
    state: State
    last_minute_at: IsoTime | None
    heard_at: IsoTime | None


class SiteList(BaseModel):
    """Every site of this server that the asker may look at, by name."""

    model_config = example(
        sites=[
            {
                "site": "noto",
                "title": "Stallaini",
                "timezone": "Europe/Rome",
                "state": "live",
                "last_minute_at": "2026-11-16T08:29:00Z",
                "heard_at": "2026-11-16T08:30:01Z",
            }
        ]
    )
    sites: list[SiteListed]


class Device(BaseModel):
    """Something with a wire."""

    name: str
    kind: str
    title: str


class Channel(BaseModel):
    """One quantity of one device; older than `stale_after_s` it is no longer fresh.

    `states` are the words for the numbers of a state; nothing else has them.
    """

    name: str
    quantity: str
    unit: str
    stale_after_s: float
    states: dict[int, str] = Field(default={}, exclude_if=lambda states: not states)


class SeriesListed(BaseModel):
    """One per-minute aggregate of a channel."""

    name: str
    channel: str
    aggregate: str
    unit: str


class Load(BaseModel):
    """A switchable consumer."""

    name: str
    title: str
    power_w: float


class SiteDetail(BaseModel):
    """What a site consists of, as its own description says; empty until the site was first heard of.

    `first_minute_at` is the oldest minute there is of it, an imported one too.
    """

    model_config = example(
        site="noto",
        title="Stallaini",
        timezone="Europe/Rome",
        latitude=36.89,
        longitude=15.07,
        first_minute_at="2024-05-02T09:14:00Z",
        devices=[{"name": "battery", "kind": "can_battery", "title": "2 x US5000"}],
        channels=[{"name": "battery.soc", "quantity": "soc", "unit": "%", "stale_after_s": 5.0}],
        series=[
            {"name": "battery.soc.last", "channel": "battery.soc", "aggregate": "last", "unit": "%"},
        ],
        loads=[{"name": "well_pump", "title": "Well pump", "power_w": 2200.0}],
    )
    site: str
    title: str
    timezone: str
    latitude: float | None
    longitude: float | None
    first_minute_at: IsoTime | None
    devices: list[Device]
    channels: list[Channel]
    series: list[SeriesListed]
    loads: list[Load]


class ChannelValue(BaseModel):
    """A channel's newest value.

    `fresh`: said live within the last 12 s, when it was not older than the channel's `stale_after_s`;
    `stale`: an older value, or one known only from a minute's record, shown with its age; `absent`:
    never heard of or not reported, value null. Flags are true or false. `text` is what the number of a
    state means; nothing else has one.
    """

    value: bool | float | None
    unit: str
    age_s: float | None
    quality: Quality
    text: str | None = Field(default=None, exclude_if=lambda text: text is None)


class Now(BaseModel):
    """The newest value of every channel; `at` is the server's time, `age_s` that of the newest value."""

    model_config = example(
        site="noto",
        at="2026-11-16T08:30:02Z",
        state="live",
        age_s=1.2,
        channels={"battery.soc": {"value": 62.4, "unit": "%", "age_s": 1.2, "quality": "fresh"}},
    )
    site: str
    at: IsoTime
    state: State
    age_s: float | None
    channels: dict[str, ChannelValue]


class Series(BaseModel):
    """Columns of equal length, one entry per bucket of whole minutes; null where no minute has a value.

    `t` holds the buckets' starts in Unix seconds.
    """

    model_config = example(
        site="noto",
        name="battery.current",
        unit="A",
        start="2026-11-16T08:00:00Z",
        end="2026-11-16T08:03:00Z",
        bucket_s=60,
        t=[1794816000, 1794816060, 1794816120],
        mean=[12.31, None, 12.1],
        min=[11.9, None, 11.8],
        max=[12.6, None, 12.4],
    )
    site: str
    name: str
    unit: str
    start: IsoTime
    end: IsoTime
    bucket_s: int
    t: list[int]
    mean: list[float | None]
    min: list[float | None]
    max: list[float | None]


class InexactTime(BaseModel):
    """A stretch whose minutes are not dated exactly.

    `repaired`: the site did not know the time yet, its minutes may be off by half a minute. `bounded`: it
    never knew; they lie anywhere between `earliest` and `latest` (null: not known).
    """

    start: IsoTime
    end: IsoTime
    minutes: int
    quality: Literal["repaired", "bounded"]
    earliest: IsoTime | None
    latest: IsoTime | None


class Clock(BaseModel):
    """How well it is known when a site's minutes were; those in no stretch are exact."""

    model_config = example(
        site="noto",
        start="2026-11-15T08:30:00Z",
        end="2026-11-16T08:30:00Z",
        inexact=[
            {
                "start": "2026-11-15T22:00:00Z",
                "end": "2026-11-15T22:12:00Z",
                "minutes": 12,
                "quality": "bounded",
                "earliest": "2026-11-15T21:58:00Z",
                "latest": "2026-11-15T23:10:00Z",
            }
        ],
    )
    site: str
    start: IsoTime
    end: IsoTime
    inexact: list[InexactTime]


class Gap(BaseModel):
    """A stretch of missing minutes, and why, where known."""

    start: IsoTime
    end: IsoTime
    minutes: int
    reason: str | None


class Gaps(BaseModel):
    """How complete a stretch is. It never begins before the site's first minute nor ends in the future."""

    model_config = example(
        site="noto",
        start="2026-11-15T08:30:00Z",
        end="2026-11-16T08:30:00Z",
        minutes_expected=1440,
        minutes_present=1437,
        uptime_pct=99.792,
        gaps=[{"start": "2026-11-15T22:00:00Z", "end": "2026-11-15T22:03:00Z", "minutes": 3, "reason": None}],
    )
    site: str
    start: IsoTime
    end: IsoTime
    minutes_expected: int
    minutes_present: int
    uptime_pct: float | None
    gaps: list[Gap]


class Event(BaseModel):
    """Something that happened at a site."""

    at: IsoTime
    kind: str
    data: dict[str, str | bool | int | float | None]


class Events(BaseModel):
    """Events, newest first."""

    model_config = example(
        events=[{"at": "2026-11-16T03:12:00Z", "kind": "can.silent", "data": {"silent_s": 10}}],
        next=None,
    )
    events: list[Event]
    next: str | None
