"""The bot's side of a chat in Telegram's form: messages, pictures, buttons, menus."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Iterable

from telegram import (
    BotCommand,
    BotCommandScopeChat,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InputFile,
    InputMediaPhoto,
)
from telegram.constants import ChatAction, ParseMode
from telegram.error import BadRequest, TelegramError
from telegram.ext import ExtBot

from stallaini.bot.handlers import COMMANDS
from stallaini.bot.outbox import SeenIds
from stallaini.bot.talk import Rows
from stallaini.bot.texts import Texts

_PRESSES_REMEMBERED = 500
_TOAST_CHARS = 200
"""The longest text that Telegram shows at a pressed button."""

logger = logging.getLogger(__name__)


class TelegramChatter:
    """`Chatter` in Telegram's form; a chat that blocked the bot or vanished is only logged."""

    def __init__(self, bot: ExtBot[None], seen_ids: SeenIds) -> None:
        self._seen_ids = seen_ids
        self._bot = bot
        self._confirmed: deque[str] = deque(maxlen=_PRESSES_REMEMBERED)

    async def say(self, chat_id: int, text: str, buttons: Rows = ()) -> int:
        """Send a message; its id."""
        message = await self._bot.send_message(
            chat_id, text, parse_mode=ParseMode.HTML, reply_markup=_keyboard(buttons)
        )
        self._seen_ids.note(chat_id, message.message_id)
        return message.message_id

    async def replace(
        self, chat_id: int, message_id: int, text: str, buttons: Rows = (), *, anew: bool = True
    ) -> int:
        """Edit a message; one that already says so stays as it is, one deleted or too old is said anew."""
        try:
            await self._bot.edit_message_text(
                text,
                chat_id=chat_id,
                message_id=message_id,
                parse_mode=ParseMode.HTML,
                reply_markup=_keyboard(buttons),
            )
        except BadRequest as error:
            if "not modified" not in error.message.lower() and anew:
                return await self.say(chat_id, text, buttons)
        return message_id

    async def show(self, chat_id: int, image: bytes, caption: str, buttons: Rows = ()) -> None:
        """Send a picture."""
        message = await self._bot.send_photo(
            chat_id,
            InputFile(image, filename="chart.png"),
            caption=caption,
            parse_mode=ParseMode.HTML,
            reply_markup=_keyboard(buttons),
        )
        self._seen_ids.note(chat_id, message.message_id)

    async def redraw(
        self, chat_id: int, message_id: int, image: bytes, caption: str, buttons: Rows = ()
    ) -> None:
        """Put another picture into a message; where that is deleted or too old, send it anew."""
        media = InputMediaPhoto(image, caption, ParseMode.HTML, filename="chart.png")
        try:
            await self._bot.edit_message_media(
                media, chat_id=chat_id, message_id=message_id, reply_markup=_keyboard(buttons)
            )
        except BadRequest as error:
            if "not modified" not in error.message.lower():
                await self.show(chat_id, image, caption, buttons)

    async def busy(self, chat_id: int) -> None:
        """Show `sending a photo`; of no importance."""
        try:
            await self._bot.send_chat_action(chat_id, ChatAction.UPLOAD_PHOTO)
        except TelegramError as error:
            logger.info("chat action failed: %s", error)

    async def delete(self, chat_id: int, message_id: int) -> bool:
        """Delete a message, where the bot may."""
        try:
            return await self._bot.delete_message(chat_id, message_id)
        except TelegramError as error:
            logger.warning("a message with a password in chat %d could not be deleted: %s", chat_id, error)
            return False

    async def confirm(self, callback_id: str, text: str = "") -> None:
        """Answer a callback query; Telegram refuses those that waited too long or were answered before."""
        if callback_id in self._confirmed:
            return
        self._confirmed.append(callback_id)
        try:
            await self._bot.answer_callback_query(
                callback_id, text[:_TOAST_CHARS] or None, show_alert=bool(text)
            )
        except TelegramError as error:
            logger.info("button press could not be confirmed: %s", error)

    async def menu(self, chat_id: int, texts: Texts | None) -> None:
        """Set the commands that this chat's menu lists; of no importance."""
        scope = BotCommandScopeChat(chat_id)
        try:
            if texts is None:
                await self._bot.delete_my_commands(scope)
            else:
                await self._bot.set_my_commands(commands(texts, COMMANDS), scope)
        except TelegramError as error:
            logger.info("the menu of chat %d could not be set: %s", chat_id, error)


def commands(texts: Texts, verbs: Iterable[str]) -> list[BotCommand]:
    """A menu of these commands."""
    return [BotCommand(verb, getattr(texts, COMMANDS[verb].help)) for verb in verbs]


def _keyboard(buttons: Rows) -> InlineKeyboardMarkup | None:
    if not buttons:
        return None
    return InlineKeyboardMarkup(
        [
            [InlineKeyboardButton(label, callback_data=button.data()) for label, button in row]
            for row in buttons
        ]
    )
