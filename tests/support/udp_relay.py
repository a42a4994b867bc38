"""A UDP relay between edge and server that counts, drops, doubles, delays and cuts, and changes addresses."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass, field

IP_UDP_BYTES = 28
"""IPv4 and UDP headers of one datagram."""
Address = tuple[str, int]


@dataclass
class Faults:
    """What happens to datagrams, as probabilities; `cut` loses everything."""

    drop: float = 0.0
    double: float = 0.0
    delay: float = 0.0
    delay_s: float = 0.02
    cut: bool = False


@dataclass
class Direction:
    """What passed in one direction: sizes of the datagrams' payloads, and the datagrams themselves."""

    sizes: list[int] = field(default_factory=list)
    datagrams: list[bytes] = field(default_factory=list)

    @property
    def ip_bytes(self) -> int:
        """Bytes at the IP level, headers included."""
        return sum(self.sizes) + IP_UDP_BYTES * len(self.sizes)


class _Socket(asyncio.DatagramProtocol):
    def __init__(self, received: Callable[[bytes, Address], None]) -> None:
        self._received = received

    def datagram_received(self, data: bytes, addr: Address) -> None:
        self._received(data, addr)

    def error_received(self, exc: Exception) -> None:
        pass


class UdpRelay:
    """Listens on 127.0.0.1:`port` and forwards to the server; one client at a time."""

    def __init__(self, server_port: int, faults: Faults | None = None, seed: int = 1) -> None:
        self.faults = faults or Faults()
        self.up, self.down = Direction(), Direction()
        self.port = 0
        self._server: Address = ("127.0.0.1", server_port)
        self._random = random.Random(seed)
        self._client: Address | None = None
        self._front: asyncio.DatagramTransport | None = None
        self._back: asyncio.DatagramTransport | None = None

    async def start(self, port: int = 0) -> None:
        loop = asyncio.get_running_loop()
        self._front, _ = await loop.create_datagram_endpoint(
            lambda: _Socket(self._from_client), local_addr=("127.0.0.1", port)
        )
        self.port = self._front.get_extra_info("sockname")[1]
        await self.change_address()

    async def change_address(self) -> None:
        """Talk to the server from another port from now on, as a NAT does after a while."""
        old = self._back
        loop = asyncio.get_running_loop()
        self._back, _ = await loop.create_datagram_endpoint(
            lambda: _Socket(self._from_server), local_addr=("127.0.0.1", 0)
        )
        if old is not None:
            old.close()

    def retarget(self, server_port: int) -> None:
        """Forward to another server port from now on."""
        self._server = ("127.0.0.1", server_port)

    @property
    def client_port(self) -> int:
        """The port the client was last heard from."""
        assert self._client is not None
        return self._client[1]

    async def close(self) -> None:
        for transport in (self._front, self._back):
            if transport is not None:
                transport.close()
        await asyncio.sleep(0)

    def _from_client(self, data: bytes, address: Address) -> None:
        self._client = address
        self.up.sizes.append(len(data))
        self.up.datagrams.append(data)
        self._pass_on(lambda: self._back, data, lambda: self._server)

    def _from_server(self, data: bytes, _address: Address) -> None:
        self.down.sizes.append(len(data))
        self.down.datagrams.append(data)
        self._pass_on(lambda: self._front, data, lambda: self._client)

    def _pass_on(
        self,
        transport: Callable[[], asyncio.DatagramTransport | None],
        data: bytes,
        to: Callable[[], Address | None],
    ) -> None:
        if self.faults.cut or self._random.random() < self.faults.drop:
            return

        def send() -> None:
            out, address = transport(), to()
            if out is not None and not out.is_closing():
                out.sendto(data, address)

        for _ in range(2 if self._random.random() < self.faults.double else 1):
            if self._random.random() < self.faults.delay:
                asyncio.get_running_loop().call_later(self.faults.delay_s, send)
            else:
                send()
