"""Counts every IP byte that passes an interface, both ways: what a modem bills."""

from __future__ import annotations

import errno
import socket
import struct
from collections import Counter
from types import TracebackType
from typing import NamedTuple

from stallaini.ops.netlab.namespace import Namespace
from stallaini.ops.netlab.pair import CABLE
from stallaini.ops.netlab.tunnel import TUNNEL_PORT

_ALL_PROTOCOLS, _IPV4, _IPV6 = 0x0003, 0x0800, 0x86DD  # linux/if_ether.h
_OUTGOING = 4  # PACKET_OUTGOING, linux/if_packet.h
_SOL_PACKET, _STATISTICS = 263, 6  # SOL_PACKET, PACKET_STATISTICS
_SO_RCVBUFFORCE = 33
_BUFFER_BYTES = 64_000_000
_HEAD_BYTES = 64
_MTU = 1500
_UDP = 17
_WG_DATA, _WG_KEEPALIVE_BYTES = 4, 32  # message type, and the length of one without content


class Traffic(NamedTuple):
    """What passed: IP bytes up and down, packets, and how much of it a tunnel spent on itself.

    `upkeep_bytes` are WireGuard's handshakes and keepalives; they are in up and down as well.
    """

    up_bytes: int = 0
    down_bytes: int = 0
    packets: int = 0
    upkeep_bytes: int = 0

    @property
    def ip_bytes(self) -> int:
        """Both ways."""
        return self.up_bytes + self.down_bytes

    @property
    def carried_bytes(self) -> int:
        """Both ways, a tunnel's upkeep apart."""
        return self.ip_bytes - self.upkeep_bytes


class WireCounter:
    """Listens on the edge's end of the cable from its making on."""

    def __init__(self, namespace: Namespace) -> None:
        self._socket = namespace.call(_open_socket)
        self._total: Counter[str] = Counter()

    def __enter__(self) -> WireCounter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._socket.close()

    def total(self) -> Traffic:
        """Everything since the counter was made. Raises RuntimeError when it could not keep up."""
        while True:
            try:
                data, (_, protocol, direction, *_) = self._socket.recvfrom(_HEAD_BYTES)
            except BlockingIOError:
                break
            except OSError as error:
                if error.errno != errno.ENETDOWN:
                    raise
                continue  # told once when the interface goes down; it is heard again when it is up
            self._add(data, protocol, direction)
        _, lost = struct.unpack("II", self._socket.getsockopt(_SOL_PACKET, _STATISTICS, 8))
        if lost:
            raise RuntimeError(f"{lost} packets were not counted")
        return Traffic(*(self._total[name] for name in Traffic._fields))

    def _add(self, data: bytes, protocol: int, direction: int) -> None:
        if protocol not in (_IPV4, _IPV6):
            return
        length = int.from_bytes(data[2:4]) if protocol == _IPV4 else 40 + int.from_bytes(data[4:6])
        if length > _MTU:
            raise RuntimeError(f"a merged packet of {length} B: the interface's offloads are on")
        self._total["up_bytes" if direction == _OUTGOING else "down_bytes"] += length
        self._total["packets"] += 1
        if protocol == _IPV4 and _is_upkeep(data, length):
            self._total["upkeep_bytes"] += length


def _is_upkeep(data: bytes, length: int) -> bool:
    """Whether an IPv4 packet is WireGuard's, and not one that carries something."""
    start = 4 * (data[0] & 15)
    if data[9] != _UDP or TUNNEL_PORT not in struct.unpack_from("!HH", data, start):
        return False
    return data[start + 8] != _WG_DATA or length == start + 8 + _WG_KEEPALIVE_BYTES


def _open_socket() -> socket.socket:
    listener = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(_ALL_PROTOCOLS))
    listener.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, _BUFFER_BYTES)
    listener.bind((CABLE, _ALL_PROTOCOLS))
    listener.setblocking(False)
    return listener
