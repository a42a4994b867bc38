"""The shapes of what the API tells of the past in columns and sums."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

from stallaini.server.api.models import DAY, example
from stallaini.server.times import IsoTime


class PackedColumn(BaseModel):
    """One channel or series over the buckets, in whole steps of `step` `unit`.

    `mean`: the first value that is there, then for each next one what it is more than the one before it;
    null for a bucket without a value. `below` and `above` have one entry for each value that is there: how
    far the lowest and the highest lie from the mean. Left out where all are 0.
    """

    name: str
    unit: str
    step: float
    mean: list[int | None]
    below: list[int] | None = Field(default=None, exclude_if=lambda below: below is None)
    above: list[int] | None = Field(default=None, exclude_if=lambda above: above is None)


class Columns(BaseModel):
    """Several columns over the same `count` buckets; the first one begins at `first`, Unix seconds."""

    model_config = example(
        site="noto",
        start="2026-11-16T08:00:00Z",
        end="2026-11-16T08:03:00Z",
        bucket_s=60,
        first=1794816000,
        count=3,
        columns=[
            {
                "name": "battery.current",
                "unit": "A",
                "step": 0.1,
                "mean": [123, None, -2],
                "below": [4, 3],
                "above": [3, 2],
            }
        ],
    )
    site: str
    start: IsoTime
    end: IsoTime
    bucket_s: int
    first: int
    count: int
    columns: list[PackedColumn]


class ChannelEnergy(BaseModel):
    """Energy of a power channel both ways, >= 0; null without a single minute of it.

    In is the positive direction: charging, producing, consuming.
    """

    in_kwh: float | None
    out_kwh: float | None


class PeriodEnergy(BaseModel):
    """One day or month in the site's zone, as far as asked; `day` is its first day.

    A day has 1,440 minutes, or 1,380 or 1,500 when the clocks change.
    """

    day: DAY
    minutes_present: int
    minutes: int
    channels: dict[str, ChannelEnergy]


class Energy(BaseModel):
    """Energy by day, or by month, of power channels."""

    model_config = example(
        site="noto",
        by="day",
        timezone="Europe/Rome",
        days=[
            {
                "day": "2026-11-16",
                "minutes_present": 1440,
                "minutes": 1440,
                "channels": {"battery.power": {"in_kwh": 4.21, "out_kwh": 3.87}},
            }
        ],
    )
    site: str
    by: Literal["day", "month"]
    timezone: str
    days: list[PeriodEnergy]
