"""Answers that look: `/status`, `/uptime`, `/data`, `/report`, `/sites`."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from stallaini.bot.alarm_card import open_lines
from stallaini.bot.alarms import flag_news
from stallaini.bot.api_client import NotFound, Now, SiteRow
from stallaini.bot.api_doings import Alarm, Budget, Period
from stallaini.bot.asking import Button
from stallaini.bot.budget_card import budget_card
from stallaini.bot.cards import age_line, status_card, uptime_card
from stallaini.bot.talk import Rows, Talk, choice, site_name
from stallaini.bot.wording import escape

UPTIME_DAYS = (7, 30)
_EVENTS_ASKED = 1000
_ALARMS_ASKED = 50
# Asking makes the site send live values; they are here after its next message, if they come at all.
_LOOK_AGAIN_S = (1.5, 2.0, 3.0, 4.0, 5.0, 5.0)
AGAIN = "again"


async def status(talk: Talk) -> None:
    """`/status [SITE]`, and its refresh button, which renews the same message.

    A card of values that are not live is renewed by itself as soon as live ones are there.
    """
    site = await talk.pick_site(site_name(talk.ask))
    if site is None:
        return
    now, card = await _status(talk, site)
    message_id = await talk.answer(card, _status_rows(talk, site))
    if now.state != "live" and now.age_s is not None:
        talk.tools.later(talk.ask.chat_id, _follow(talk, site, message_id))


async def _status(talk: Talk, site: SiteRow) -> tuple[Now, str]:
    now, events, alarms = await asyncio.gather(
        talk.api.now(site.site), talk.api.events(site.site, _EVENTS_ASKED), _open_alarms(talk, site)
    )
    card = status_card(site, now, flag_news(events), talk.texts, open_lines(alarms, talk.texts))
    if now.state != "live" and now.age_s is not None:
        budget = await talk.doings.budget(site.site)
        if budget is not None and not budget.live.allowed:
            card += "\n💤 " + talk.texts.live_paused
    return now, card


async def _open_alarms(talk: Talk, site: SiteRow) -> list[Alarm]:
    """The open alarms; none of a server that keeps none: then the flags speak."""
    try:
        return await talk.doings.alarms(site.site, _ALARMS_ASKED)
    except NotFound:
        return []


async def _follow(talk: Talk, site: SiteRow, message_id: int) -> None:
    for pause_s in _LOOK_AGAIN_S:
        await talk.tools.clock.sleep(pause_s)
        if (await talk.api.now(site.site)).state == "live":
            _, card = await _status(talk, site)
            # Nobody asked for this: a card that was deleted meanwhile stays deleted.
            await talk.replace(message_id, card, _status_rows(talk, site), anew=False)
            return


def _status_rows(talk: Talk, site: SiteRow) -> Rows:
    texts, name = talk.texts, site.site
    return [
        [("🔄 " + texts.refresh, Button("status", name, AGAIN)), *talk.other_site()],
        [
            ("📈", Button("chart", name)),
            ("🔔", Button("alarms", name)),
            ("🔌", Button("loads", name)),
            ("📶", Button("data", name)),
        ],
    ]


async def sites(talk: Talk) -> None:
    """`/sites`: which site this chat looks at."""
    if not site_name(talk.ask):
        found = await talk.api.sites()
        if not found:
            await talk.say(talk.texts.no_sites)
            return
        await talk.say(talk.texts.which_site, choice(found, "sites", "ok"))
        return
    site = await talk.pick_site(site_name(talk.ask))
    if site is not None:
        now = await talk.api.now(site.site)
        text = talk.texts.site_chosen.format(site=escape(site.title))
        await talk.answer(f"{text}\n{age_line(site, now, talk.texts)}", _status_rows(talk, site))


async def uptime(talk: Talk) -> None:
    """`/uptime [SITE]`."""
    site = await talk.pick_site(site_name(talk.ask))
    if site is None:
        return
    now = await talk.api.now(site.site)
    reports = await asyncio.gather(
        *(talk.api.uptime(site.site, now.at - timedelta(days=days), now.at) for days in UPTIME_DAYS)
    )
    spans = list(zip(UPTIME_DAYS, reports, strict=True))
    card = uptime_card(site, spans, talk.texts)
    await talk.answer(f"{card}\n\n{age_line(site, now, talk.texts)}", _again("uptime", talk, site))


async def data(talk: Talk) -> None:
    """`/data [SITE]`: the data plan."""
    site = await talk.pick_site(site_name(talk.ask))
    if site is None:
        return
    now, budget = await asyncio.gather(talk.api.now(site.site), talk.doings.budget(site.site))
    await talk.answer(_budget_text(talk, site, now, budget), _again("data", talk, site))


def _budget_text(talk: Talk, site: SiteRow, now: Now, budget: Budget | None) -> str:
    age = age_line(site, now, talk.texts)
    if budget is None:
        return f"{talk.texts.data_none.format(title=f'<b>{escape(site.title)}</b>')}\n{age}"
    return f"{budget_card(site, budget, now.at, talk.texts)}\n{age}"


def _again(verb: str, talk: Talk, site: SiteRow) -> Rows:
    return [[("🔄 " + talk.texts.refresh, Button(verb, site.site, AGAIN)), *talk.other_site()]]


async def report(talk: Talk) -> None:
    """`/report [SITE]`: yesterday, or by button the last seven days."""
    ask, texts = talk.ask, talk.texts
    site = await talk.pick_site(site_name(ask))
    if site is None:
        return
    period: Period = "week" if ask.button is not None and ask.button.span == "week" else "day"
    now = await talk.api.now(site.site)
    try:
        text = escape(await talk.doings.digest(site.site, period))
    except NotFound:
        await talk.say(texts.no_report.format(title=escape(site.title)))
        return
    headline, _, lines = text.partition("\n")
    labels = {"day": texts.report_day, "week": texts.report_week}
    row = [
        (("• " if one == period else "") + label, Button("report", site.site, one))
        for one, label in labels.items()
    ]
    await talk.answer(f"<b>{headline}</b>\n{lines}\n\n{age_line(site, now, texts)}", [row])
