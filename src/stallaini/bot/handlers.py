"""What the bot does about each question: who may ask, which command answers, what is said of trouble."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import replace
from typing import NamedTuple

from telegram.error import TelegramError

from stallaini.bot import alarming, charting, loading, looking
from stallaini.bot.api_client import (
    ApiClient,
    ApiError,
    NotFound,
    NotPermitted,
    Refused,
    Throttled,
    Unreachable,
    WrongPassword,
)
from stallaini.bot.asking import Ask, Button
from stallaini.bot.doorman import Doorman
from stallaini.bot.draw import Drawer, DrawingFailed, TooManyPictures
from stallaini.bot.talk import Chatter, Once, Rows, Talk, Tools
from stallaini.bot.texts import LANGUAGES, Texts, texts_for
from stallaini.bot.wording import age, escape
from stallaini.clock import Clock

logger = logging.getLogger(__name__)


class Command(NamedTuple):
    """One command: what it does and which text of `Texts` describes it."""

    answer: Callable[[Talk], Awaitable[None]]
    help: str


Press = Callable[[Talk, Button], Awaitable[None]]


class Conversation:
    """Answers questions, to registered chats only."""

    def __init__(self, api: ApiClient, chatter: Chatter, drawer: Drawer, clock: Clock) -> None:
        self._api = api
        self._chatter = chatter
        self._tools = Tools(api, chatter, drawer, clock, self._go_on_later, Once())
        self._doorman = Doorman(clock)
        self._admitted: set[int] = set()
        self._menus: dict[int, str] = {}
        self._later: dict[int, asyncio.Task[None]] = {}

    async def answer(self, ask: Ask) -> None:
        """Answer one question, whatever becomes of it; strangers get one neutral sentence, if that."""
        acts = ask.verb in _ANSWERED_LATE
        if ask.chat_id in self._menus:
            # Trouble too is told in the language of the account.
            ask = replace(ask, texts=texts_for(self._menus[ask.chat_id]))
        if ask.callback_id is not None and not acts:
            await self._chatter.confirm(ask.callback_id)
        try:
            await self._answer(ask)
        except ApiError as error:
            logger.warning("no answer for chat %d: %s", ask.chat_id, error)
            await self._tell(ask, error)
        except TooManyPictures:
            await self._chatter.say(ask.chat_id, ask.texts.drawing_busy)
        except DrawingFailed as error:
            logger.error("a picture could not be drawn: %s", error)
            await self._chatter.say(ask.chat_id, ask.texts.drawing_failed)
        finally:
            if ask.callback_id is not None and acts:
                # Of two answers to a press Telegram takes the first one.
                await self._chatter.confirm(ask.callback_id)

    async def close(self) -> None:
        """Give up what would go on later."""
        for task in self._later.values():
            task.cancel()
        await asyncio.gather(*self._later.values(), return_exceptions=True)

    async def _tell(self, ask: Ask, error: ApiError) -> None:
        if ask.chat_id not in self._admitted and not self._doorman.may_answer(ask.chat_id):
            return
        text = trouble(error, ask.texts)
        if isinstance(error, NotPermitted) and ask.callback_id is not None:
            await self._chatter.confirm(ask.callback_id, text)
        else:
            await self._chatter.say(ask.chat_id, text)

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
        texts = texts_for(chat.language)
        await self._show_menu(ask.chat_id, texts)
        talk = Talk(ask, chat, texts, self._tools)
        press = PRESSES.get(ask.verb)
        if ask.button is not None and press is not None:
            await press(talk, ask.button)
        else:
            await COMMANDS.get(ask.verb, _OTHER).answer(talk)

    async def _turn_away(self, ask: Ask) -> None:
        if self._menus.pop(ask.chat_id, None) is not None:
            await self._chatter.menu(ask.chat_id, None)
        if self._doorman.may_answer(ask.chat_id):
            await self._chatter.say(ask.chat_id, ask.texts.private)

    async def _show_menu(self, chat_id: int, texts: Texts) -> None:
        """The whole menu is for those who are let in, in the language they are spoken to in."""
        if self._menus.get(chat_id) != texts.language:
            self._menus[chat_id] = texts.language
            await self._chatter.menu(chat_id, texts)

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
        texts = texts_for(chat.language)
        await self._show_menu(ask.chat_id, texts)
        sites = await self._api.speaking_for(ask.chat_id).sites()
        names = ", ".join(f"<b>{escape(site.title)}</b>" for site in sites)
        lines = [texts.welcome.format(sites=names) if names else texts.no_sites, "", help_text(texts)]
        if not deleted:
            lines += ["", "⚠️ " + texts.password_not_deleted]
        await self._chatter.say(ask.chat_id, "\n".join(lines), help_buttons())

    def _go_on_later(self, chat_id: int, work: Coroutine[object, object, None]) -> None:
        """Go on with `work` after the answer; what went on in this chat before ends."""
        before = self._later.pop(chat_id, None)
        if before is not None:
            before.cancel()
        task = asyncio.create_task(_quietly(work))
        self._later[chat_id] = task
        task.add_done_callback(lambda done: self._forget_later(chat_id, done))

    def _forget_later(self, chat_id: int, task: asyncio.Task[None]) -> None:
        if self._later.get(chat_id) is task:
            del self._later[chat_id]


async def _quietly(work: Coroutine[object, object, None]) -> None:
    """What goes on after an answer may fail: the answer stands, and another one can be asked for."""
    try:
        await work
    except (ApiError, TelegramError) as error:
        logger.info("an answer is not renewed: %s", error)


async def help_(talk: Talk) -> None:
    """`/help`, and `/start` of a chat that is admitted already."""
    await talk.say(help_text(talk.texts), help_buttons())


async def other(talk: Talk) -> None:
    """Anything that is no command of this bot; in a group it may be another bot's."""
    if talk.ask.private:
        await talk.say(talk.texts.unknown_command)


