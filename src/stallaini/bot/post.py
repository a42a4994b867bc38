"""Telegram as the outbox needs it: no call is repeated here, and what is not known is said."""

from __future__ import annotations

import httpx
from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup
from telegram.constants import ParseMode
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
)
from telegram.request import HTTPXRequest

from stallaini.bot.outbox import Gone, Keyboard, NotSent, Unsure
from stallaini.bot.patience import seconds

_READ_TIMEOUT_S = 15.0
_SAME = "not modified"
_GONE = ("chat not found", "message to edit not found", "message can't be edited", "user is deactivated")


class TelegramPost:
    """`Post` over the Bot API, with connections of its own."""

    def __init__(self, token: str, url: str) -> None:
        base = url.rstrip("/")
        self._bot = Bot(
            token,
            base_url=f"{base}/bot",
            base_file_url=f"{base}/file/bot",
            request=HTTPXRequest(connection_pool_size=8, read_timeout=_READ_TIMEOUT_S),
        )

    async def close(self) -> None:
        """Close the connections."""
        await self._bot.shutdown()

    async def send(self, chat_id: int, html: str, buttons: Keyboard) -> int:
        """A new message; its id."""
        try:
            message = await self._bot.send_message(
                chat_id, html, parse_mode=ParseMode.HTML, reply_markup=_markup(buttons)
            )
        except TelegramError as error:
            raise _failure(error) from error
        return message.message_id

    async def edit(self, chat_id: int, message_id: int, html: str, buttons: Keyboard) -> None:
        """Let a message say this; one that says it already stays as it is."""
        try:
            await self._bot.edit_message_text(
                html,
                chat_id=chat_id,
                message_id=message_id,
                parse_mode=ParseMode.HTML,
                reply_markup=_markup(buttons),
            )
        except TelegramError as error:
            if not _says(error, _SAME):
                raise _failure(error) from error

    async def has_buttons(self, chat_id: int, message_id: int, buttons: Keyboard) -> bool:
        """Whether this is a message of ours with exactly these buttons."""
        try:
            await self._bot.edit_message_reply_markup(
                chat_id=chat_id, message_id=message_id, reply_markup=_markup(buttons)
            )
        except BadRequest as error:
            return _says(error, _SAME)
        except TelegramError as error:
            raise _unsure_at_most(error) from error
        return False


def _markup(buttons: Keyboard) -> InlineKeyboardMarkup | None:
    if not buttons:
        return None
    return InlineKeyboardMarkup(
        [[InlineKeyboardButton(label, callback_data=data) for label, data in buttons]]
    )


def _failure(error: TelegramError) -> Exception:
    """What a failed call means for the message."""
    if isinstance(error, RetryAfter):
        return NotSent(str(error), seconds(error))
    if isinstance(error, InvalidToken):
        return NotSent("Telegram refuses the bot's token")
    if isinstance(error, Forbidden | ChatMigrated) or _says(error, *_GONE):
        return Gone(error.message)
    # A BadRequest is a NetworkError to the library, though Telegram has answered.
    if isinstance(error, NetworkError) and not isinstance(error, BadRequest):
        never = isinstance(error.__cause__, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout)
        return NotSent(str(error)) if never else Unsure(str(error))
    return NotSent(str(error))


def _unsure_at_most(error: TelegramError) -> Exception:
    """While a message is looked for nothing is known of it yet: it must be looked for again."""
    failure = _failure(error)
    return failure if isinstance(failure, Gone) else Unsure(str(failure))


def _says(error: TelegramError, *words: str) -> bool:
    return any(word in error.message.lower() for word in words)
