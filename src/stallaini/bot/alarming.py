"""`/alarms`: what is wrong right now, and buttons to take care of it or to silence it.

The messages that the outbox brings have the same buttons, without a span: those messages are renewed by the
server itself, so that a press is only answered to who pressed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable

from stallaini.bot.alarm_card import LISTED, alarm_story, alarms_card, worst_first
from stallaini.bot.alarms import alarm_lines, flag_news
from stallaini.bot.api_client import Conflict, NotFound, SiteRow
from stallaini.bot.api_doings import Alarm, Doings
from stallaini.bot.asking import Button
from stallaini.bot.cards import age_line
from stallaini.bot.talk import Rows, Talk, site_name
from stallaini.bot.wording import age, escape

_ASKED = 50
_EVENTS_ASKED = 1000
_SNOOZES_MIN = (60, 480)
_DEFAULT_SNOOZE_MIN = 60
_WORDY = 2
# In a button of the list: after the minutes, the list is to be renewed.
_LIST = "list"


async def alarms(talk: Talk) -> None:
    """`/alarms [SITE]`, and its refresh button."""
    site = await talk.pick_site(site_name(talk.ask))
    if site is not None:
        await talk.answer(*await _list(talk, site))


async def _list(talk: Talk, site: SiteRow) -> tuple[str, Rows]:
    """What is open at the site; of a server that keeps no alarms, which flags are raised."""
    again = [("🔄 " + talk.texts.refresh, Button("alarms", site.site, "again")), *talk.other_site()]
    now = await talk.api.now(site.site)
    foot = f"\n\n{age_line(site, now, talk.texts)}"
    try:
        found = worst_first(await talk.doings.alarms(site.site, _ASKED))
    except NotFound:
        news = flag_news(await talk.api.events(site.site, _EVENTS_ASKED))
        lines = "\n".join(alarm_lines(site, now, news, talk.texts))
        return f"<b>{escape(site.title)}</b> · {talk.texts.alarms_title}\n\n{lines}{foot}", [again]
    rows = [*_buttons(found, talk)] if talk.may_act(site.site) else []
    return alarms_card(site, found, talk.texts) + foot, [*rows, again]


def _buttons(alarms: list[Alarm], talk: Talk) -> Rows:
    """Two rows with words for each of a few alarms, one row of signs for each of many."""
    rows = []
    words = f" {talk.texts.acknowledge}" if len(alarms) <= _WORDY else ""
    for number, alarm in enumerate(alarms[:LISTED], 1):
        first = [(f"{number} ℹ️", Button("alarm", alarm.id))]
        if alarm.acknowledged_by is None:
            first.insert(0, (f"{number} ✔{words}", Button("ack", alarm.id, _LIST)))
        snoozes = [
            (
                f"{number} 💤 {age(minutes * 60, talk.texts)}",
                Button("snooze", alarm.id, f"{minutes},{_LIST}"),
            )
            for minutes in _SNOOZES_MIN
        ]
        rows += [first, snoozes] if words else [[*first, *snoozes]]
    return rows


async def acknowledge(talk: Talk, button: Button) -> None:
    """Somebody takes care of an alarm."""
    actor = await talk.actor()
    if actor is not None:
        await _act(talk, button, Doings(actor).acknowledge(button.site), talk.texts.acknowledged_done)


async def snooze(talk: Talk, button: Button) -> None:
    """Somebody silences an alarm for a while."""
    actor = await talk.actor()
    if actor is None:
        return
    word = button.span.partition(",")[0]
    minutes = int(word) if word.isdecimal() else _DEFAULT_SNOOZE_MIN
    done = talk.texts.snoozed_done.format(time=age(minutes * 60, talk.texts))
    await _act(talk, button, Doings(actor).snooze(button.site, minutes), done)


async def _act(talk: Talk, button: Button, doing: Awaitable[None], done: str) -> None:
    try:
        await doing
    except NotFound:
        done = talk.texts.alarm_gone
    except Conflict:
        done = talk.texts.alarm_over
    await talk.toast(done)
    if button.span.endswith(_LIST):
        site = await _site_of(talk, button.site)
        if site is not None:
            await talk.replace(talk.ask.message_id, *await _list(talk, site))


async def story(talk: Talk, button: Button) -> None:
    """What happened to an alarm so far."""
    try:
        detail, sites = await asyncio.gather(talk.doings.alarm(button.site), talk.api.sites())
    except NotFound:
        await talk.toast(talk.texts.alarm_gone)
        return
    site = next((one for one in sites if one.site == detail.alarm.site), None)
    if site is not None:
        now = await talk.api.now(site.site)
        foot = age_line(site, now, talk.texts)
        await talk.say(f"{alarm_story(site, detail, talk.texts)}\n{foot}")


async def _site_of(talk: Talk, alarm: str) -> SiteRow | None:
    """The site an alarm is of, as far as this chat may see it."""
    try:
        detail = await talk.doings.alarm(alarm)
    except NotFound:
        return None
    talk.sites = await talk.api.sites()
    return next((one for one in talk.sites if one.site == detail.alarm.site), None)
