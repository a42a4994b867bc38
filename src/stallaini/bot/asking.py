"""What a person asked, read out of one of Telegram's updates. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple

from telegram import CallbackQuery, Message, Update, User

from stallaini.bot.texts import Texts, texts_for

# Telegram allows 64 bytes of callback data.
_BUTTON_BYTES = 64
# The longest name the server keeps.
_NAME_CHARS = 64
_COMMAND = re.compile(r"/(?P<verb>\w{1,32})(?:@(?P<bot>\w+))?(?:\s+(?P<rest>.*))?", re.DOTALL)


class Button(NamedTuple):
    """What a press of an inline button asks: a verb, a site or an alarm, and perhaps how.

    One that says how, such as a span of time, asks for its answer in the message that has the button.
    """

    verb: str
    site: str
    span: str = ""

    def data(self) -> str:
        """The button as callback data."""
        return "|".join(self)

    def fits(self) -> bool:
        """Whether Telegram can carry it."""
        return len(self.data().encode()) <= _BUTTON_BYTES


@dataclass(frozen=True)
class Ask:
    """One question in one chat: a command with the words after it, or a pressed button.

    `verb` is empty for a message that is no command. `message_id` is the message it came with: the
    person's own for a command, the bot's for a button. `person_id` is the Telegram id of who asks, in a
    group one of its members; None where Telegram does not tell.
    """

    chat_id: int
    message_id: int
    private: bool
    name: str
    texts: Texts
    verb: str
    rest: str = ""
    button: Button | None = None
    callback_id: str | None = None
    person_id: int | None = None
    on_picture: bool = False

    @property
    def words(self) -> list[str]:
        """The words after the command."""
        return self.rest.split()


def read_update(update: Update, bot_name: str) -> Ask | None:
    """What `update` asks of the bot named `bot_name`, or None when it asks nothing of it."""
    if update.callback_query is not None:
        return _read_press(update.callback_query)
    if update.message is not None and update.message.text is not None:
        return _read_message(update.message, update.message.text, bot_name)
    return None


def _read_message(message: Message, text: str, bot_name: str) -> Ask | None:
    private = message.chat.type == "private"
    match = _COMMAND.fullmatch(text.strip())
    addressee = match["bot"] if match else None
    if addressee is not None and addressee.lower() != bot_name.lower():
        return None
    if match is None and not private:
        # People in a group talk to each other.
        return None
    return Ask(
        chat_id=message.chat.id,
        message_id=message.message_id,
        private=private,
        name=(message.chat.title or _name(message.from_user))[:_NAME_CHARS],
        texts=texts_for(message.from_user.language_code if message.from_user else None),
        verb=match["verb"].lower() if match else "",
        rest=(match["rest"] or "").strip() if match else text,
        person_id=message.from_user.id if message.from_user else None,
    )


def _read_press(query: CallbackQuery) -> Ask | None:
    parts = (query.data or "").split("|")
    if query.message is None or len(parts) != len(Button._fields):
        return None
    button = Button(*parts)
    return Ask(
        chat_id=query.message.chat.id,
        message_id=query.message.message_id,
        private=query.message.chat.type == "private",
        name=_name(query.from_user),
        texts=texts_for(query.from_user.language_code),
        verb=button.verb,
        button=button,
        callback_id=query.id,
        person_id=query.from_user.id,
        on_picture=isinstance(query.message, Message) and bool(query.message.photo),
    )


def _name(user: User | None) -> str:
    """A name for the list of chats; some people, and anonymous administrators, have none."""
    return (user.full_name.strip() if user is not None else "") or "?"
