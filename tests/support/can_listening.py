"""What a test hears of a bus: frames and events."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

from tests.support.waiting import until

from stallaini.clock import Clock, SystemClock
from stallaini.devices.can_bus.frame import EventData, Frame
from stallaini.devices.can_bus.reader import CanReader


class HastyClock(SystemClock):
    """A clock on which a second takes 10 ms."""

    def monotonic_s(self) -> float:
        return super().monotonic_s() * 100

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds / 100)


class Heard:
    """Collects what a reader tells."""

    def __init__(self) -> None:
        self.frames: list[Frame] = []
        self.events: list[tuple[str, EventData]] = []

    def on_event(self, kind: str, data: EventData) -> None:
        self.events.append((kind, data))

    def kinds(self) -> list[str]:
        return [kind for kind, _ in self.events]

    async def until_event(self, kind: str) -> EventData:
        await until(lambda: kind in self.kinds())
        return next(data for told, data in self.events if told == kind)

    async def until_frames(self, count: int) -> list[Frame]:
        await until(lambda: len(self.frames) >= count)
        return self.frames


@contextlib.asynccontextmanager
async def listening(spec: str, clock: Clock | None = None) -> AsyncIterator[tuple[CanReader, Heard]]:
    """A reader at work on `spec` for the time of the block."""
    heard = Heard()
    reader = CanReader(spec, clock or HastyClock(), heard.frames.append, heard.on_event)
    task = asyncio.create_task(reader.run())
    try:
        yield reader, heard
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
