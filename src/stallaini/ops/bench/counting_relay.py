"""A UDP relay on the loopback that counts what a modem would bill."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

_IP_UDP_BYTES = 28  # IPv4 header 20, UDP header 8
Address = tuple[str, int]


class CountingRelay:
    """Passes datagrams between one client and a server; `ip_bytes` counts both ways, headers included.

    Each is under way for `delay_s`.
    """

    def __init__(self, server_port: int, delay_s: float = 0.0) -> None:
        self._delay_s = delay_s
        self._server: Address = ("127.0.0.1", server_port)
        self._client: Address | None = None
        self._open = False
        self.ip_bytes = 0
        self.port = 0

    async def start(self) -> None:
        """Listen on a free port."""
        loop = asyncio.get_running_loop()
        self._front, _ = await loop.create_datagram_endpoint(
            lambda: _Side(self._up), local_addr=("127.0.0.1", 0)
        )
        self._back, _ = await loop.create_datagram_endpoint(
            lambda: _Side(self._down), local_addr=("127.0.0.1", 0)
        )
        self._open = True
        self.port = int(self._front.get_extra_info("sockname")[1])

    def close(self) -> None:
        """Stop passing; what is under way is lost."""
        self._open = False
        self._front.close()
        self._back.close()

    def _up(self, data: bytes, source: Address) -> None:
        self._client = source
        self.ip_bytes += len(data) + _IP_UDP_BYTES
        self._pass(lambda: self._back.sendto(data, self._server))

    def _down(self, data: bytes, _source: Address) -> None:
        self.ip_bytes += len(data) + _IP_UDP_BYTES
        client = self._client
        if client is not None:
            self._pass(lambda: self._front.sendto(data, client))

    def _pass(self, send: Callable[[], None]) -> None:
        if self._delay_s:
            asyncio.get_running_loop().call_later(self._delay_s, self._send, send)
        else:
            send()

    def _send(self, send: Callable[[], None]) -> None:
        if self._open:
            send()


class _Side(asyncio.DatagramProtocol):
    def __init__(self, received: Callable[[bytes, Address], None]) -> None:
        self._received = received

    def datagram_received(self, data: bytes, addr: Address) -> None:
        self._received(data, addr)
