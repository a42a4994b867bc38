"""One transaction for everything that arrived while the one before was being committed."""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Sequence
from typing import NamedTuple

from stallaini.clock import Clock
from stallaini.server.store.base import Accepted, Outcome, Store, StoreUnavailable

log = logging.getLogger(__name__)

_LARGEST_GROUP = 1000
_COMPLAIN_EVERY_S = 60.0


class _Waiting(NamedTuple):
    accepted: Accepted
    outcome: asyncio.Future[Outcome]


class GroupCommit:
    """Hands uplinks to the store in groups: the more arrive, the more share one disk sync."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._waiting: list[_Waiting] = []
        self._running: asyncio.Task[None] | None = None
        self._quiet_until_s = -math.inf

    async def commit(self, accepted: Accepted) -> Outcome:
        """Durable when it returns; raises what the store raised for this one."""
        waiting = _Waiting(accepted, asyncio.get_running_loop().create_future())
        self._waiting.append(waiting)
        if self._running is None or self._running.done():
            self._running = asyncio.create_task(self._run())
        return await waiting.outcome

    async def _run(self) -> None:
        while self._waiting:
            group, self._waiting = self._waiting[:_LARGEST_GROUP], self._waiting[_LARGEST_GROUP:]
            await self._make_durable(group)

    async def _make_durable(self, group: Sequence[_Waiting]) -> None:
        try:
            outcomes = await self._store.ingest([waiting.accepted for waiting in group])
        except StoreUnavailable as error:
            self._complain(error, len(group))
            _fail(group, error)
        except Exception as error:
            if len(group) == 1:
                log.exception("an uplink of %s cannot be stored", group[0].accepted.site)
                _fail(group, error)
                return
            # One of them is at fault; the others must not suffer for it.
            for waiting in group:
                await self._make_durable([waiting])
        else:
            for waiting, outcome in zip(group, outcomes, strict=True):
                if not waiting.outcome.done():
                    waiting.outcome.set_result(outcome)

    def _complain(self, error: StoreUnavailable, uplinks: int) -> None:
        if self._clock.monotonic_s() >= self._quiet_until_s:
            self._quiet_until_s = self._clock.monotonic_s() + _COMPLAIN_EVERY_S
            log.error("%s; %d uplinks not acknowledged, their sites keep them", error, uplinks)


def _fail(group: Sequence[_Waiting], error: Exception) -> None:
    for waiting in group:
        if not waiting.outcome.done():
            waiting.outcome.set_exception(error)
