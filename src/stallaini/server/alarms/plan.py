"""Which messages an alarm needs, and when they may go out. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time, tzinfo
from typing import NamedTuple

from stallaini.server.alarms.life import Alarm
from stallaini.server.alarms.settings import DIGEST_HOUR, SiteSettings, Told, Way
from stallaini.server.alarms.who import Reachable

EDITED: tuple[Way, ...] = ("telegram", "ntfy", "webhook")
"""Ways by which a message can be shown anew in its place, or is read by a program that keeps the newest."""

TOLD_WITHIN_S = 86_400
"""A spell that was over longer ago than this when the server heard of it is history, and not told."""

_DIGEST_TOLD_WITHIN_S = 2 * 86_400
_QUICK_EDITS, _EDIT_EVERY_S, _FLAPPING_EVERY_S = 5, 2, 60
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 5, 900
MOST_TRIES = 300


class Recipient(NamedTuple):
    """One message's way to one place."""

    person: str
    way: Way
    address: str


class Shown(NamedTuple):
    """What is known to be shown at the other end: the version (0: nothing yet), and since when."""

    version: int
    open: bool
    at_s: int | None


def recipients(alarm: Alarm, told: Iterable[Told], people: Sequence[Reachable]) -> list[Recipient]:
    """Whom to tell of the alarm now: those whose turn has come, who want such alarms and may see the site."""
    by_name = {one.person.casefold(): one for one in people}
    found = []
    for each in told:
        person = by_name.get(each.person.casefold())
        if person is None or person.grants.at(alarm.site) is None:
            continue
        if each.turn <= alarm.step and each.wants(alarm.rule.severity):
            found += [
                Recipient(person.person, way, address)
                for way in each.ways
                for address in person.addresses(way)
            ]
    return found


def delivery_id(site: str, subject: str, part: int, to: Recipient) -> str:
    """The id of a message: planning it again gives the same one."""
    told = "\0".join((site, subject, str(part), *to))
    return hashlib.sha256(told.encode()).hexdigest()[:20]


def is_news(alarm: Alarm, now_s: int) -> bool:
    """Whether somebody who knows nothing of the alarm yet is to be told."""
    return alarm.cleared_s is None or alarm.cleared_s > now_s - TOLD_WITHIN_S


def held_until(alarm: Alarm, shown: Shown, settings: SiteSettings, now_s: int, zone: tzinfo) -> int | None:
    """Until when a new message must wait: maintenance, or quiet hours for all but critical alarms.

    What is shown already goes on being kept up to date: an edit makes no noise.
    """
    if shown.version:
        return None
    quiet = None
    if settings.quiet is not None and alarm.rule.severity != "critical":
        quiet = settings.quiet.until(now_s, zone)
    ends = [end for end in (settings.muted_until(now_s), quiet) if end is not None]
    return max(ends, default=None)


def fell_into_mute(alarm: Alarm, shown: Shown, settings: SiteSettings) -> bool:
    """Whether it came and went while somebody worked on the site: nobody needs to be told afterwards."""
    mute_until_s = settings.mute_until_s
    if shown.version or mute_until_s is None or alarm.cleared_s is None:
        return False
    return alarm.since_s < mute_until_s and alarm.cleared_s <= mute_until_s


def worth_sending(alarm: Alarm, way: Way, shown: Shown, now_s: int) -> bool:
    """Whether the newest version is worth a message by this way, and not too soon after the last.

    Mail cannot be edited: it tells of the raising, and of the end once that has held.
    """
    if shown.version >= alarm.version:
        return False
    if not shown.version:
        return True
    if way not in EDITED:
        settled = alarm.reopens_until_s is not None and now_s >= alarm.reopens_until_s
        return shown.open != alarm.open and (alarm.open or settled)
    return now_s >= (shown.at_s or 0) + edit_pause_s(alarm)


def edit_pause_s(alarm: Alarm) -> int:
    """How long an edit waits after the one before: the more an alarm flaps the longer."""
    return _EDIT_EVERY_S if alarm.count <= _QUICK_EDITS else _FLAPPING_EVERY_S


def digest_told_s(subject: str, zone: tzinfo) -> int:
    """The Unix second at which a digest (`digest:PERIOD:FIRST:END`) was to be told."""
    day = date.fromisoformat(subject.split(":")[3])
    return int(datetime.combine(day, time(DIGEST_HOUR), zone).timestamp())


def digest_is_old(subject: str, now_s: int) -> bool:
    """Whether the day on which a digest was to be told is over in every zone."""
    return now_s >= digest_told_s(subject, UTC) + _DIGEST_TOLD_WITHIN_S


def retry_pause_s(tries: int, asked_s: float = 0.0) -> int:
    """How long to wait after that many failures; at least what the other end asks for."""
    return int(max(asked_s, min(_LONGEST_PAUSE_S, _FIRST_PAUSE_S * 2 ** min(tries - 1, 10))))
