"""What people read of an alarm, in English and Italian. Pure."""

from __future__ import annotations

import html
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from types import MappingProxyType

from stallaini.server.alarms.life import Alarm
from stallaini.server.people.roles import Language

_MARKS = MappingProxyType({"critical": "🔴", "warning": "🟠", "info": "🔵"})
_OVER = "✅"


@dataclass(frozen=True)
class Texts:
    """One language."""

    weekdays: tuple[str, ...]
    decimal_mark: str
    since: str
    was: str
    times: str
    stale: str
    acknowledged: str
    snoozed: str
    escalated: str
    take: str
    snooze: str
    more: str
    hour: str
    minute: str


EN = Texts(
    weekdays=("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
    decimal_mark=".",
    since="since {at}",
    was="over: {start} to {end} ({long})",
    times="raised {count} times",
    stale="⚠ nothing heard of it since {at}: it may be over",
    acknowledged="✔ {who} takes care of it, {at}",
    snoozed="💤 silent until {at} ({who})",
    escalated="⏫ nobody attended to it: the next were told, {at}",
    take="✔ I take care of it",
    snooze="💤 1 h",
    more="ℹ️",
    hour="h",
    minute="min",
)
IT = Texts(
    weekdays=("lun", "mar", "mer", "gio", "ven", "sab", "dom"),
    decimal_mark=",",
    since="da {at}",
    was="finito: da {start} a {end} ({long})",
    times="scattato {count} volte",
    stale="⚠ nessun dato da {at}: potrebbe essere finito",
    acknowledged="✔ se ne occupa {who}, {at}",
    snoozed="💤 in silenzio fino a {at} ({who})",
    escalated="⏫ nessuno se ne è occupato: avvisati i prossimi, {at}",
    take="✔ Me ne occupo io",
    snooze="💤 1 h",
    more="ℹ️",
    hour="h",
    minute="min",
)
LANGUAGES: Mapping[Language, Texts] = MappingProxyType({"en": EN, "it": IT})


@dataclass(frozen=True)
class Message:
    """A headline and the lines below it, as plain text."""

    headline: str
    lines: tuple[str, ...]

    def html(self) -> str:
        """As Telegram takes it."""
        lines = "\n".join(html.escape(line, quote=False) for line in self.lines)
        return f"<b>{html.escape(self.headline, quote=False)}</b>\n{lines}"

    def plain(self) -> str:
        """As mail has it."""
        return "\n".join((self.headline, *self.lines))


def alarm_message(alarm: Alarm, site_title: str, zone: tzinfo, language: Language) -> Message:
    """The whole life of an alarm so far."""
    texts = LANGUAGES[language]
    mark = _MARKS[alarm.rule.severity] if alarm.open else _OVER
    return Message(f"{mark} {title(alarm, language)} · {site_title}", tuple(_lines(alarm, zone, texts)))


def title(alarm: Alarm, language: Language) -> str:
    """What the rule is called."""
    return alarm.rule.title_it if language == "it" else alarm.rule.title_en


def _lines(alarm: Alarm, zone: tzinfo, texts: Texts) -> list[str]:
    lines = [
        f"{value}{_span(alarm, zone, texts)}"
        if (value := _value(alarm, texts))
        else _span(alarm, zone, texts)
    ]
    if alarm.detail:
        lines.append(alarm.detail)
    if alarm.stale_s is not None:
        lines.append(texts.stale.format(at=clock_time(alarm.stale_s, zone, texts)))
    if alarm.count > 1:
        lines.append(texts.times.format(count=alarm.count))
    if alarm.acked_by is not None and alarm.acked_s is not None:
        at = clock_time(alarm.acked_s, zone, texts)
        lines.append(texts.acknowledged.format(who=alarm.acked_by, at=at))
    if alarm.state == "snoozed" and alarm.snoozed_until_s is not None:
        at = clock_time(alarm.snoozed_until_s, zone, texts)
        lines.append(texts.snoozed.format(who=alarm.snoozed_by, at=at))
    if alarm.state == "escalated":
        lines.append(texts.escalated.format(at=clock_time(alarm.since_s, zone, texts)))
    return lines


def _span(alarm: Alarm, zone: tzinfo, texts: Texts) -> str:
    start = clock_time(alarm.raised_s, zone, texts)
    if alarm.cleared_s is None:
        return texts.since.format(at=start)
    end = clock_time(alarm.cleared_s, zone, texts)
    return texts.was.format(start=start, end=end, long=long(alarm.cleared_s - alarm.raised_s, texts))


def _value(alarm: Alarm, texts: Texts) -> str:
    # A flag's 1 says nothing, and an alarm that is over has no value any more.
    if alarm.value is None or not alarm.rule.unit or not alarm.open:
        return ""
    number = f"{alarm.value:.1f}".removesuffix(".0").replace(".", texts.decimal_mark)
    return f"{number} {alarm.rule.unit}, "


def clock_time(at_s: int, zone: tzinfo, texts: Texts) -> str:
    """`Tue 24/11 02:14` of the site's zone."""
    at = datetime.fromtimestamp(at_s, zone)
    return f"{texts.weekdays[at.weekday()]} {at:%d/%m %H:%M}"


def long(seconds: int, texts: Texts) -> str:
    """`12 min`, `1 h 56 min`."""
    minutes = max(0, round(seconds / 60))
    if minutes < 60:
        return f"{minutes} {texts.minute}"
    return f"{minutes // 60} {texts.hour} {minutes % 60} {texts.minute}"
