"""Ports on real pseudo-terminals and real sockets: bytes both ways, and the end of a line told once."""

from __future__ import annotations

import asyncio
import contextlib
import os
import pty
import termios
import tty
from collections.abc import AsyncIterator

import pytest

from stallaini.devices.ports.opening import open_port
from stallaini.devices.ports.port import OpenPort, PortLost
from stallaini.errors import OperatorError


@contextlib.asynccontextmanager
async def terminal(parity: str = "N") -> AsyncIterator[tuple[OpenPort, int]]:
    """An open serial port, and the other end of its line."""
    other, line = pty.openpty()
    tty.setraw(other)
    port = await open_port(f"serial:{os.ttyname(line)}@38400", parity)
    os.close(line)
    try:
        yield port, other
    finally:
        port.close()
        with contextlib.suppress(OSError):
            os.close(other)


async def gathered(port: OpenPort, count: int) -> bytes:
    data = b""
    while len(data) < count:
        piece = await port.receive(5)
        assert piece, "nothing came within 5 s"
        data += piece
    return data


@pytest.mark.parametrize("parity", ["N", "E"])
async def test_a_serial_line_carries_bytes_both_ways(parity: str) -> None:
    everything = bytes(range(256))
    async with terminal(parity) as (port, other):
        await port.send(everything)
        assert await asyncio.to_thread(os.read, other, 1000) == everything
        os.write(other, everything)
        assert await gathered(port, 256) == everything
        assert await port.receive(0.01) == b""


async def test_bytes_of_wrong_parity_are_dropped_by_the_kernel() -> None:
    """A pseudo-terminal has no parity to be wrong, but keeps the flags that a real line obeys."""
    for parity, dropped in (("E", termios.INPCK | termios.IGNPAR), ("N", 0)):
        other, line = pty.openpty()
        port = await open_port(f"serial:{os.ttyname(line)}@38400", parity)
        assert termios.tcgetattr(line)[0] & (termios.INPCK | termios.IGNPAR) == dropped
        port.close()
        os.close(line)
        os.close(other)


async def test_a_pseudo_terminal_is_opened_again_with_a_parity_it_cannot_have() -> None:
    other, line = pty.openpty()
    tty.setraw(line)
    for parity in ("E", "E"):
        port = await open_port(f"serial:{os.ttyname(line)}@38400", parity)
        port.close()
    os.close(line)
    os.close(other)


async def test_more_than_the_line_takes_at_once_is_sent_whole() -> None:
    many = os.urandom(200_000)
    async with terminal() as (port, other):
        sending = asyncio.create_task(port.send(many))
        read = b""
        while len(read) < len(many):
            read += await asyncio.to_thread(os.read, other, 65536)
        await sending
    assert read == many


async def test_a_line_that_takes_nothing_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stallaini.devices.ports.descriptor_port._SEND_TIMEOUT_S", 0.05)
    async with terminal() as (port, _):
        with pytest.raises(PortLost, match="takes no more"):
            await port.send(bytes(1_000_000))


async def test_an_unplugged_line_gives_out_what_came_and_then_is_lost() -> None:
    async with terminal() as (port, other):
        os.write(other, b"last words")
        assert await gathered(port, 10) == b"last words"
        os.close(other)
        with pytest.raises(PortLost, match="serial:/dev/pts"):
            await port.receive(5)
        with pytest.raises(PortLost):
            await port.send(b"?")


async def test_closing_wakes_whoever_waits() -> None:
    async with terminal() as (port, _):
        waiting = asyncio.create_task(port.receive(60))
        await asyncio.sleep(0)
        port.close()
        port.close()
        with pytest.raises(PortLost, match="closed"):
            await waiting


async def test_of_what_nobody_fetches_the_newest_is_kept() -> None:
    async with terminal() as (port, other):
        for round_ in range(40):
            await asyncio.to_thread(os.write, other, bytes([round_]) * 2000)
        await asyncio.sleep(0.05)
        data = await port.receive(1)
    assert len(data) <= 64 * 1024
    assert data[-1] == 39


async def test_a_serial_server_is_reached_by_tcp_and_its_end_is_noticed() -> None:
    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(await reader.read(100))
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(echo, "127.0.0.1", 0) as server:
        number = server.sockets[0].getsockname()[1]
        port = await open_port(f"tcp:localhost:{number}")
        await port.send(b"hello")
        assert await gathered(port, 5) == b"hello"
        with pytest.raises(PortLost, match="closed by the other end"):
            await port.receive(5)
        port.close()
    with pytest.raises(PortLost, match=f"tcp:127.0.0.1:{number}"):
        await open_port(f"tcp:127.0.0.1:{number}")


async def test_a_device_that_is_not_there_is_lost_and_not_wrong() -> None:
    with pytest.raises(PortLost, match="No such file"):
        await open_port("serial:/dev/ttyUSB99@115200")


async def test_one_line_is_not_opened_twice() -> None:
    other, line = pty.openpty()
    spec = f"serial:{os.ttyname(line)}@38400"
    port = await open_port(spec)
    with pytest.raises(PortLost, match="lock"):
        await open_port(spec)
    port.close()
    (await open_port(spec)).close()
    os.close(line)
    os.close(other)


@pytest.mark.parametrize("spec", ["", "serial:/dev/ttyUSB1", "tcp:4001", "socketcan:can0"])
async def test_a_line_that_names_no_such_port_is_told(spec: str) -> None:
    with pytest.raises(OperatorError, match="write"):
        await open_port(spec)
