"""The running bot: fetches Telegram's updates, keeps each chat's in order, survives Telegram's troubles."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from telegram import Update
from telegram.error import Conflict, Forbidden, InvalidToken, RetryAfter, TelegramError, TimedOut
from telegram.ext import ExtBot
from telegram.request import HTTPXRequest

from stallaini.bot.api_client import ApiClient, ApiError, Refused
from stallaini.bot.asking import Ask, read_update
from stallaini.bot.chatter import TelegramChatter, commands
from stallaini.bot.draw import Drawer
from stallaini.bot.handlers import Conversation
from stallaini.bot.outbox import OutboxCourier, SeenIds
from stallaini.bot.outbox_api import HttpOutbox
from stallaini.bot.patience import Patience, seconds
from stallaini.bot.post import TelegramPost
from stallaini.bot.texts import LANGUAGES
from stallaini.clock import Clock
from stallaini.errors import OperatorError

_POLL_S = 25
_READ_TIMEOUT_S = 15.0
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 1.0, 30.0
_UPDATES_REMEMBERED = 2000
_WAITING_PER_CHAT = 10
_GRACE_S = 5.0
_STRANGERS_MENU = ("start", "help")

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Settings:
    """Where the bot finds the server and Telegram, and the secrets for both."""

    api_url: str
    api_token: str
    telegram_token: str
    telegram_url: str = "https://api.telegram.org"


async def run_bot(settings: Settings, clock: Clock) -> None:
    """Answer people until SIGINT or SIGTERM. Raises OperatorError when a token is refused."""
    os.environ.setdefault("PTB_TIMEDELTA", "true")
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    api = ApiClient(settings.api_url, settings.api_token)
    bot = make_bot(settings, clock)
    outbox = HttpOutbox(settings.api_url, settings.api_token)
    post = TelegramPost(settings.telegram_token, settings.telegram_url)
    seen = SeenIds()
    try:
        await _greet_server(api)
        courier = OutboxCourier(outbox, post, clock, seen)
        await _until(stop, _together(BotProgram(bot, api, clock, seen).run(), courier.run()))
    finally:
        await outbox.close()
        await post.close()
        await api.close()
        await bot.shutdown()


async def _together(*works: Coroutine[Any, Any, None]) -> None:
    """Run all of them until one fails."""
    tasks = [asyncio.create_task(work) for work in works]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def make_bot(settings: Settings, clock: Clock) -> ExtBot[None]:
    """The client of Telegram's Bot API, patient with it."""
    url = settings.telegram_url.rstrip("/")
    return ExtBot(
        settings.telegram_token,
        base_url=f"{url}/bot",
        base_file_url=f"{url}/file/bot",
        request=HTTPXRequest(connection_pool_size=16, read_timeout=_READ_TIMEOUT_S),
        get_updates_request=HTTPXRequest(connection_pool_size=1, read_timeout=_READ_TIMEOUT_S),
        rate_limiter=Patience(clock),
    )


