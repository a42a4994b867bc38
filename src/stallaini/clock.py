"""The only module that reads a clock; every other part is handed one of these."""

from __future__ import annotations

import asyncio
import ctypes
import heapq
import itertools
import mmap
import struct
import time
from pathlib import Path
from typing import Protocol


class Clock(Protocol):
    """Two times and a way to wait: monotonic seconds since boot, and wall seconds (Unix time, UTC)."""

    def monotonic_s(self) -> float:
        """Seconds since boot; never steps, the same for every process of one boot."""

    def wall_s(self) -> float:
        """Seconds since 1970-01-01T00:00Z; may be wrong or step on a machine without a clock chip."""

    def synchronized(self) -> bool:
        """Whether `wall_s` is known to be right, as far as this clock can tell."""

    async def sleep(self, seconds: float) -> None:
        """Return after `seconds` of this clock's monotonic time."""


class SystemClock:
    """The machine's own clocks."""

    # What adjtimex(2) fills in is at most 208 bytes; zeros ask it to change nothing.
    _TIMEX_BYTES = 512
    _TIME_ERROR = 5

    def monotonic_s(self) -> float:
        """Seconds of CLOCK_MONOTONIC, shared by all processes since boot."""
        return time.monotonic()

    def wall_s(self) -> float:
        """Seconds of CLOCK_REALTIME."""
        return time.time()

    def synchronized(self) -> bool:
        """Whether the kernel was told by a time service, within its last hours, that the clock is right.

        False where there is no such kernel to ask.
        """
        ask = getattr(ctypes.CDLL(None), "adjtimex", None)
        if ask is None:
            return False
        state = int(ask(ctypes.create_string_buffer(self._TIMEX_BYTES)))
        return 0 <= state < self._TIME_ERROR

    async def sleep(self, seconds: float) -> None:
        """Sleep in real time."""
        await asyncio.sleep(max(0.0, seconds))


class VirtualClock:
    """A clock that stands still until told to advance: for simulated history and for tests.

    `right` tells whether its wall time is to be believed; it can be set at any time.
    """

    def __init__(self, wall_s: float, monotonic_s: float = 0.0, *, right: bool = True) -> None:
        self.right = right
        self._wall_offset_s = wall_s - monotonic_s
        self._monotonic_s = monotonic_s
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._order = itertools.count()

    def monotonic_s(self) -> float:
        """Virtual seconds since the virtual boot."""
        return self._monotonic_s

    def wall_s(self) -> float:
        """Virtual Unix time."""
        return self._monotonic_s + self._wall_offset_s

    def synchronized(self) -> bool:
        """What was last said of it."""
        return self.right

    def advance(self, seconds: float) -> None:
        """Move both times forward and wake the sleepers that are due."""
        self._monotonic_s += seconds
        while self._sleepers and self._sleepers[0][0] <= self._monotonic_s:
            future = heapq.heappop(self._sleepers)[2]
            if not future.done():
                future.set_result(None)

    def step_wall(self, seconds: float) -> None:
        """Step the wall time alone, as a first contact with a time server does."""
        self._wall_offset_s += seconds

    async def sleep(self, seconds: float) -> None:
        """Wait until `advance` has moved the clock past the end."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self._monotonic_s + seconds, next(self._order), future))
        await future


class SharedClock:
    """A clock in a small file that one process drives and others read: for replay faster than real time.

    The file holds three doubles of this machine: monotonic seconds, wall seconds less those, and whether the
    wall time is right (1 or 0). A reader that sleeps looks at the file every 2 ms of real time.
    """

    # A memoryview's item is written and read whole: struct goes byte by byte, so that a reader in another
    # process would now and then see half of the old time.
    _LAYOUT = struct.Struct("=ddd")
    _POLL_S = 0.002

    def __init__(self, path: Path) -> None:
        with path.open("r+b") as file:
            self._cells = memoryview(mmap.mmap(file.fileno(), self._LAYOUT.size)).cast("d")

    @classmethod
    def create(cls, path: Path, wall_s: float, monotonic_s: float = 1000.0) -> SharedClock:
        """Make the file (replacing an old one) and return a clock on it."""
        path.write_bytes(cls._LAYOUT.pack(monotonic_s, wall_s - monotonic_s, 1.0))
        return cls(path)

    def monotonic_s(self) -> float:
        """Seconds as last set by the driver."""
        return self._cells[0]

    def wall_s(self) -> float:
        """Unix time as last set by the driver."""
        return self._cells[0] + self._cells[1]

    def synchronized(self) -> bool:
        """What the driver says of it; True unless it says otherwise."""
        return self._cells[2] != 0.0

    def advance(self, seconds: float) -> None:
        """Driver only: move both times forward."""
        self._cells[0] += seconds

    def set_wall(self, wall_s: float, *, right: bool = True) -> None:
        """Driver only: step the wall time, and say whether it is to be believed."""
        self._cells[2] = float(right)
        self._cells[1] = wall_s - self._cells[0]

    async def sleep(self, seconds: float) -> None:
        """Poll the file until its monotonic time has passed the end."""
        end_s = self.monotonic_s() + seconds
        while self.monotonic_s() < end_s:  # noqa: ASYNC110 - another process drives the clock
            await asyncio.sleep(self._POLL_S)


def open_clock(shared_file: Path | None) -> Clock:
    """The clock a program runs on: the machine's, or the shared file's when one is named."""
    return SystemClock() if shared_file is None else SharedClock(shared_file)
