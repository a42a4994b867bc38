"""A port that the other end opens: a serial server that connects to us, as one behind a mobile link does."""

from __future__ import annotations

import asyncio
import contextlib
import socket

from stallaini.devices.ports.descriptor_port import DescriptorPort
from stallaini.devices.ports.port import OpenPort, PortLost

WAIT_S = 10.0
"""So long `open` waits for somebody to connect."""
_BACKLOG = 2


class Listener:
    """Listens at `host:port` from the first `open` on; one connection, of which a new one takes the place.

    A serial server that lost its power does not end its old connection: so the newest is the true one.
    """

    def __init__(self, host: str, port: int) -> None:
        self._address = (host, port)
        self._name = f"listen:{host}:{port}"
        self._server: socket.socket | None = None
        self._newest: DescriptorPort | None = None
        self._fresh = asyncio.Event()

    async def open(self) -> OpenPort:
        """The connection that came last and was not given out yet. Raises PortLost when none comes."""
        if self._server is None:
            self._server = await self._listen()
        try:
            async with asyncio.timeout(WAIT_S):
                await self._fresh.wait()
        except TimeoutError:
            raise PortLost(f"{self._name}: nobody has connected") from None
        self._fresh.clear()
        assert self._newest is not None
        return self._newest

    def close(self) -> None:
        """Listen no more; the connection ends."""
        if self._server is not None:
            asyncio.get_running_loop().remove_reader(self._server.fileno())
            self._server.close()
            self._server = None
        if self._newest is not None:
            self._newest.close()

    async def _listen(self) -> socket.socket:
        loop = asyncio.get_running_loop()
        try:
            found = await loop.getaddrinfo(*self._address, type=socket.SOCK_STREAM)
            server = socket.create_server(found[0][4][:2], family=found[0][0], backlog=_BACKLOG)
        except OSError as error:
            raise PortLost(f"{self._name}: {error.strerror or error}") from error
        server.setblocking(False)
        loop.add_reader(server.fileno(), self._accept, server)
        return server

    def _accept(self, server: socket.socket) -> None:
        try:
            connection, _ = server.accept()
        except OSError:
            return  # it is gone again already
        connection.setblocking(False)
        with contextlib.suppress(OSError):
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self._newest is not None:
            self._newest.close()
        self._newest = DescriptorPort(connection.fileno(), self._name, connection.close)
        self._fresh.set()
