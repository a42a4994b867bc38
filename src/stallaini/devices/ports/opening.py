"""Which port to open, from one line of the site file: `serial:/dev/ttyUSB0@115200` or `tcp:host:port`."""

from __future__ import annotations

import asyncio
import socket
from typing import NamedTuple

import serial

from stallaini.devices.ports.descriptor_port import DescriptorPort
from stallaini.devices.ports.port import OpenPort, PortLost
from stallaini.errors import OperatorError

CONNECT_TIMEOUT_S = 10.0
_EXAMPLES = "serial:/dev/ttyUSB0@115200 or tcp:10.0.0.5:4001"


class SerialLine(NamedTuple):
    """A serial device and its bits a second."""

    path: str
    baud: int


class TcpAddress(NamedTuple):
    """Where a serial server listens."""

    host: str
    port: int


def parse_port(spec: str) -> SerialLine | TcpAddress:
    """The place a port line names. Raises OperatorError when it is not one."""
    kind, _, place = spec.partition(":")
    if kind == "serial":
        path, _, baud = place.rpartition("@")
        if path.startswith("/") and baud.isdecimal() and int(baud) > 0:
            return SerialLine(path, int(baud))
    if kind == "tcp":
        host, _, port = place.rpartition(":")
        if host and port.isdecimal() and 0 < int(port) < 65_536:
            return TcpAddress(host.strip("[]"), int(port))
    raise OperatorError(f"no such port {spec!r}; write {_EXAMPLES}")


async def open_port(spec: str, parity: str = serial.PARITY_NONE) -> OpenPort:
    """Open what a port line names; a serial line with 8 data bits, `parity` (N, E, O) and 1 stop bit.

    Raises OperatorError for a line that names no port, PortLost when it cannot be opened now.
    """
    place = parse_port(spec)
    try:
        if isinstance(place, SerialLine):
            return await _open_serial(place, parity, spec)
        return await _connect(place, spec)
    except TimeoutError:
        raise PortLost(f"{spec}: no answer within {CONNECT_TIMEOUT_S:g} s") from None
    except (OSError, ValueError) as error:  # SerialException is an OSError
        raise PortLost(f"{spec}: {error}") from error


async def _open_serial(place: SerialLine, parity: str, name: str) -> OpenPort:
    # Opening may block (an adapter being plugged in); when cancelled meanwhile, close what comes of it.
    opening = asyncio.ensure_future(asyncio.to_thread(_open_line, place, parity))
    try:
        line = await asyncio.shield(opening)
    except asyncio.CancelledError:
        opening.add_done_callback(_close_opened)
        raise
    return DescriptorPort(line.fileno(), name, line.close)


def _open_line(place: SerialLine, parity: str) -> serial.Serial:
    return serial.Serial(place.path, place.baud, parity=parity, timeout=0, write_timeout=0, exclusive=True)


def _close_opened(opening: asyncio.Future[serial.Serial]) -> None:
    if not opening.cancelled() and opening.exception() is None:
        opening.result().close()


async def _connect(place: TcpAddress, name: str) -> OpenPort:
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(CONNECT_TIMEOUT_S):
        found = await loop.getaddrinfo(place.host, place.port, type=socket.SOCK_STREAM)
        family, kind, protocol, _, address = found[0]
        connection = socket.socket(family, kind, protocol)
        connection.setblocking(False)
        try:
            await loop.sock_connect(connection, address)
        except BaseException:
            connection.close()
            raise
    # Without this a serial server that lost its power would look like one with nothing to say, for ever.
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return DescriptorPort(connection.fileno(), name, connection.close)
