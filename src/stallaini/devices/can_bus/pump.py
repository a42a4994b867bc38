"""Carries what an open python-can bus receives into the event loop."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable

import can

UNUSABLE = (can.CanError, OSError, ImportError, NotImplementedError)
"""What python-can raises when a bus cannot be opened, or is gone."""

_BATCH = 256
_THREAD_WAIT_S = 0.2
_GARBAGE_BORNE = 16


class Pump:
    """Carries messages from an open bus into the event loop, in order, until the bus fails."""

    def __init__(
        self, bus: can.BusABC, take: Callable[[can.Message], None], damaged: Callable[[Exception], None]
    ) -> None:
        self._bus = bus
        self._take = take
        self._damaged = damaged
        self._garbage = 0

    async def run(self) -> None:
        """Returns never; raises what the bus or `take` raised."""
        try:
            handle = self._bus.fileno()
        except NotImplementedError:
            handle = -1
        if handle >= 0:
            await self._by_readiness(handle)
        else:
            await self._by_thread()

    async def _by_readiness(self, handle: int) -> None:
        loop = asyncio.get_running_loop()
        failed: asyncio.Future[None] = loop.create_future()

        def drain() -> None:
            try:
                for _ in range(_BATCH):
                    message = self._receive(0)
                    if message is None:
                        return
                    self._take(message)
            except Exception as error:
                loop.remove_reader(handle)
                if not failed.done():
                    failed.set_exception(error)

        loop.add_reader(handle, drain)
        try:
            await failed
        finally:
            loop.remove_reader(handle)

    async def _by_thread(self) -> None:
        while True:
            for message in await asyncio.to_thread(self._receive_some):
                self._take(message)

    def _receive_some(self) -> list[can.Message]:
        messages: list[can.Message] = []
        wait_s = _THREAD_WAIT_S
        while len(messages) < _BATCH and (message := self._receive(wait_s)) is not None:
            messages.append(message)
            wait_s = 0.0
        return messages

    def _receive(self, wait_s: float) -> can.Message | None:
        """One message; None when there is none now. Raises when the bus has failed."""
        while self._garbage < _GARBAGE_BORNE:
            try:
                message = self._bus.recv(wait_s)
            except can.CanOperationError as error:
                # Garbage from the wire (a stray datagram) is no failure of the bus.
                if error.__cause__ is None or isinstance(error.__cause__, OSError):
                    raise
                self._bear(error)
            except ValueError as error:
                self._bear(error)
            else:
                self._garbage = self._garbage if message is None else 0
                return message
        raise can.CanOperationError("nothing but garbage comes from this bus")

    def _bear(self, error: Exception) -> None:
        self._garbage += 1
        self._damaged(error)


def shut_down(bus: can.BusABC) -> None:
    """Close a bus, whatever it says to that."""
    with contextlib.suppress(Exception):  # a bus that is gone may refuse even to be closed
        bus.shutdown()
