"""A way to wait for what must come, however busy the machine is."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


async def until(holds: Callable[[], bool], timeout_s: float = 10) -> None:
    """Return once it holds; fail when it does not in time."""
    async with asyncio.timeout(timeout_s):
        while not holds():  # noqa: ASYNC110 - what is waited for happens in other threads and processes
            await asyncio.sleep(0.002)
