"""Who is told of a site's alarms, by what and when; kept as JSON in the database. Pure."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Literal

import msgspec

from stallaini.server.alarms.life import SEVERITIES, Severity

Way = Literal["telegram", "email", "webhook", "ntfy"]
WAYS: tuple[Way, ...] = ("telegram", "email", "webhook", "ntfy")
Period = Literal["day", "week"]

ESCALATE_AFTER_MIN = 15
DIGEST_HOUR = 8
_CLOCK_TIME = re.compile(r"(?:[01]\d|2[0-3]):[0-5]\d")
_EMAIL = re.compile(r"[^\s@<>,;\"]{1,64}@[^\s@<>,;\"]{1,180}\.[^\s@<>,;\".]{2,63}")
_TOPIC = re.compile(r"[-_A-Za-z0-9]{1,64}")


class Quiet(msgspec.Struct, frozen=True):
    """Hours of the site's zone, `HH:MM`, over midnight too, in which only critical alarms are told."""

    start: str
    end: str

    def until(self, now_s: float, zone: tzinfo) -> int | None:
        """The Unix second at which the quiet ends, if it is quiet now."""
        now = datetime.fromtimestamp(now_s, zone)
        start, end = time.fromisoformat(self.start), time.fromisoformat(self.end)
        clock = now.time()
        inside = start <= clock < end if start <= end else clock >= start or clock < end
        if not inside:
            return None
        day = now.date() + timedelta(days=1) if clock >= end else now.date()
        return int(datetime.combine(day, end, zone).timestamp())


class Told(msgspec.Struct, frozen=True):
    """One person who is told, by which ways, from which severity on, and in which turn.

    Turn 0 is told at once; turn 1 when nobody of turn 0 has attended to it in time, and so on.
    """

    person: str
    ways: tuple[Way, ...] = ("telegram",)
    severity: Severity = "warning"
    turn: int = 0
    digest: tuple[Period, ...] = ()

    def wants(self, severity: Severity) -> bool:
        """Whether alarms of this severity are for them."""
        return SEVERITIES.index(severity) >= SEVERITIES.index(self.severity)


class SiteSettings(msgspec.Struct, frozen=True):
    """How one site's alarms are told. `told` None: everybody who may steer the site, by Telegram.

    `mute_until_s`: nothing new is told before that Unix second, while somebody works on the site.
    """

    mute_until_s: int | None = None
    quiet: Quiet | None = None
    escalate_after_min: int | None = ESCALATE_AFTER_MIN
    told: tuple[Told, ...] | None = None

    def muted_until(self, now_s: float) -> int | None:
        """When the mute ends, if there is one now."""
        return self.mute_until_s if self.mute_until_s is not None and self.mute_until_s > now_s else None

    @property
    def escalate_after_s(self) -> int | None:
        """How long an alarm may be left unattended, in seconds; None: for good."""
        return None if self.escalate_after_min is None else self.escalate_after_min * 60


class Contact(msgspec.Struct, frozen=True):
    """Where one person is reached besides Telegram; empty: not by that way."""

    email: str = ""
    webhook: str = ""
    ntfy: str = ""


def check_settings(settings: SiteSettings) -> str | None:
    """What is wrong with them, and what to do; None: nothing."""
    if settings.quiet is not None:
        for moment in (settings.quiet.start, settings.quiet.end):
            if not _CLOCK_TIME.fullmatch(moment):
                return f"quiet: {moment!r} is no time of day; write it as 22:30"
        if settings.quiet.start == settings.quiet.end:
            return "quiet: start and end are the same; leave quiet out for none"
    names = [told.person.casefold() for told in settings.told or ()]
    twice = next((name for name in names if names.count(name) > 1), None)
    return None if twice is None else f"told: {twice!r} stands there twice; name each person once"


def check_contact(contact: Contact) -> str | None:
    """What is wrong with it, and what to do; None: nothing. Which hosts may be called is judged elsewhere."""
    if contact.email and not _EMAIL.fullmatch(contact.email):
        return f"email: {contact.email!r} is no address; write it as anna@example.org"
    if contact.ntfy and not _TOPIC.fullmatch(contact.ntfy):
        return "ntfy: give the topic alone, 1 to 64 letters, digits, - or _"
    return None


def last_turn(told: tuple[Told, ...]) -> int:
    """The highest turn that anybody has."""
    return max((each.turn for each in told), default=0)


def digest_due(period: Period, now_s: float, zone: tzinfo) -> tuple[date, date] | None:
    """The days [first, end) that a digest told now is about; None while none is due.

    Daily at 8 of the site's morning about yesterday, weekly on Monday about the week before. One that was
    missed is made up for until the evening.
    """
    now = datetime.fromtimestamp(now_s, zone)
    if not DIGEST_HOUR <= now.hour < 20:
        return None
    today = now.date()
    if period == "day":
        return today - timedelta(days=1), today
    return (today - timedelta(days=7), today) if today.weekday() == 0 else None
