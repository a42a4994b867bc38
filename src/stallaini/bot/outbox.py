"""Alarms and digests on their way into Telegram: taken from the server's outbox, sent or edited, reported.

A message is never shown twice. Before a first sending the server is told that it begins; when its end is not
known afterwards (no answer came, or this program was killed), the message is looked for before it is sent
again: an edit that gives a message the very buttons it has is refused as no change, and the buttons name the
alarm.
"""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Sequence
from typing import Protocol

import msgspec

from stallaini.bot.api_client import ApiError, NotFound
from stallaini.bot.asking import Button
from stallaini.bot.outbox_api import Item, OutboxApi, Report
from stallaini.clock import Clock

logger = logging.getLogger(__name__)

LOOKED_FOR = 40
"""So many message ids after the newest one known are looked at for a message whose sending was cut."""

_WAIT_S = 25.0
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 1.0, 30.0

Keyboard = tuple[tuple[str, str], ...]
"""Labels and callback data of a row of buttons."""


class Gone(Exception):
    """The chat or the message is not there any more, or the bot may not write there."""


class NotSent(Exception):
    """It certainly did not arrive; `retry_after_s` is how long Telegram wants to be left alone."""

    def __init__(self, why: str, retry_after_s: float = 0.0) -> None:
        super().__init__(why)
        self.retry_after_s = retry_after_s


class Unsure(Exception):
    """It may or may not have arrived."""


class Post(Protocol):
    """Telegram, as far as the outbox needs it. Each method raises Gone, NotSent or Unsure."""

    async def send(self, chat_id: int, html: str, buttons: Keyboard) -> int:
        """A new message; its id."""

    async def edit(self, chat_id: int, message_id: int, html: str, buttons: Keyboard) -> None:
        """Let a message say this; one that says it already stays as it is."""

    async def has_buttons(self, chat_id: int, message_id: int, buttons: Keyboard) -> bool:
        """Whether this is a message of ours with exactly these buttons."""


class SeenIds:
    """The highest message id seen per group, and in all private chats, which share one count."""

    def __init__(self) -> None:
        self._newest: dict[int, int] = {}
        self._untold: set[int] = set()

    def note(self, chat_id: int, message_id: int) -> None:
        """A message with this id was seen in this chat."""
        key = min(chat_id, 0)
        if message_id > self._newest.get(key, 0):
            self._newest[key] = message_id
            self._untold.add(chat_id)

    def newest(self, chat_id: int) -> int:
        """The highest id seen that counts for this chat; 0: none."""
        return self._newest.get(min(chat_id, 0), 0)

    async def tell(self, api: OutboxApi) -> None:
        """Have the server keep what is new, for the program that comes after this one. Raises ApiError."""
        while self._untold:
            chat_id = next(iter(self._untold))
            await api.seen(chat_id, self.newest(chat_id))
            self._untold.discard(chat_id)


class _Attempt(msgspec.Struct, frozen=True):
    """Noted at the server before a first sending: after which id it will stand, with which buttons."""

    after: int
    buttons: Keyboard


class OutboxCourier:
    """Brings what the outbox holds to Telegram, chats beside each other, each chat's in order."""

    def __init__(self, api: OutboxApi, post: Post, clock: Clock, seen: SeenIds | None = None) -> None:
        self._api = api
        self._post = post
        self._clock = clock
        self.seen = seen or SeenIds()

    async def run(self) -> None:
        """Deliver until cancelled, whatever the server or Telegram do."""
        pause_s = _FIRST_PAUSE_S
        while True:
            try:
                await self.deliver(_WAIT_S)
            except NotFound:
                logger.info("this server has no outbox; alarms are not told here")
                await self._clock.sleep(_LONGEST_PAUSE_S)
            except ApiError as error:
                level = logging.WARNING if pause_s == _FIRST_PAUSE_S else logging.DEBUG
                logger.log(level, "the outbox cannot be had, trying again: %s", error)
                await self._clock.sleep(pause_s)
                pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)
            else:
                pause_s = _FIRST_PAUSE_S

    async def deliver(self, wait_s: float = 0.0) -> int:
        """Take what waits and bring it there; how many messages that were. Raises ApiError."""
        await self.seen.tell(self._api)
        items = await self._api.take(wait_s)
        lanes: dict[int, list[Item]] = defaultdict(list)
        for item in items:
            lanes[item.chat_id].append(item)
        ends = await asyncio.gather(*map(self._in_order, lanes.values()), return_exceptions=True)
        for end in ends:
            if end is not None:
                raise end
        return len(items)

    async def _in_order(self, items: Sequence[Item]) -> None:
        for item in items:
            await self._api.report(item.id, await self._bring(item))

    async def _bring(self, item: Item) -> Report:
        try:
            message_id = await self._show(item)
        except Gone as error:
            return Report("gone", item.version, error=str(error))
        except NotSent as error:
            return Report("failed", item.version, error=str(error), retry_after_s=error.retry_after_s)
        except Unsure as error:
            return Report("unsure", item.version, error=str(error))
        return Report("shown", item.version, message_id=message_id)

    async def _show(self, item: Item) -> int:
        buttons = keyboard(item)
        message_id = item.message_id or await self._look_for(item)
        if message_id is not None:
            await self._post.edit(item.chat_id, message_id, item.html, buttons)
            return message_id
        newest = max(item.newest_id, self.seen.newest(item.chat_id))
        attempt = msgspec.json.encode(_Attempt(newest, buttons)).decode()
        await self._api.report(item.id, Report("sending", item.version, attempt=attempt))
        return await self._post.send(item.chat_id, item.html, buttons)

    async def _look_for(self, item: Item) -> int | None:
        """The id of the message that an earlier try may have sent; None when it is not there."""
        if item.attempt is None:
            return None
        attempt = msgspec.json.decode(item.attempt, type=_Attempt)
        if not attempt.after or not attempt.buttons:
            return None
        for message_id in range(attempt.after + 1, attempt.after + 1 + LOOKED_FOR):
            if await self._post.has_buttons(item.chat_id, message_id, attempt.buttons):
                logger.info("message %d in chat %d had arrived after all", message_id, item.chat_id)
                return message_id
        return None


def keyboard(item: Item) -> Keyboard:
    """The buttons of an item and what a press asks: `ack|ALARM|`, `snooze|ALARM|60`, `alarm|ALARM|`."""
    return tuple(
        (
            button.label,
            Button(
                button.action, item.alarm or "", "" if button.minutes is None else str(button.minutes)
            ).data(),
        )
        for button in item.buttons
    )
