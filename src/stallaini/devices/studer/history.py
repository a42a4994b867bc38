"""The gateway's message history: read when it says that there is news, each message told once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Protocol, runtime_checkable

from stallaini.devices.can_bus.frame import EventData
from stallaini.devices.studer.asker import StuderRefused
from stallaini.devices.studer.memory import Memory
from stallaini.devices.studer.messages import StoredMessage, message

MESSAGE = "studer.message"
MOST_AT_ONCE = 20
"""Of more than these the older ones stay in the gateway, to be read at its display."""


@runtime_checkable
class MessageSource(Protocol):
    """A master that can read stored messages; index 0 is the newest and settles the order of the others."""

    message_pending: bool

    async def read_message(self, index: int) -> StoredMessage:
        """Raises StuderRefused when there is none, StuderSilent and PortLost."""


class History:
    """Tells the messages of one gateway as events, the oldest first."""

    def __init__(
        self, memory: Memory, names: dict[int, str], on_event: Callable[[str, EventData], None]
    ) -> None:
        self._memory = memory
        self._names = names
        self._on_event = on_event

    async def tell_news(self, source: MessageSource) -> None:
        """Read from the newest message back to one already told, and tell them. Raises as `source` does."""
        news: list[StoredMessage] = []
        for index in range(MOST_AT_ONCE):
            try:
                stored = await source.read_message(index)
            except StuderRefused:
                break  # there are no more
            if self._memory.knows_message(_identity(stored)):
                break
            news.append(stored)
        for stored in reversed(news):
            self.tell(stored)
        if news:
            self._memory.told_messages([_identity(stored) for stored in reversed(news)])

    def tell(self, stored: StoredMessage) -> None:
        """Tell one message, whether it was told or not."""
        meaning = message(stored.nr)
        data: EventData = {
            "device": self._names.get(stored.address, str(stored.address)),
            "number": stored.nr,
            "text": meaning.text,
            "severity": meaning.severity.value,
        }
        if stored.unix_s is not None:
            # The gateway's clock shows the site's local time, set by a person: told as it stands.
            data["at"] = datetime.fromtimestamp(stored.unix_s, UTC).strftime("%Y-%m-%d %H:%M:%S")
        self._on_event(MESSAGE, data)


def _identity(stored: StoredMessage) -> tuple[int, int, int]:
    return stored.address, stored.unix_s or 0, stored.nr
