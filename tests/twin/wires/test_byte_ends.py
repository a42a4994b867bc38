"""The device's end of a serial line: real terminals and real connections."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path

import pytest
from tests.support.ports import free_port

from stallaini.clock import SystemClock
from stallaini.devices.ports.opening import open_port
from stallaini.devices.ports.port import PortLost
from stallaini.errors import OperatorError
from stallaini.twin.wires.byte_ends import ByteEnd, end_of

CLOCK = SystemClock()


def _shout(data: bytes) -> bytes:
    return data.upper()


async def _opened(spec: str) -> ByteEnd:
    end = end_of(spec, CLOCK)
    await end.start(_shout)
    return end


async def test_a_terminal_answers_whoever_opens_it_one_after_another(tmp_path: Path) -> None:
    end = await _opened(f"pty:{tmp_path / 'xcom'}")
    for word in (b"hello\n", b"\xaa\x00\x11\x13\xff\r"):
        port = await open_port(f"serial:{tmp_path / 'xcom'}@38400", parity="E")
        await port.send(word)
        assert await port.receive(2.0) == word.upper(), "every byte passes as it is"
        port.close()
    await end.close()


async def test_its_link_is_gone_at_the_end(tmp_path: Path) -> None:
    end = await _opened(f"pty:{tmp_path / 'xcom'}")
    assert (tmp_path / "xcom").is_symlink()
    await end.close()
    assert not (tmp_path / "xcom").is_symlink()


async def test_a_dead_link_of_a_killed_twin_is_replaced_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "dead").symlink_to(tmp_path / "absent")
    end = await _opened(f"pty:{tmp_path / 'dead'}")
    assert (tmp_path / "dead").exists()
    await end.close()
    (tmp_path / "diary").write_text("dear")
    with pytest.raises(OperatorError, match="name another path"):
        await _opened(f"pty:{tmp_path / 'diary'}")
    assert (tmp_path / "diary").read_text() == "dear"


async def test_a_terminal_nobody_reads_from_does_not_stop_the_twin(tmp_path: Path) -> None:
    end = end_of(f"pty:{tmp_path / 'xcom'}", CLOCK)
    await end.start(lambda _: bytes(100_000))
    port = await open_port(f"serial:{tmp_path / 'xcom'}@38400")
    for _ in range(5):
        await port.send(b"x")
        await asyncio.sleep(0.01)
    assert await port.receive(1.0)
    port.close()
    await end.close()


async def test_a_new_caller_takes_over(tmp_path: Path) -> None:
    number = free_port(socket.SOCK_STREAM)
    end = await _opened(f"listen:127.0.0.1:{number}")
    first = await open_port(f"tcp:127.0.0.1:{number}")
    await first.send(b"one")
    assert await first.receive(2.0) == b"ONE"
    second = await open_port(f"tcp:127.0.0.1:{number}")
    await second.send(b"two")
    assert await second.receive(2.0) == b"TWO"
    with pytest.raises(PortLost):
        await first.receive(2.0)
    second.close()
    await end.close()


async def test_a_caller_calls_until_somebody_is_there_and_again_when_hung_up() -> None:
    calls: list[bytes] = []
    heard = asyncio.Event()

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"who?")
        calls.append(await reader.read(100))
        writer.close()
        if len(calls) == 2:
            heard.set()

    server = await asyncio.start_server(take, "127.0.0.1", 0)
    end = end_of(f"tcp:127.0.0.1:{server.sockets[0].getsockname()[1]}", _Hasty())
    await end.start(_shout)
    async with asyncio.timeout(5):
        await heard.wait()
    assert calls == [b"WHO?", b"WHO?"]
    await end.close()
    server.close()


class _Hasty(SystemClock):
    """A clock whose sleep is short."""

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(0.01)


@pytest.mark.parametrize("spec", ["pty:", "listen:4001", "tcp:host", "tcp:host:99999", "rs232:/dev/x", "x"])
def test_a_line_that_is_none_is_refused(spec: str) -> None:
    with pytest.raises(OperatorError, match="no such line"):
        end_of(spec, CLOCK)


async def test_a_taken_port_is_told() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as taken,
        pytest.raises(OperatorError, match="name another port"),
    ):
        await _opened(f"listen:127.0.0.1:{taken.getsockname()[1]}")
