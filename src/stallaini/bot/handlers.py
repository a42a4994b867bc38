"""What the bot does about each question: asks the server, says the answer."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import NamedTuple, Protocol

from stallaini.bot.alarms import flag_news
from stallaini.bot.api_client import (
    ApiClient,
    ApiError,
    NotFound,
    Refused,
    SiteRow,
    Throttled,
    Unreachable,
    WrongPassword,
)
from stallaini.bot.asking import Ask, Button
from stallaini.bot.cards import (
    battery_device,
    chart_caption,
    present_value,
    stale_line,
    status_card,
    uptime_card,
)
from stallaini.bot.doorman import Doorman
from stallaini.bot.draw import Drawer, DrawingFailed
from stallaini.bot.picture import PANELS, POINTS, compose
from stallaini.bot.texts import LANGUAGES, Texts, texts_for
from stallaini.bot.wording import Span, age, escape, read_span
from stallaini.clock import Clock

SPANS = (Span(3, "h"), Span(2, "d"), Span(30, "d"))
UPTIME_DAYS = (7, 30)
_EVENTS_ASKED = 1000
_DOTS = {"live": "🟢", "late": "🟡", "silent": "🔴", "never": "⚪"}
# Telegram shows at most a hundred buttons.
_CHOICES, _ONE_COLUMN = 90, 8

logger = logging.getLogger(__name__)

Rows = Sequence[Sequence[tuple[str, Button]]]


class Chatter(Protocol):
    """The few things the bot does in a chat; `program.py` gives them Telegram's form."""

    async def say(self, chat_id: int, text: str, buttons: Rows = ()) -> None:
        """Send a message in Telegram's HTML."""

    async def replace(self, chat_id: int, message_id: int, text: str, buttons: Rows = ()) -> None:
        """Put another text into a message of the bot's own."""

    async def show(self, chat_id: int, image: bytes, caption: str, buttons: Rows = ()) -> None:
        """Send a picture."""

    async def busy(self, chat_id: int) -> None:
        """Let the chat show that a picture is coming."""

    async def delete(self, chat_id: int, message_id: int) -> bool:
        """Delete a person's message; False when Telegram does not allow it."""

    async def confirm(self, callback_id: str) -> None:
        """Stop the little clock on a pressed button."""


class Command(NamedTuple):
    """One command: what it does and which text of `Texts` describes it."""

    answer: Callable[[Conversation, Ask], Awaitable[None]]
    help: str


