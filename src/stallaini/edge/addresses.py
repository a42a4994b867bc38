"""Where a host name leads: looked up as seldom as possible, since a look-up costs metered bytes."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

Address = tuple[socket.AddressFamily, tuple[Any, ...]]


class Addresses:
    """The addresses of one host and port. The one in use stays until it fails, then comes the next.

    After the last one the name is looked up again.
    """

    def __init__(self, host: str, port: int, kind: socket.SocketKind) -> None:
        self._host, self._port, self._kind = host, port, kind
        self._found: list[Address] = []

    async def current(self) -> Address:
        """The address in use. Raises OSError when the name cannot be looked up."""
        if not self._found:
            loop = asyncio.get_running_loop()
            found = await loop.getaddrinfo(self._host, self._port, type=self._kind)
            self._found = [(family, sockaddr) for family, *_, sockaddr in found]
        return self._found[0]

    def failed(self) -> None:
        """The address in use did not answer."""
        del self._found[:1]
