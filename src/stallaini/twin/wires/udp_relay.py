"""A relay for the link between edge and server, which the twin can cut."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from stallaini.errors import OperatorError

_Address = tuple[str, int]


class UdpRelay:
    """Passes datagrams from whoever sends to its port on to one place, and the answers back; no filter.

    Each sender gets a socket of its own, so that the server can tell them apart. `cut` loses everything.
    """

    def __init__(self, here: _Address, there: _Address) -> None:
        self.cut = False
        self._here, self._there = here, there
        self._front: asyncio.DatagramTransport | None = None
        self._backs: dict[_Address, asyncio.DatagramTransport] = {}
        self._opening: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Listen. Raises OperatorError when the port is taken."""
        loop = asyncio.get_running_loop()
        try:
            self._front, _ = await loop.create_datagram_endpoint(
                lambda: _Ear(self._from_edge), local_addr=self._here
            )
        except OSError as error:
            host, port = self._here
            raise OperatorError(f"cannot relay from {host}:{port}: {error}; name another port") from error

    async def close(self) -> None:
        """Stop relaying."""
        for task in self._opening:
            task.cancel()
        for transport in (self._front, *self._backs.values()):
            if transport is not None:
                transport.close()

    def _from_edge(self, data: bytes, edge: _Address) -> None:
        if self.cut:
            return
        back = self._backs.get(edge)
        if back is not None:
            back.sendto(data)
            return
        task = asyncio.create_task(self._open_back(data, edge))
        self._opening.add(task)
        task.add_done_callback(self._opening.discard)

    async def _open_back(self, data: bytes, edge: _Address) -> None:
        def to_edge(answer: bytes, _server: _Address) -> None:
            if self._front is not None and not self.cut:
                self._front.sendto(answer, edge)

        loop = asyncio.get_running_loop()
        back, _ = await loop.create_datagram_endpoint(lambda: _Ear(to_edge), remote_addr=self._there)
        self._backs[edge] = back
        back.sendto(data)


class _Ear(asyncio.DatagramProtocol):
    def __init__(self, heard: Callable[[bytes, _Address], None]) -> None:
        self._heard = heard

    def datagram_received(self, data: bytes, addr: _Address) -> None:
        self._heard(data, addr)

    def error_received(self, exc: Exception) -> None:
        """Nobody listens there just now; datagrams get lost."""


def relay_of(spec: str) -> UdpRelay:
    """The relay `HOST:PORT->HOST:PORT` names. Raises OperatorError when it has another form."""
    here, arrow, there = spec.partition("->")
    try:
        if not arrow:
            raise ValueError
        return UdpRelay(_address(here), _address(there))
    except ValueError:
        form = "write '127.0.0.1:5690->127.0.0.1:5683': where the edge sends to, and the server"
        raise OperatorError(f"no such relay {spec!r}; {form}") from None


def _address(text: str) -> _Address:
    host, _, port = text.strip().rpartition(":")
    if not host or not 0 < int(port) < 65_536:
        raise ValueError(text)
    return host, int(port)
