"""The device's end of a serial line: a pseudo-terminal, or TCP either way as serial device servers do it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import tty
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from stallaini.clock import Clock
from stallaini.errors import OperatorError

Answer = Callable[[bytes], bytes]
"""What a device says to the bytes that came; b"" says nothing."""

_CHUNK = 4096
_RETRY_S = 1.0
_FORMS = (
    "pty:/path/of/link, listen:127.0.0.1:4001 (an Xcom-LAN that is called), tcp:HOST:PORT (a Moxa that calls)"
)


class ByteEnd(Protocol):
    """Where a device's serial line ends in this process."""

    async def start(self, answer: Answer) -> None:
        """Open it and answer whatever comes. Raises OperatorError when it cannot be opened."""

    async def close(self) -> None:
        """Hang up and leave nothing behind."""


class PtyEnd:
    """A pseudo-terminal; `link` is a symbolic link to it for as long as it is open."""

    def __init__(self, link: Path) -> None:
        self._link = link
        self._device = -1
        self._other = -1
        self._answer: Answer = bytes

    async def start(self, answer: Answer) -> None:
        """Make the terminal and its link. Raises OperatorError when something else has that name."""
        self._answer = answer
        self._remove_dead_link()
        # The far end stays open here too, so that a program that closes it does not hang us up.
        self._device, self._other = os.openpty()
        tty.setraw(self._other)
        os.set_blocking(self._device, False)
        try:
            self._link.symlink_to(os.ttyname(self._other))
        except OSError as error:
            self._close_terminal()
            raise OperatorError(f"cannot make {self._link}: {error.strerror}; name another path") from error
        asyncio.get_running_loop().add_reader(self._device, self._read)

    def _remove_dead_link(self) -> None:
        """Take away what a twin that was killed left behind: a link that leads nowhere."""
        if self._link.is_symlink() and not self._link.exists():
            self._link.unlink()

    def _read(self) -> None:
        with contextlib.suppress(BlockingIOError):
            answer = self._answer(os.read(self._device, _CHUNK))
            if answer:
                # Without a reader the terminal fills up, and then bytes are lost, as on a wire.
                os.write(self._device, answer)

    async def close(self) -> None:
        """Close the terminal and take its link away."""
        if self._device < 0:
            return
        asyncio.get_running_loop().remove_reader(self._device)
        self._link.unlink(missing_ok=True)
        self._close_terminal()

    def _close_terminal(self) -> None:
        os.close(self._device)
        os.close(self._other)
        self._device = self._other = -1


class ListenEnd:
    """A TCP port that is called; one caller at a time, and a new one takes over from the one before."""

    def __init__(self, host: str, port: int) -> None:
        self._host, self._port = host, port
        self._server: asyncio.Server | None = None
        self._caller: asyncio.StreamWriter | None = None
        self._answer: Answer = bytes

    async def start(self, answer: Answer) -> None:
        """Listen. Raises OperatorError when the address is taken or not ours."""
        self._answer = answer
        try:
            self._server = await asyncio.start_server(self._serve, self._host, self._port)
        except OSError as error:
            reason = f"cannot listen on {self._host}:{self._port}: {error.strerror}"
            raise OperatorError(f"{reason}; name another port") from error

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._caller is not None:
            self._caller.close()
        self._caller = writer
        await _converse(reader, writer, self._answer)

    async def close(self) -> None:
        """Hang up and stop listening."""
        if self._caller is not None:
            self._caller.close()
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()


class ConnectEnd:
    """Calls a TCP port for as long as it runs, and calls again when it is hung up or nobody is there."""

    def __init__(self, host: str, port: int, clock: Clock) -> None:
        self._host, self._port = host, port
        self._clock = clock
        self._calling: asyncio.Task[None] | None = None

    async def start(self, answer: Answer) -> None:
        """Begin to call."""
        self._calling = asyncio.create_task(self._call(answer))

    async def _call(self, answer: Answer) -> None:
        while True:
            with contextlib.suppress(OSError):
                reader, writer = await asyncio.open_connection(self._host, self._port)
                await _converse(reader, writer, answer)
            await self._clock.sleep(_RETRY_S)

    async def close(self) -> None:
        """Hang up and call no more."""
        if self._calling is not None:
            self._calling.cancel()
            await asyncio.gather(self._calling, return_exceptions=True)


async def _converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, answer: Answer) -> None:
    """Answer until the other side hangs up."""
    try:
        with contextlib.suppress(OSError):
            while data := await reader.read(_CHUNK):
                writer.write(answer(data))
                await writer.drain()
    finally:
        writer.close()


def end_of(spec: str, clock: Clock) -> ByteEnd:
    """The end that `spec` names. Raises OperatorError when it has no known form."""
    kind, _, place = spec.partition(":")
    if kind == "pty" and place:
        return PtyEnd(Path(place))
    host, _, port = place.rpartition(":")
    if kind not in ("listen", "tcp") or not host or not port.isdecimal() or int(port) > 65_535:
        raise OperatorError(f"no such line {spec!r}; write {_FORMS}")
    if kind == "listen":
        return ListenEnd(host, int(port))
    return ConnectEnd(host, int(port), clock)
