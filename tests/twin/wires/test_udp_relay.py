"""The relay between edge and server, on real sockets."""

from __future__ import annotations

import asyncio
import socket
from typing import cast

import pytest
from tests.support.ports import free_port

from stallaini.errors import OperatorError
from stallaini.twin.wires.udp_relay import relay_of


async def _exchange(edge: socket.socket, port: int, word: bytes) -> bytes:
    loop = asyncio.get_running_loop()
    await loop.sock_sendto(edge, word, ("127.0.0.1", port))
    async with asyncio.timeout(0.3):
        return (await loop.sock_recvfrom(edge, 2000))[0]


def _socket() -> socket.socket:
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.bind(("127.0.0.1", 0))
    made.setblocking(False)
    return made


class _Echo(asyncio.DatagramProtocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self._transport.sendto(data + b" from %d" % addr[1], addr)


async def test_two_edges_have_addresses_of_their_own_and_an_outage_loses_everything() -> None:
    loop = asyncio.get_running_loop()
    server, _ = await loop.create_datagram_endpoint(_Echo, local_addr=("127.0.0.1", 0))
    here = free_port(socket.SOCK_DGRAM)
    relay = relay_of(f"127.0.0.1:{here}->127.0.0.1:{server.get_extra_info('sockname')[1]}")
    await relay.start()
    with _socket() as one, _socket() as two:
        first = await _exchange(one, here, b"x")
        assert first.startswith(b"x from ")
        assert await _exchange(one, here, b"x") == first, "the same edge comes from the same address"
        assert await _exchange(two, here, b"x") != first
        relay.cut = True
        with pytest.raises(TimeoutError):
            await _exchange(one, here, b"x")
        relay.cut = False
        assert await _exchange(one, here, b"x") == first
    await relay.close()
    server.close()


@pytest.mark.parametrize("spec", ["127.0.0.1:1", "127.0.0.1->127.0.0.1:2", "a:0->b:1", "a:x->b:1", ":1->b:2"])
def test_a_relay_that_is_none_is_refused(spec: str) -> None:
    with pytest.raises(OperatorError, match="no such relay"):
        relay_of(spec)


async def test_a_taken_port_is_told() -> None:
    with _socket() as taken:
        relay = relay_of(f"127.0.0.1:{taken.getsockname()[1]}->127.0.0.1:9")
        with pytest.raises(OperatorError, match="name another port"):
            await relay.start()
