"""Obeys Telegram's `retry_after`, and repeats what Telegram's own troubles have stopped."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from telegram.error import BadRequest, NetworkError, RetryAfter, TimedOut
from telegram.ext import BaseRateLimiter

from stallaini.clock import Clock

_TRIES = 4
_SLACK_S = 0.5
_LONGEST_WAIT_S = 90.0
_FIRST_PAUSE_S = 0.5

logger = logging.getLogger(__name__)

_Result = bool | dict[str, Any] | list[dict[str, Any]]


class Patience(BaseRateLimiter[None]):
    """After a 429 every call waits until Telegram listens again; a 5xx is tried again, up to four times.

    A call that would have to wait more than 90 s fails with RetryAfter at once: an answer that late helps
    nobody. A timeout is not repeated, since the message may have been delivered.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._open_at_s = clock.monotonic_s()

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
        data: dict[str, Any],  # noqa: ARG002 - the library's interface
        rate_limit_args: None,  # noqa: ARG002
    ) -> _Result:
        """Make one call of the Bot API, patiently."""
        for attempt in range(_TRIES - 1):
            try:
                return await self._when_open(lambda: callback(*args, **kwargs))
            except RetryAfter as error:
                wait_s = seconds(error)
                logger.warning("Telegram asks for a pause of %.0f s (%s)", wait_s, endpoint)
                self._open_at_s = max(self._open_at_s, self._clock.monotonic_s() + wait_s + _SLACK_S)
            except (BadRequest, TimedOut):
                raise
            except NetworkError as error:
                logger.warning("%s failed at Telegram, trying again: %s", endpoint, error)
                await self._clock.sleep(_FIRST_PAUSE_S * 2**attempt)
        return await self._when_open(lambda: callback(*args, **kwargs))

    async def _when_open(self, call: Callable[[], Awaitable[_Result]]) -> _Result:
        while (wait_s := self._open_at_s - self._clock.monotonic_s()) > 0:
            if wait_s > _LONGEST_WAIT_S:
                raise RetryAfter(int(wait_s))
            await self._clock.sleep(wait_s)
        return await call()


def seconds(error: RetryAfter) -> float:
    """The pause Telegram asks for."""
    retry_after = error.retry_after
    return float(retry_after) if isinstance(retry_after, int | float) else retry_after.total_seconds()
