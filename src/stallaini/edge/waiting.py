"""Waiting for something to happen, but not for ever, by a clock that is handed in."""

from __future__ import annotations

import asyncio

from stallaini.clock import Clock


async def came(event: asyncio.Event, clock: Clock, seconds: float | None) -> bool:
    """Wait for the event, at most `seconds` (None: as long as it takes); whether it came."""
    if seconds is None:
        return await event.wait()
    waits = [asyncio.ensure_future(event.wait()), asyncio.ensure_future(clock.sleep(seconds))]
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
    return event.is_set()
