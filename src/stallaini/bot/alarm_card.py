"""What `/alarms` says: each open alarm with its story, worst first. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from stallaini.bot.api_client import SiteRow
from stallaini.bot.api_doings import Alarm, AlarmDetail
from stallaini.bot.texts import Texts
from stallaini.bot.wording import day_and_time, escape, number

LISTED = 6
_MARKS = {"critical": "🔴", "warning": "🟠", "info": "🔵"}
_ORDER = tuple(_MARKS)
_CHANGES_SHOWN = 12
_LINES = 3


def worst_first(alarms: Sequence[Alarm]) -> list[Alarm]:
    """Critical ones first; of one severity those that nobody attends to, then the newest."""
    return sorted(
        alarms,
        key=lambda one: (
            _ORDER.index(one.severity) if one.severity in _ORDER else len(_ORDER),
            one.state in ("acknowledged", "snoozed"),
            -one.raised_at.timestamp(),
        ),
    )


def alarms_card(site: SiteRow, alarms: Sequence[Alarm], texts: Texts) -> str:
    """The first `LISTED` of the open alarms, numbered as their buttons are."""
    head = f"<b>{escape(site.title)}</b> · {texts.alarms_title}"
    if not alarms:
        return f"{head}\n\n✅ {texts.alarms_none}"
    zone = ZoneInfo(site.timezone)
    lines = [
        line
        for number_, one in enumerate(alarms[:LISTED], 1)
        for line in ("", f"{number_}. {_headline(one, texts)}", *_story(one, zone, texts))
    ]
    if len(alarms) > LISTED:
        lines += ["", texts.alarms_more.format(count=len(alarms) - LISTED)]
    return "\n".join([head, *lines])


def open_lines(alarms: Sequence[Alarm], texts: Texts) -> list[str]:
    """The worst open alarms in a line each, for a card that is about more than alarms."""
    lines = [_headline(one, texts) for one in worst_first(alarms)[:_LINES]]
    return [*lines, f"… /alarms ({len(alarms)})"] if len(alarms) > _LINES else lines


def alarm_story(site: SiteRow, detail: AlarmDetail, texts: Texts) -> str:
    """One alarm, what happened to it, and who was told."""
    alarm, zone = detail.alarm, ZoneInfo(site.timezone)
    lines = [f"{_headline(alarm, texts)} · {escape(site.title)}", *_story(alarm, zone, texts), ""]
    for change in detail.changes[-_CHANGES_SHOWN:]:
        what = texts.alarm_changes.get(change.change, change.change)
        who = f" ({escape(change.by)})" if change.by else ""
        lines.append(f"• {_when(change.at, zone, texts)}: {escape(what)}{who}")
    people = ", ".join(dict.fromkeys(escape(one.person) for one in detail.told if one.shown_at))
    told = texts.alarm_told.format(people=people) if people else texts.alarm_told_none
    return "\n".join([*lines, "", told])


def _headline(alarm: Alarm, texts: Texts) -> str:
    title = alarm.title_it if texts.language == "it" else alarm.title_en
    mark = "✅" if alarm.state == "cleared" else _MARKS.get(alarm.severity, "🔵")
    value = "" if alarm.value is None else f": {number(alarm.value, 1, texts)} {escape(alarm.unit)}".rstrip()
    return f"{mark} <b>{escape(title)}</b>{value}"


def _story(alarm: Alarm, zone: ZoneInfo, texts: Texts) -> list[str]:
    lines = [texts.alarm_raised.format(when=_when(alarm.raised_at, zone, texts))]
    if alarm.count > 1:
        lines.append(texts.alarm_count.format(count=number(alarm.count, 0, texts)))
    if alarm.cleared_at is not None:
        lines.append(texts.alarm_cleared.format(when=_when(alarm.cleared_at, zone, texts)))
    elif alarm.state == "snoozed" and alarm.snoozed_until is not None:
        until, who = _when(alarm.snoozed_until, zone, texts), escape(alarm.snoozed_by or "?")
        lines.append(texts.alarm_snoozed.format(when=until, who=who))
    elif alarm.state == "escalated":
        lines.append(texts.alarm_escalated)
    if alarm.acknowledged_by is not None:
        lines.append(texts.alarm_acknowledged.format(who=escape(alarm.acknowledged_by)))
    return lines


def _when(at: datetime, zone: ZoneInfo, texts: Texts) -> str:
    return day_and_time(at.astimezone(zone), texts)
