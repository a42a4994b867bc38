"""Keeps to Telegram's limits, obeys its `retry_after`, repeats what Telegram's own troubles have stopped."""

from __future__ import annotations

import logging
import os
from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from datetime import timedelta
from typing import Any, NamedTuple, cast

from telegram.error import BadRequest, NetworkError, RetryAfter, TimedOut
from telegram.ext import BaseRateLimiter

from stallaini.clock import Clock

# Durations from the library are then of the type that its next major version gives alone.
os.environ["PTB_TIMEDELTA"] = "1"

_TRIES = 4
_SLACK_S = 0.5
_LONGEST_WAIT_S = 90.0
_FIRST_PAUSE_S = 0.5

_GATES_REMEMBERED = 5000
_WRITTEN = ("sendMessage", "sendPhoto", "editMessage")


class Pace(NamedTuple):
    """At most so many messages within so many seconds."""

    most: int
    per_s: float


# The limits that Telegram's FAQ for bots names: 1 a second in a chat, short bursts aside; 20 a minute in a
# group; 30 a second in all.
_PRIVATE, _GROUP, _ALL_CHATS = Pace(20, 20.0), Pace(20, 60.0), Pace(28, 1.0)

logger = logging.getLogger(__name__)

_Result = bool | dict[str, Any] | list[dict[str, Any]]


class _Gate:
    """A chat, or a kind of call that is to none: when Telegram listens again, and what was sent lately."""

    def __init__(self, pace: Pace | None) -> None:
        self.open_at_s = float("-inf")
        self._pace = pace
        self._sent_s: deque[float] = deque()

    def wait_s(self, now_s: float) -> float:
        """How long a call has to wait, if it were made now."""
        free_at_s = self.open_at_s
        if self._pace is not None:
            while self._sent_s and self._sent_s[0] <= now_s - self._pace.per_s:
                self._sent_s.popleft()
            if len(self._sent_s) >= self._pace.most:
                free_at_s = max(free_at_s, self._sent_s[0] + self._pace.per_s)
        return free_at_s - now_s

    def note(self, now_s: float) -> None:
        """A call is made."""
        if self._pace is not None:
            self._sent_s.append(now_s)


class Patience(BaseRateLimiter[None]):
    """Keeps Telegram's pace, waits where it asks for a pause, and tries again after a 5xx, up to four times.

    A pause that Telegram asks for (429) holds for the chat it was said of; other chats go on. A call that
    would have to wait more than 90 s fails with RetryAfter at once: an answer that late helps nobody. A
    timeout is not repeated, since the message may have been delivered.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._gates: OrderedDict[str, _Gate] = OrderedDict()
        self._all = _Gate(_ALL_CHATS)

    async def initialize(self) -> None:
        """Nothing to prepare."""

    async def shutdown(self) -> None:
        """Nothing to release."""

    async def process_request(
        self,
        callback: Callable[..., Coroutine[Any, Any, _Result]],
        args: Any,
        kwargs: dict[str, Any],
        endpoint: str,
        data: dict[str, Any],
        rate_limit_args: None,  # noqa: ARG002 - the library's interface
    ) -> _Result:
        """Make one call of the Bot API, patiently."""
        gates = self._gates_for(endpoint, data.get("chat_id"))
        for attempt in range(_TRIES - 1):
            try:
                return await self._when_open(gates, lambda: callback(*args, **kwargs))
            except RetryAfter as error:
                wait_s = seconds(error)
                logger.warning("Telegram asks for a pause of %.0f s (%s)", wait_s, endpoint)
                open_at_s = self._clock.monotonic_s() + wait_s + _SLACK_S
                gates[0].open_at_s = max(gates[0].open_at_s, open_at_s)
            except (BadRequest, TimedOut):
                raise
            except NetworkError as error:
                logger.warning("%s failed at Telegram, trying again: %s", endpoint, error)
                await self._clock.sleep(_FIRST_PAUSE_S * 2**attempt)
        return await self._when_open(gates, lambda: callback(*args, **kwargs))

    def _gates_for(self, endpoint: str, chat_id: object) -> list[_Gate]:
        """The gates a call has to pass: its chat's own first, or its kind's; then everybody's."""
        if chat_id is None or not endpoint.startswith(_WRITTEN):
            return [self._gate(endpoint, None)]
        return [self._gate(str(chat_id), _GROUP if str(chat_id).startswith("-") else _PRIVATE), self._all]

    def _gate(self, key: str, pace: Pace | None) -> _Gate:
        gate = self._gates.setdefault(key, _Gate(pace))
        self._gates.move_to_end(key)
        if len(self._gates) > _GATES_REMEMBERED:
            self._gates.popitem(last=False)
        return gate

    async def _when_open(self, gates: Sequence[_Gate], call: Callable[[], Awaitable[_Result]]) -> _Result:
        while (wait_s := max(gate.wait_s(self._clock.monotonic_s()) for gate in gates)) > 0:
            if wait_s > _LONGEST_WAIT_S:
                raise RetryAfter(timedelta(seconds=wait_s))
            await self._clock.sleep(wait_s)
        for gate in gates:
            gate.note(self._clock.monotonic_s())
        return await call()


def seconds(error: RetryAfter) -> float:
    """The pause Telegram asks for."""
    return cast("timedelta", error.retry_after).total_seconds()