class Conversation:
    """Answers questions, to registered chats only."""

    def __init__(self, api: ApiClient, chatter: Chatter, drawer: Drawer, clock: Clock) -> None:
        self._api = api
        self._chatter = chatter
        self._drawer = drawer
        self._doorman = Doorman(clock)
        self._admitted: set[int] = set()

    async def answer(self, ask: Ask) -> None:
        """Answer one question, whatever becomes of it; strangers get one neutral sentence, if that."""
        if ask.callback_id is not None:
            await self._chatter.confirm(ask.callback_id)
        try:
            await self._answer(ask)
        except ApiError as error:
            logger.warning("no answer for chat %d: %s", ask.chat_id, error)
            if ask.chat_id in self._admitted or self._doorman.may_answer(ask.chat_id):
                await self._chatter.say(ask.chat_id, trouble(error, ask.texts))
        except DrawingFailed as error:
            logger.error("a picture could not be drawn: %s", error)
            await self._chatter.say(ask.chat_id, ask.texts.drawing_failed)

    async def _answer(self, ask: Ask) -> None:
        if ask.verb == "start" and ask.rest:
            await self._admit(ask)
            return
        chat = await self._api.chat(ask.chat_id)
        if chat is None:
            self._admitted.discard(ask.chat_id)
            await self._turn_away(ask)
            return
        self._admitted.add(ask.chat_id)
        spoken = replace(ask, texts=texts_for(chat.language))
        await COMMANDS.get(ask.verb, _OTHER).answer(self, spoken)

    async def _turn_away(self, ask: Ask) -> None:
        if self._doorman.may_answer(ask.chat_id):
            await self._chatter.say(ask.chat_id, ask.texts.private)

    async def _admit(self, ask: Ask) -> None:
        deleted = await self._chatter.delete(ask.chat_id, ask.message_id)
        try:
            chat = await self._api.add_chat(ask.chat_id, ask.name, ask.texts.language, secret=ask.rest)
        except (WrongPassword, Throttled) as error:
            logger.info("chat %d was not admitted: %s", ask.chat_id, type(error).__name__)
            await self._turn_away(ask)
            return
        self._admitted.add(ask.chat_id)
        logger.info("chat %d was admitted", ask.chat_id)
        texts, sites = texts_for(chat.language), await self._for(ask).sites()
        names = ", ".join(f"<b>{escape(site.title)}</b>" for site in sites)
        lines = [texts.welcome.format(sites=names) if names else texts.no_sites, "", help_text(texts)]
        if not deleted:
            lines += ["", "⚠️ " + texts.password_not_deleted]
        await self._chatter.say(ask.chat_id, "\n".join(lines))

    async def help(self, ask: Ask) -> None:
        """`/help`, and `/start` of a chat that is admitted already."""
        await self._chatter.say(ask.chat_id, help_text(ask.texts))

    async def other(self, ask: Ask) -> None:
        """Anything that is no command of this bot; in a group it may be another bot's."""
        if ask.private:
            await self._chatter.say(ask.chat_id, ask.texts.unknown_command)

    async def language(self, ask: Ask) -> None:
        """`/language [en|it]`; without one it offers them."""
        wanted = ask.rest.lower() if ask.button is None else ask.button.span
        if wanted not in LANGUAGES:
            rows = [
                [(texts.language_name, Button("language", "", code)) for code, texts in LANGUAGES.items()]
            ]
            await self._chatter.say(ask.chat_id, ask.texts.which_language, rows)
            return
        texts = texts_for((await self._api.set_language(ask.chat_id, wanted)).language)
        await self._chatter.say(ask.chat_id, texts.language_changed)

    async def leave(self, ask: Ask) -> None:
        """`/leave`: asks once more, then the chat is a stranger's again."""
        if ask.button is None or ask.button.span != "yes":
            rows = [[(ask.texts.leave_yes, Button("leave", "", "yes"))]]
            await self._chatter.say(ask.chat_id, ask.texts.leave_sure, rows)
            return
        await self._api.remove_chat(ask.chat_id)
        self._admitted.discard(ask.chat_id)
        await self._chatter.replace(ask.chat_id, ask.message_id, ask.texts.left)

    def _for(self, ask: Ask) -> ApiClient:
        """The server as the asker's chat may see it."""
        return self._api.speaking_for(ask.chat_id)

    async def status(self, ask: Ask) -> None:
        """`/status [SITE]`, and its refresh button, which renews the same message."""
        site = await self._pick_site(ask, _site_name(ask))
        if site is None:
            return
        api = self._for(ask)
        now, events = await asyncio.gather(api.now(site.site), api.events(site.site, _EVENTS_ASKED))
        card = status_card(site, now, flag_news(events), ask.texts)
        button = Button("status", site.site, "again")
        rows = [[("🔄 " + ask.texts.refresh, button)]] if button.fits() else []
        if ask.button is not None and ask.button.span:
            await self._chatter.replace(ask.chat_id, ask.message_id, card, rows)
        else:
            await self._chatter.say(ask.chat_id, card, rows)

    async def uptime(self, ask: Ask) -> None:
        """`/uptime [SITE]`."""
        site = await self._pick_site(ask, _site_name(ask))
        if site is None:
            return
        api = self._for(ask)
        end = (await api.now(site.site)).at
        reports = await asyncio.gather(
            *(api.uptime(site.site, end - timedelta(days=days), end) for days in UPTIME_DAYS)
        )
        spans = list(zip(UPTIME_DAYS, reports, strict=True))
        await self._chatter.say(ask.chat_id, uptime_card(site, spans, ask.texts))

    async def chart(self, ask: Ask) -> None:
        """`/chart [SITE] [SPAN]`; without a span it offers three."""
        name, wanted = site_and_span(ask)
        site = await self._pick_site(ask, name, span=wanted)
        if site is None:
            return
        span = read_span(wanted)
        rows = [[(one.said(ask.texts), Button("chart", site.site, one.code)) for one in SPANS]]
        if span is None:
            text = ask.texts.unknown_span.format(span=escape(wanted)) if wanted else ask.texts.which_span
            await self._chatter.say(ask.chat_id, f"<b>{escape(site.title)}</b>\n{text}", rows)
            return
        await self._chatter.busy(ask.chat_id)
        drawn = await self._draw(self._for(ask), site, span, ask.texts)
        if drawn is None:
            await self._chatter.say(ask.chat_id, ask.texts.never_chart.format(title=escape(site.title)))
            return
        await self._chatter.show(ask.chat_id, *drawn, rows)

    async def _draw(self, api: ApiClient, row: SiteRow, span: Span, texts: Texts) -> tuple[bytes, str] | None:
        """The picture and its caption; None for a site without a battery or without any data at all."""
        site, now = await asyncio.gather(api.site(row.site), api.now(row.site))
        kept = [series.channel for series in site.series]
        device = battery_device(kept)
        kinds = [kind for kind in PANELS if f"{device}.{kind.field}" in kept]
        if not kinds or now.age_s is None:
            return None
        series = await asyncio.gather(
            *(
                api.series(row.site, f"{device}.{kind.field}", now.at - span.length, now.at, POINTS)
                for kind in kinds
            )
        )
        shown = [
            (kind, one, present_value(now, f"{device}.{kind.field}"))
            for kind, one in zip(kinds, series, strict=True)
        ]
        picture = compose(site, span, now.at, shown, stale_line(row, now, texts), texts)
        return await self._drawer.draw(picture), chart_caption(picture, shown, texts)

    async def _pick_site(self, ask: Ask, name: str, span: str = "") -> SiteRow | None:
        """The site asked for, or None after offering a choice."""
        sites = await self._for(ask).sites()
        if not sites:
            await self._chatter.say(ask.chat_id, ask.texts.no_sites)
            return None
        if not name and len(sites) == 1:
            return sites[0]
        found = find_site(sites, name)
        if found is None:
            text = ask.texts.unknown_site.format(name=escape(name)) if name else ask.texts.which_site
            await self._chatter.say(ask.chat_id, text, _choice(sites, ask.verb, span))
        return found


