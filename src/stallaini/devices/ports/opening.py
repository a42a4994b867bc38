"""Opens the port that one line of the site file names: `serial:/dev/ttyUSB0@115200` or `tcp:host:port`."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import termios
from pathlib import Path
from typing import Any

import serial

from stallaini.devices.ports.descriptor_port import DescriptorPort
from stallaini.devices.ports.port import OpenPort, PortLost
from stallaini.errors import OperatorError
from stallaini.site.port_line import PortLine, parse_port

CONNECT_TIMEOUT_S = 10.0
_PSEUDO_TERMINALS = "/dev/pts"


async def open_port(spec: str, parity: str = serial.PARITY_NONE) -> OpenPort:
    """Open what a port line names; a serial line with 8 data bits, `parity` (N, E, O) and 1 stop bit.

    Raises OperatorError for a line that names no port, PortLost when it cannot be opened now.
    """
    try:
        line = parse_port(spec)
    except ValueError as error:
        raise OperatorError(str(error)) from None
    try:
        if line.kind == "serial":
            return await _open_serial(line, parity, spec)
        if line.kind == "tcp":
            return await _connect(line, spec)
    except TimeoutError:
        raise PortLost(f"{spec}: no answer within {CONNECT_TIMEOUT_S:g} s") from None
    except (OSError, ValueError) as error:  # SerialException is an OSError
        raise PortLost(f"{spec}: {error}") from error
    raise OperatorError(f"{spec}: not a port for bytes; write serial:... or tcp:...")


async def _open_serial(line: PortLine, parity: str, name: str) -> OpenPort:
    # Opening may block (an adapter being plugged in); when cancelled meanwhile, close what comes of it.
    opening = asyncio.ensure_future(asyncio.to_thread(_open_line, line, parity))
    try:
        opened = await asyncio.shield(opening)
    except asyncio.CancelledError:
        opening.add_done_callback(_close_opened)
        raise
    return DescriptorPort(opened.fileno(), name, lambda: _close_line(opened))


def _close_line(line: serial.Serial) -> None:
    # The kernel lets a close wait, for half a minute, until a line that takes nothing has taken all.
    with contextlib.suppress(OSError, termios.error):
        line.reset_output_buffer()
    line.close()


def _open_line(line: PortLine, parity: str) -> serial.Serial:
    checked = parity != serial.PARITY_NONE
    if Path(line.place).resolve().is_relative_to(_PSEUDO_TERMINALS):
        parity = serial.PARITY_NONE  # they carry bytes, not bits, and refuse any other
    try:
        opened = serial.Serial(
            line.place, line.number, parity=parity, timeout=0, write_timeout=0, exclusive=True
        )
        if checked:
            _drop_bytes_of_wrong_parity(opened.fileno())
    except termios.error as error:  # which is no OSError
        raise OSError(*error.args) from error
    return opened


def _drop_bytes_of_wrong_parity(handle: int) -> None:
    # pyserial sends a parity bit but has the kernel hand on what comes with a wrong one.
    attributes = termios.tcgetattr(handle)
    attributes[0] |= termios.INPCK | termios.IGNPAR
    termios.tcsetattr(handle, termios.TCSANOW, attributes)


def _close_opened(opening: asyncio.Future[serial.Serial]) -> None:
    if not opening.cancelled() and opening.exception() is None:
        opening.result().close()


async def _connect(line: PortLine, name: str) -> OpenPort:
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(CONNECT_TIMEOUT_S):
        found = await loop.getaddrinfo(line.place, line.number, type=socket.SOCK_STREAM)
        for family, _, _, _, address in found[:-1]:
            with contextlib.suppress(OSError):  # a name may have an address that nobody listens at
                return _port(await _connected(family, address), name)
        family, _, _, _, address = found[-1]
        return _port(await _connected(family, address), name)


async def _connected(family: int, address: tuple[Any, ...]) -> socket.socket:
    connection = socket.socket(family, socket.SOCK_STREAM)
    connection.setblocking(False)
    try:
        await asyncio.get_running_loop().sock_connect(connection, address)
    except BaseException:
        connection.close()
        raise
    return connection


def _port(connection: socket.socket, name: str) -> OpenPort:
    # Without this a serial server that lost its power would look like one with nothing to say, for ever.
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return DescriptorPort(connection.fileno(), name, connection.close)