async def language(talk: Talk) -> None:
    """`/language [en|it]`; without one it offers them."""
    ask = talk.ask
    wanted = ask.rest.lower() if ask.button is None else ask.button.span
    if wanted not in LANGUAGES:
        rows = [[(texts.language_name, Button("language", "", code)) for code, texts in LANGUAGES.items()]]
        await talk.say(talk.texts.which_language, rows)
    elif await talk.actor() is not None:
        texts = texts_for((await talk.tools.api.set_language(ask.chat_id, wanted)).language)
        await talk.tools.chatter.menu(ask.chat_id, texts)
        await talk.say(texts.language_changed)


async def leave(talk: Talk) -> None:
    """`/leave`: asks once more, then the chat is a stranger's again."""
    ask = talk.ask
    if ask.button is None or ask.button.span != "yes":
        await talk.say(talk.texts.leave_sure, [[(talk.texts.leave_yes, Button("leave", "", "yes"))]])
    elif await talk.actor() is not None:
        await talk.tools.api.remove_chat(ask.chat_id)
        await talk.tools.chatter.menu(ask.chat_id, None)
        await talk.answer(talk.texts.left)


def help_buttons() -> Rows:
    """What is asked most, to press instead of to write."""
    return [
        [("🔋 /status", Button("status", "")), ("📈 /chart", Button("chart", ""))],
        [("🔔 /alarms", Button("alarms", "")), ("🔌 /loads", Button("loads", ""))],
        [("📋 /report", Button("report", "")), ("📶 /data", Button("data", ""))],
    ]


def help_text(texts: Texts) -> str:
    """Every command with a line about it."""
    lines = [f"/{verb} – {getattr(texts, command.help)}" for verb, command in COMMANDS.items()]
    return "\n".join([texts.help_intro, "", *lines])


def trouble(error: ApiError, texts: Texts) -> str:
    """What people are told when the server gives no usable answer."""
    match error:
        case Unreachable():
            return texts.server_unreachable
        case NotPermitted():
            return texts.not_permitted
        case Refused():
            return texts.server_refuses
        case NotFound():
            return texts.site_gone
        case Throttled(retry_after_s=retry_after_s):
            return texts.server_busy.format(age=age(retry_after_s, texts))
        case _:
            return texts.server_broken


COMMANDS: Mapping[str, Command] = {
    "status": Command(looking.status, "help_status"),
    "chart": Command(charting.chart, "help_chart"),
    "alarms": Command(alarming.alarms, "help_alarms"),
    "loads": Command(loading.loads, "help_loads"),
    "report": Command(looking.report, "help_report"),
    "data": Command(looking.data, "help_data"),
    "uptime": Command(looking.uptime, "help_uptime"),
    "sites": Command(looking.sites, "help_sites"),
    "language": Command(language, "help_language"),
    "start": Command(help_, "help_start"),
    "leave": Command(leave, "help_leave"),
    "help": Command(help_, "help_help"),
}
_OTHER = Command(other, "unknown_command")

PRESSES: Mapping[str, Press] = {
    "ack": alarming.acknowledge,
    "snooze": alarming.snooze,
    "alarm": alarming.story,
    "load": loading.load,
}
"""What only buttons ask for. Nothing is shown to a whole group of what one of its members may not do."""

_ANSWERED_LATE = frozenset({*PRESSES, "language", "leave"})
"""Their end is told to who pressed the button."""
