"""A serial server that connects to us, on real sockets: the newest connection is the true one."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator

import pytest
from tests.support.ports import free_port

from stallaini.devices.ports.port import PortLost
from stallaini.devices.ports.reopening import ReopeningPort, reopening_port

Moxa = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@pytest.fixture
async def place() -> AsyncIterator[tuple[ReopeningPort, int]]:
    number = free_port(socket.SOCK_STREAM)
    port = reopening_port(f"listen:127.0.0.1:{number}")
    yield port, number
    port.close()


@contextlib.asynccontextmanager
async def connected(number: int) -> AsyncIterator[Moxa]:
    reader, writer = await asyncio.open_connection("127.0.0.1", number)
    try:
        yield reader, writer
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


async def begun(port: ReopeningPort, number: int) -> None:
    """Listening begins with the first use."""
    using = asyncio.create_task(port.send(b"?"))
    for _ in range(200):
        with contextlib.suppress(OSError):
            async with connected(number) as (reader, _):
                assert await reader.read(1) == b"?"
                await using
                return
        await asyncio.sleep(0.01)
    raise AssertionError("nobody listens")


async def test_bytes_go_both_ways_over_one_connection_after_another(place: tuple[ReopeningPort, int]) -> None:
    port, number = place
    await begun(port, number)
    with pytest.raises(PortLost):
        await port.receive(5)
    async with connected(number) as (reader, writer):
        await port.send(b"question")
        assert await reader.readexactly(8) == b"question"
        writer.write(b"answer")
        assert await port.receive(5) == b"answer"


async def test_a_new_connection_takes_the_place_of_one_that_only_seems_alive(
    place: tuple[ReopeningPort, int],
) -> None:
    port, number = place
    await begun(port, number)
    with pytest.raises(PortLost):
        await port.receive(5)
    async with connected(number) as (old, _):
        await port.send(b"1")
        assert await old.readexactly(1) == b"1"
        waiting = asyncio.create_task(port.receive(30))
        async with connected(number) as (new, _):
            with pytest.raises(PortLost):
                await waiting
            await port.send(b"2")
            assert await new.readexactly(1) == b"2"
            assert await old.read() == b""


async def test_where_nobody_connects_the_port_is_lost(
    place: tuple[ReopeningPort, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stallaini.devices.ports.listening.WAIT_S", 0.02)
    with pytest.raises(PortLost, match="nobody has connected"):
        await place[0].send(b"?")


async def test_a_place_taken_by_another_program_is_told(place: tuple[ReopeningPort, int]) -> None:
    port, number = place
    async with await asyncio.start_server(lambda reader, writer: None, "127.0.0.1", number):
        with pytest.raises(PortLost, match="in use"):
            await port.send(b"?")
