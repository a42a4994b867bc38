"""Which of a site's alarms are raised, from its newest values and its events, whichever is newer. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from stallaini.bot.api_client import Event, Now, SiteRow
from stallaini.bot.texts import Texts
from stallaini.bot.wording import day_and_time, escape

# Values known from the last minute are late by up to the minute itself and its way here; past this they
# are called stale. Fresh ones (each channel says how fresh) are called live.
RECENT_S = 150.0
_SEVERITIES = ("protection", "alarm", "warning")
_RAISED, _CLEARED = "flag.raised", "flag.cleared"


class FlagNews(NamedTuple):
    """What was last heard of a flag, and when; `since` is when an event said so, if one did."""

    at: datetime
    raised: bool
    since: datetime | None = None


def flag_news(events: Sequence[Event]) -> dict[str, FlagNews]:
    """Per channel its newest `flag.raised` or `flag.cleared`; `events` come newest first."""
    news: dict[str, FlagNews] = {}
    for event in events:
        channel = event.data.get("channel")
        if event.kind in (_RAISED, _CLEARED) and isinstance(channel, str):
            news.setdefault(channel, FlagNews(event.at, event.kind == _RAISED, event.at))
    return news


def alarm_lines(site: SiteRow, now: Now, news: Mapping[str, FlagNews], texts: Texts) -> list[str]:
    """What is raised, worst first. Nothing reported is said as such, never as `no alarm`.

    Flags are sent live only while somebody looks; between times those that raise no alarm come as events.
    """
    known = _newest(now, news)
    raised = [channel for channel, heard in known.items() if heard.raised]
    if raised:
        raised.sort(key=lambda channel: _SEVERITIES.index(_severity(channel)))
        return [_line(channel, known[channel], ZoneInfo(site.timezone), texts) for channel in raised]
    flags = (value for channel, value in now.channels.items() if _severity(channel))
    reported = any(f.value is False and f.age_s is not None and f.age_s <= RECENT_S for f in flags)
    return ["✅ " + texts.no_alarms if reported else "❔ " + texts.alarms_unknown]


def _newest(now: Now, news: Mapping[str, FlagNews]) -> dict[str, FlagNews]:
    known = {channel: heard for channel, heard in news.items() if _severity(channel)}
    for channel, value in now.channels.items():
        if not _severity(channel) or value.age_s is None or not isinstance(value.value, bool):
            continue
        at, told = now.at - timedelta(seconds=value.age_s), known.get(channel)
        if told is None or at >= told.at:
            since = told.since if told is not None and told.raised else None
            known[channel] = FlagNews(at, value.value, since)
    return known


def _severity(channel: str) -> str:
    """`protection`, `alarm` or `warning` for a channel such as `battery.alarm.low_voltage`, else empty."""
    severity = channel.partition(".")[2].partition(".")[0]
    return severity if severity in _SEVERITIES else ""


def _line(channel: str, heard: FlagNews, zone: ZoneInfo, texts: Texts) -> str:
    severity, _, item = channel.partition(".")[2].partition(".")
    said = f"{texts.severities[severity]}: {escape(texts.items.get(item, item.replace('_', ' ')))}"
    mark = "🟠" if severity == "warning" else "🔴"
    when = heard.since or heard.at
    return f"{mark} <b>{said}</b>, {texts.since.format(when=day_and_time(when.astimezone(zone), texts))}"
