"""A server's endpoint and an edge's exchange, joined by a relay, on loopback."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.support.udp_relay import UdpRelay

from stallaini.clock import VirtualClock
from stallaini.edge.exchange import CoapExchange, LinkDown
from stallaini.link.enrolment import admit
from stallaini.link.oscore import ContextStore
from stallaini.server.coap import CoapEndpoint
from stallaini.server.coap_gate import Handle

PATIENT_S = 2.0
HASTE_S = 0.02
"""An acknowledgement time-out that makes giving up take one second instead of a minute and a half."""


class CoapPair:
    """`handled` lists what the server's handler was given; its answer is `down:` and the payload."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.clock = VirtualClock(wall_s=1_800_000_000.0)
        self.handled: list[tuple[str, bytes]] = []
        self.copied: list[str] = []
        self.handle: Handle = self.record
        self.server_contexts = ContextStore(folder / "server.sqlite")
        self.endpoint = self._endpoint(0)
        self.relay = UdpRelay(0)
        self.port = 0

    async def open(self) -> None:
        await self.endpoint.start()
        self.port = self.endpoint.port
        self.relay.retarget(self.port)
        await self.relay.start()
        self.join = admit(self.server_contexts, "noto", "127.0.0.1", self.relay.port)
        self.exchange = self.new_exchange()

    async def close(self) -> None:
        await self.exchange.close()
        await self.endpoint.close()
        await self.relay.close()

    async def record(self, site: str, payload: bytes) -> bytes:
        self.handled.append((site, payload))
        return b"down:" + payload

    def new_exchange(self, ack_timeout_s: float = PATIENT_S) -> CoapExchange:
        """The edge's program started on its file, whatever became of the one before."""
        return CoapExchange(ContextStore(self.folder / "edge.sqlite"), self.join, ack_timeout_s)

    async def restart_edge(self, ack_timeout_s: float = PATIENT_S) -> None:
        """End the edge's program and start it again."""
        await self.exchange.close()
        self.exchange = self.new_exchange(ack_timeout_s)

    async def restart_server(self) -> None:
        """End the server's program without any parting word to its file, and start it again."""
        await self.endpoint.close()
        self.server_contexts = ContextStore(self.folder / "server.sqlite")
        self.endpoint = self._endpoint(self.port)
        await self.endpoint.start()

    async def check_alive(self) -> None:
        """A good exchange works, and nothing but it reaches the handler."""
        before = len(self.handled)
        assert await self.exchange(b"still there?") == b"down:still there?"
        assert self.handled[before:] == [("noto", b"still there?")]

    def _endpoint(self, port: int) -> CoapEndpoint:
        async def handle(site: str, payload: bytes) -> bytes:
            return await self.handle(site, payload)

        async def copied(site: str) -> None:
            self.copied.append(site)

        return CoapEndpoint(self.server_contexts, handle, self.clock, bind=("127.0.0.1", port), copied=copied)


@asynccontextmanager
async def coap_pair(folder: Path) -> AsyncIterator[CoapPair]:
    pair = CoapPair(folder)
    await pair.open()
    try:
        yield pair
    finally:
        await pair.close()


async def exchanged(exchange: CoapExchange, payload: bytes) -> int:
    """How many times the payload was handed to the exchange until it was answered.

    More than once without any loss too: after silence a message is sent once, and may be answered too late.
    """
    for attempt in range(1, 10):
        try:
            assert await exchange(payload) == b"down:" + payload
        except LinkDown:
            continue
        return attempt
    raise AssertionError("no answer after nine attempts")


class RawClient:
    """A stranger with a UDP socket."""

    def __init__(self, port: int) -> None:
        self._to = ("127.0.0.1", port)
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.setblocking(False)

    def send(self, datagram: bytes) -> None:
        self.sock.sendto(datagram, self._to)

    async def ask(self, datagram: bytes, wait_s: float = 1.0) -> bytes | None:
        """Send, and return the first answer, or None when none comes in time."""
        self.send(datagram)
        try:
            return await asyncio.wait_for(asyncio.get_running_loop().sock_recv(self.sock, 4096), wait_s)
        except TimeoutError:
            return None

    def close(self) -> None:
        self.sock.close()
