"""A port over a file descriptor of this machine, without ever blocking the event loop."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Callable

from stallaini.devices.ports.port import PortLost

_READ_BYTES = 4096
_KEPT_BYTES = 64 * 1024
_SEND_TIMEOUT_S = 5.0


class DescriptorPort:
    """Bytes over a non-blocking descriptor (a serial line, a pseudo-terminal, a connected socket).

    What nobody fetches is kept up to 64 kB, the newest. `close` closes the descriptor by `release`.
    """

    def __init__(self, handle: int, name: str, release: Callable[[], None]) -> None:
        self._handle = handle
        self._name = name
        self._release = release
        self._received = bytearray()
        self._lost: PortLost | None = None
        self._news = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(handle, self._take)

    async def send(self, data: bytes) -> None:
        """Send all of `data`; PortLost when the line is gone or takes nothing for 5 s."""
        left = memoryview(data)
        try:
            async with asyncio.timeout(_SEND_TIMEOUT_S):
                while left:
                    self._fail_if_lost()
                    left = left[await self._write_some(left) :]
        except TimeoutError:
            raise self._lose("takes no more bytes") from None

    async def receive(self, timeout_s: float) -> bytes:
        """Whatever has come, b"" when nothing came in time. What came before a loss is still given out."""
        if not self._received:
            self._fail_if_lost()
            self._news.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(timeout_s):
                    await self._news.wait()
        if not self._received:
            self._fail_if_lost()
        data = bytes(self._received)
        self._received.clear()
        return data

    def close(self) -> None:
        """Close the line; a receiver that waits gets PortLost."""
        self._lose("closed")

    def _take(self) -> None:
        try:
            data = os.read(self._handle, _READ_BYTES)
        except (BlockingIOError, InterruptedError):
            return
        except OSError as error:
            self._lose(error.strerror or str(error))
            return
        if not data:
            self._lose("closed by the other end")
            return
        self._received += data
        del self._received[:-_KEPT_BYTES]
        self._news.set()

    async def _write_some(self, data: memoryview) -> int:
        try:
            return os.write(self._handle, data)
        except (BlockingIOError, InterruptedError):
            await self._writable()
            return 0
        except OSError as error:
            raise self._lose(error.strerror or str(error)) from error

    async def _writable(self) -> None:
        ready: asyncio.Future[None] = self._loop.create_future()
        self._loop.add_writer(self._handle, _settle, ready)
        try:
            await ready
        finally:
            if self._handle >= 0:
                self._loop.remove_writer(self._handle)

    def _fail_if_lost(self) -> None:
        if self._lost is not None:
            raise self._lost

    def _lose(self, how: str) -> PortLost:
        if self._lost is None:
            self._lost = PortLost(f"{self._name}: {how}")
            self._loop.remove_reader(self._handle)
            self._loop.remove_writer(self._handle)
            self._handle = -1
            with contextlib.suppress(OSError):  # a line that is gone may refuse even to be closed
                self._release()
            self._news.set()
        return self._lost


def _settle(ready: asyncio.Future[None]) -> None:
    if not ready.done():
        ready.set_result(None)
