"""`/loads`: what is switched, and buttons to run and stop it, each asked once more before it is done."""

from __future__ import annotations

import asyncio

from stallaini.bot.api_client import Load, SiteRow
from stallaini.bot.api_doings import ENDED, Command, Doings
from stallaini.bot.asking import Button
from stallaini.bot.cards import age_line
from stallaini.bot.load_card import (
    GOOD_FOR_S,
    RUN,
    Order,
    load_buttons,
    loads_card,
    progress,
    question,
    read_order,
)
from stallaini.bot.talk import Rows, Talk, find_site, site_name
from stallaini.bot.wording import escape

# How an order goes on is looked at so often: a site that calls each minute has answered by then.
_LOOK_S = (1.0, 1.0, 2.0, 3.0, 5.0, 8.0, 10.0, 15.0, 15.0, 30.0, 30.0)


async def loads(talk: Talk) -> None:
    """`/loads [SITE]`."""
    site = await talk.pick_site(site_name(talk.ask))
    if site is None:
        return
    detail, now = await asyncio.gather(talk.api.site(site.site), talk.api.now(site.site))
    again = [("🔄 " + talk.texts.refresh, Button("loads", site.site, "again")), *talk.other_site()]
    foot = age_line(site, now, talk.texts)
    if not detail.loads:
        title = f"<b>{escape(site.title)}</b>"
        await talk.answer(f"{talk.texts.no_loads.format(title=title)}\n{foot}", [again])
        return
    rows = load_buttons(site.site, detail.loads, talk.texts) if talk.may_act(site.site) else []
    await talk.answer(f"{loads_card(site, detail, now, talk.texts)}\n\n{foot}", [*rows, again])


async def load(talk: Talk, button: Button) -> None:
    """A pressed button of the list asks whether it is meant; one of that question does it."""
    actor = await talk.actor()
    order = read_order(button.span)
    if actor is None or order is None:
        return
    site = find_site(await talk.api.sites(), button.site)
    detail = None if site is None else await talk.api.site(site.site)
    wanted = next((one for one in detail.loads if one.name == order.load), None) if detail else None
    if site is None or wanted is None:
        await talk.toast(talk.texts.load_gone)
        return
    now_s = int(talk.tools.clock.wall_s())
    if not order.asked_s:
        text, rows = question(site.site, wanted, order, now_s, talk.texts)
        await talk.replace(talk.ask.message_id, text, rows)
    elif now_s - order.asked_s > GOOD_FOR_S:
        await talk.toast(talk.texts.question_old)
        await talk.replace(talk.ask.message_id, talk.texts.question_old, _back(talk, site))
    elif not talk.tools.once.was(_key(talk, order)):
        await _do(talk, Doings(actor), site, wanted, order)


def _key(talk: Talk, order: Order) -> object:
    """One question: whoever answers it, it is done once."""
    return (talk.ask.chat_id, talk.ask.message_id, order.asked_s)


async def _do(talk: Talk, doings: Doings, site: SiteRow, load: Load, order: Order) -> None:
    data: dict[str, str | int] = {"load": load.name}
    if order.do == RUN:
        data["minutes"] = order.minutes
    command = await doings.send(site.site, f"load.{order.do}", data)
    talk.tools.once.note(_key(talk, order))
    text = progress(load, order, command, talk.texts)
    message_id = await talk.replace(talk.ask.message_id, text, _back(talk, site))
    talk.tools.later(talk.ask.chat_id, _follow(talk, site, load, order, command, message_id))


async def _follow(
    talk: Talk, site: SiteRow, load: Load, order: Order, command: Command, message_id: int
) -> None:
    """Tell in the same message how the order goes on, until its end."""
    for pause_s in _LOOK_S:
        if command.state in ENDED:
            return
        await talk.tools.clock.sleep(pause_s)
        newest = await talk.doings.command(site.site, command.id)
        if newest != command:
            text = progress(load, order, newest, talk.texts)
            message_id = await talk.replace(message_id, text, _back(talk, site))
        command = newest


def _back(talk: Talk, site: SiteRow) -> Rows:
    return [[("🔌 " + talk.texts.loads_title, Button("loads", site.site, "again"))]]
