"""The present state of a site, computed with ages: an old value is never passed off as a live one."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Literal, NamedTuple

from stallaini.server.live import Snapshot
from stallaini.site.description import ChannelSpec, Description

Quality = Literal["fresh", "stale", "absent"]
State = Literal["live", "late", "silent", "never"]

LATE_S = 300
LIVE_WITHIN_S = 12.0
"""A snapshot older than two live intervals of 5 s and their way here is no longer live."""
# A channel's newest minute value is its last one where kept, else what comes nearest.
_PREFERRED = ("last", "mean", "max", "min")


class ChannelNow(NamedTuple):
    """One channel's newest value; `value` is None exactly when `quality` is absent.

    `text` is the word for the number of a state, None for anything else.
    """

    name: str
    value: float | bool | None
    unit: str
    age_s: float | None
    quality: Quality
    text: str | None = None


def channels_now(
    description: Description,
    snapshot: Snapshot | None,
    latest: Mapping[str, tuple[int, int]],
    monotonic_s: float,
    wall_s: float,
) -> list[ChannelNow]:
    """Every channel of `description` with its newest value, age and quality.

    `latest` gives (minute, fixed-point value) per series name. A value known only from a minute is
    stale by definition; one the newer live snapshot reports as missing is absent.
    """
    live = _live_values(snapshot, monotonic_s, wall_s)
    minutes = _minute_values(description, latest, wall_s)
    return [_newest(channel, live, minutes.get(channel.name)) for channel in description.channels]


def any_fresh(snapshot: Snapshot | None, monotonic_s: float, wall_s: float) -> bool:
    """Whether the live snapshot still has a fresh value."""
    if snapshot is None:
        return False
    live = _live_values(snapshot, monotonic_s, wall_s)
    return any(_newest(channel, live, None).quality == "fresh" for channel in snapshot.description.channels)


def site_state(fresh: bool, heard_s: float | None, wall_s: float) -> State:
    """`live` with a fresh value, `late` when heard of in the last 5 minutes, else `silent` or `never`."""
    if fresh:
        return "live"
    if heard_s is None:
        return "never"
    return "late" if wall_s - heard_s <= LATE_S else "silent"


def newest_age_s(channels: Iterable[ChannelNow]) -> float | None:
    """The age of the newest value of all, or None when there is none."""
    return min((c.age_s for c in channels if c.age_s is not None), default=None)


class _Value(NamedTuple):
    """A value with its age now, and the age it had when the site said it."""

    fixed: int
    resolution: float
    age_s: float
    said_age_s: float = math.inf


class _LiveValues(NamedTuple):
    values: Mapping[str, _Value]
    named: frozenset[str]
    snapshot_age_s: float


def _live_values(snapshot: Snapshot | None, monotonic_s: float, wall_s: float) -> _LiveValues:
    if snapshot is None:
        return _LiveValues({}, frozenset(), math.inf)
    since_s = max(0.0, monotonic_s - snapshot.received_monotonic_s)
    if snapshot.live.at_s > 0:
        # A message delayed on the way is older than its arrival; the site's own clock tells by how much.
        since_s = max(since_s, wall_s - snapshot.live.at_s)
    pairs = zip(snapshot.description.channels, snapshot.live.values, strict=False)
    values = {
        channel.name: _Value(value[0], channel.resolution, value[1] + since_s, value[1])
        for channel, value in pairs
        if value is not None
    }
    return _LiveValues(values, frozenset(c.name for c in snapshot.description.channels), since_s)


def _minute_values(
    description: Description, latest: Mapping[str, tuple[int, int]], wall_s: float
) -> dict[str, _Value]:
    """Per channel its newest minute value; of one minute the preferred aggregate."""
    ranked: dict[str, tuple[tuple[int, int], _Value]] = {}
    for series in description.series:
        if series.name not in latest:
            continue
        minute, fixed = latest[series.name]
        rank = (minute, -_PREFERRED.index(series.aggregate) if series.aggregate in _PREFERRED else -9)
        age_s = max(0.0, wall_s - (minute + 1) * 60)
        if series.channel not in ranked or rank > ranked[series.channel][0]:
            ranked[series.channel] = (rank, _Value(fixed, series.resolution, age_s))
    return {name: value for name, (_, value) in ranked.items()}


def _newest(channel: ChannelSpec, live: _LiveValues, stored: _Value | None) -> ChannelNow:
    heard = live.values.get(channel.name)
    if heard is not None:
        # Two things can be quiet: the device, which the site judged, and the link, which is judged here.
        # What a slow device said half a minute ago is live, although the minute that just ended is younger.
        fresh = heard.said_age_s <= channel.stale_after_s and live.snapshot_age_s <= LIVE_WITHIN_S
        if fresh or stored is None or heard.age_s <= stored.age_s:
            return _show(channel, heard, "fresh" if fresh else "stale")
    withdrawn = heard is None and channel.name in live.named
    if stored is None or (withdrawn and live.snapshot_age_s < stored.age_s):
        return ChannelNow(channel.name, None, channel.unit, None, "absent")
    return _show(channel, stored, "stale")


def _show(channel: ChannelSpec, value: _Value, quality: Quality) -> ChannelNow:
    shown: float | bool = round(value.fixed * value.resolution, 6)
    if channel.quantity == "flag":
        shown = bool(value.fixed)
    return ChannelNow(
        channel.name, shown, channel.unit, round(value.age_s, 1), quality, channel.word(value.fixed)
    )