async def _until(stop: asyncio.Event, work: Awaitable[None]) -> None:
    """Run `work` until it fails or `stop` is set."""
    working = asyncio.ensure_future(work)
    stopping = asyncio.ensure_future(stop.wait())
    await asyncio.wait((working, stopping), return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if not working.done():
        working.cancel()
    await asyncio.gather(working, return_exceptions=True)
    if not working.cancelled():
        working.result()


async def _greet_server(api: ApiClient) -> None:
    """Tell the operator early what people would else find out. A server that is down is no reason to stop."""
    try:
        # Whether the token's role may ask about chats; there is no chat 1.
        await api.chat(1)
    except Refused as error:
        raise OperatorError(
            f"the server does not let the bot in ({error}); "
            "make one with `stallaini user token NAME --role bot` and put it into the token file"
        ) from error
    except ApiError as error:
        logger.warning("the server does not answer yet (%s); people are told so until it does", error)
    else:
        logger.info("the server lets the bot in")


class BotProgram:
    """Fetches updates and has them answered: each chat's in order, chats beside each other."""

    def __init__(
        self, bot: ExtBot[None], api: ApiClient, clock: Clock, seen_ids: SeenIds | None = None
    ) -> None:
        self._bot = bot
        self._seen_ids = seen_ids or SeenIds()
        self._clock = clock
        self._conversation = Conversation(api, TelegramChatter(bot, self._seen_ids), Drawer(), clock)
        self._lanes: dict[int, deque[Ask]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._seen: deque[int] = deque(maxlen=_UPDATES_REMEMBERED)
        self._offset: int | None = None

    async def run(self) -> None:
        """Answer updates until cancelled. Raises OperatorError when Telegram refuses the token."""
        await self._insist("greet Telegram", self._bot.initialize)
        await self._insist("prepare for polling", self._bot.delete_webhook, tries=3)
        await self._insist("set the menu", self._set_menus, tries=3)
        logger.info("@%s is listening", self._bot.username)
        try:
            while True:
                await self._insist("fetch updates", self._fetch)
        finally:
            await self._close()

    async def _set_menus(self) -> None:
        """What strangers see tells nothing; a chat that is let in gets the whole menu for itself."""
        for language, texts in LANGUAGES.items():
            menu = commands(texts, _STRANGERS_MENU)
            # The menu without a language is what every other language sees.
            await self._bot.set_my_commands(menu, language_code=None if language == "en" else language)

    async def _insist(
        self, what: str, call: Callable[[], Awaitable[object]], tries: int | None = None
    ) -> None:
        """Repeat `call` until it succeeds, at most `tries` times; log the first failure and the recovery."""
        pause_s, failures = _FIRST_PAUSE_S, 0
        while tries is None or failures < tries:
            try:
                await call()
            except InvalidToken as error:
                # The library's message would hold the token.
                raise OperatorError(
                    "Telegram refuses the bot's token; "
                    "ask @BotFather for it (/token) and put it into the token file"
                ) from error
            except TelegramError as error:
                failures += 1
                level = logging.WARNING if failures == 1 else logging.DEBUG
                logger.log(level, "cannot %s, trying again: %s%s", what, error, _hint(error))
                await self._clock.sleep(seconds(error) if isinstance(error, RetryAfter) else pause_s)
                pause_s = min(pause_s * 2, _LONGEST_PAUSE_S)
            else:
                if failures:
                    logger.info("can %s again after %d failure(s)", what, failures)
                return

    async def _fetch(self) -> None:
        try:
            updates = await self._bot.get_updates(
                offset=self._offset, timeout=_POLL_S, allowed_updates=[Update.MESSAGE, Update.CALLBACK_QUERY]
            )
        except TimedOut:
            # A long poll whose answer got lost: nothing is wrong, ask again.
            await self._clock.sleep(_FIRST_PAUSE_S)
            return
        for update in updates:
            self._offset = update.update_id + 1
            self._take(update)

    def _take(self, update: Update) -> None:
        if update.update_id in self._seen:
            return
        self._seen.append(update.update_id)
        if update.message is not None:
            self._seen_ids.note(update.message.chat.id, update.message.message_id)
        ask = read_update(update, self._bot.username)
        if ask is None:
            return
        lane = self._lanes.get(ask.chat_id)
        if lane is not None and len(lane) >= _WAITING_PER_CHAT:
            logger.info("chat %d asks faster than it is answered; dropped one question", ask.chat_id)
        elif lane is not None:
            lane.append(ask)
        else:
            self._lanes[ask.chat_id] = deque([ask])
            task = asyncio.create_task(self._serve(ask.chat_id))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _serve(self, chat_id: int) -> None:
        """Answer one chat's questions in their order, until none is left."""
        lane = self._lanes[chat_id]
        try:
            while lane:
                await self._answer(lane.popleft())
        finally:
            del self._lanes[chat_id]

    async def _answer(self, ask: Ask) -> None:
        try:
            await self._conversation.answer(ask)
        except Forbidden:
            logger.info("chat %d has blocked the bot", ask.chat_id)
        except TelegramError as error:
            logger.warning("an answer did not reach chat %d: %s", ask.chat_id, error)
        except Exception:
            logger.exception("a question in chat %d failed", ask.chat_id)

    async def _close(self) -> None:
        """Finish answers under way, and tell Telegram which updates need not come again."""
        await self._conversation.close()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=_GRACE_S)
        for task in self._tasks:
            task.cancel()
        if self._offset is not None:
            try:
                async with asyncio.timeout(_GRACE_S):
                    await self._bot.get_updates(offset=self._offset, limit=1, timeout=0)
            except (TelegramError, TimeoutError) as error:
                logger.info("the last updates could not be confirmed: %s", error)


def _hint(error: TelegramError) -> str:
    if isinstance(error, Conflict):
        return " (another program fetches this bot's updates; stop it, or use a bot of its own)"
    return ""
