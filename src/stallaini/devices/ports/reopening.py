"""A port that is opened when it is first used, and anew after each loss."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial

from stallaini.devices.ports.listening import Listener
from stallaini.devices.ports.opening import open_port
from stallaini.devices.ports.port import OpenPort, PortLost
from stallaini.site.port_line import parse_port


class ReopeningPort:
    """A `Port` over one connection after another. Whoever uses it decides how often to try again."""

    def __init__(
        self, open_now: Callable[[], Awaitable[OpenPort]], ended: Callable[[], None] = lambda: None
    ) -> None:
        self._open_now = open_now
        self._ended = ended
        self._port: OpenPort | None = None

    async def send(self, data: bytes) -> None:
        """Send all of `data`, opening the port if need be. Raises PortLost."""
        port = await self._opened()
        try:
            await port.send(data)
        except PortLost:
            self._let_go()
            raise

    async def receive(self, timeout_s: float) -> bytes:
        """Whatever has come, b"" when nothing came in time; opens the port if need be. Raises PortLost."""
        port = await self._opened()
        try:
            return await port.receive(timeout_s)
        except PortLost:
            self._let_go()
            raise

    def close(self) -> None:
        """Let the connection go, and listen for no other."""
        self._let_go()
        self._ended()

    async def _opened(self) -> OpenPort:
        if self._port is None:
            self._port = await self._open_now()
        return self._port

    def _let_go(self) -> None:
        if self._port is not None:
            self._port.close()
            self._port = None


def reopening_port(line: str, parity: str = "N") -> ReopeningPort:
    """The port that a line of the site file names: a serial line, or TCP either way. Opens nothing yet.

    Raises ValueError when the line names none.
    """
    port = parse_port(line)
    if port.kind == "listen":
        listener = Listener(port.place, port.number)
        return ReopeningPort(listener.open, listener.close)
    return ReopeningPort(partial(open_port, line, parity))