def find_site(sites: Sequence[SiteRow], name: str) -> SiteRow | None:
    """The site of that name or title, or the only one that begins so; capitals do not matter."""
    wanted = name.casefold()
    exact = [one for one in sites if wanted in (one.site.casefold(), one.title.casefold())]
    begun = [
        one
        for one in sites
        if one.site.casefold().startswith(wanted) or one.title.casefold().startswith(wanted)
    ]
    if exact or not wanted:
        return exact[0] if exact else None
    return begun[0] if len(begun) == 1 else None


def _choice(sites: Sequence[SiteRow], verb: str, span: str) -> Rows:
    buttons = [(f"{_DOTS[one.state]} {one.title}", Button(verb, one.site, span)) for one in sites[:_CHOICES]]
    fitting = [(label, button) for label, button in buttons if button.fits()]
    columns = 1 if len(fitting) <= _ONE_COLUMN else 2
    return [fitting[start : start + columns] for start in range(0, len(fitting), columns)]


def site_and_span(ask: Ask) -> tuple[str, str]:
    """What `/chart` names: `/chart`, `/chart 2d`, `/chart noto`, `/chart noto 2 days`, or a button's own."""
    if ask.button is not None:
        return ask.button.site, ask.button.span
    words = ask.words
    for count in (2, 1):
        tail = " ".join(words[-count:])
        if len(words) >= count and (read_span(tail) is not None or tail[:1].isdigit()):
            return " ".join(words[:-count]), tail
    return " ".join(words), ""


def _site_name(ask: Ask) -> str:
    return " ".join(ask.words) if ask.button is None else ask.button.site


def help_text(texts: Texts) -> str:
    """Every command with a line about it."""
    lines = [f"/{verb} – {getattr(texts, command.help)}" for verb, command in COMMANDS.items()]
    return "\n".join([texts.help_intro, "", *lines])


def trouble(error: ApiError, texts: Texts) -> str:
    """What people are told when the server gives no usable answer."""
    match error:
        case Unreachable():
            return texts.server_unreachable
        case Refused():
            return texts.server_refuses
        case NotFound():
            return texts.site_gone
        case Throttled(retry_after_s=retry_after_s):
            return texts.server_busy.format(age=age(retry_after_s, texts))
        case _:
            return texts.server_broken


COMMANDS: Mapping[str, Command] = {
    "status": Command(Conversation.status, "help_status"),
    "chart": Command(Conversation.chart, "help_chart"),
    "uptime": Command(Conversation.uptime, "help_uptime"),
    "language": Command(Conversation.language, "help_language"),
    "start": Command(Conversation.help, "help_start"),
    "leave": Command(Conversation.leave, "help_leave"),
    "help": Command(Conversation.help, "help_help"),
}
_OTHER = Command(Conversation.other, "unknown_command")
