"""The network between two machines, datagram by datagram, and sockets that end in it.

Modelled: loss each way, doubles, delay of each datagram by its own (so that they overtake each other),
partitions with and without a route, the port unreachable where the host runs but no program listens,
the edge's public address changing. Not modelled: a largest packet size, fragments, damaged bytes (which
the UDP checksum drops), bandwidth.
"""

from __future__ import annotations

import errno
import hashlib
import itertools
import random
import socket
import struct
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from stallaini.ops.lab.timeline import ProcessLoop, Timeline

SERVER_HOST = "10.0.0.1"
_HOST_MAPPED = f"::ffff:{SERVER_HOST}"
_PKTINFO = [(socket.IPPROTO_IPV6, socket.IPV6_PKTINFO, struct.pack("16sI", bytes(16), 0))]
_UNREACHABLE = struct.pack("IbbbbII", errno.ECONNREFUSED, 2, 3, 3, 0, 0, 0)
_ERROR_QUEUE, _RECEIVE_ERROR = 0x2000, 25  # Linux: MSG_ERRQUEUE, IPV6_RECVERR
_BASE_DELAY_S = (0.03, 0.4)
_PER_MILLE = 1000

Sockaddr = tuple[str, int, int, int]


class Host(Protocol):
    """What a socket has to know of the machine it is on."""

    @property
    def running(self) -> bool:
        """Whether the machine has power, so that a closed port is answered."""

    def step(self, loop: ProcessLoop) -> bool:
        """A process of this machine is about to act; raises when it has died."""


@dataclass
class Weather:
    """What the network does just now; shares are in thousandths, delays in seconds."""

    lost_up: int = 0
    lost_down: int = 0
    doubled: int = 0
    upto_s: int = 0
    cut: bool = False
    no_route: bool = False


class SimSocket:
    """As much of a UDP socket as aiocoap's transport uses; belongs to one process of one machine."""

    def __init__(self, network: Network, host: Host, loop: ProcessLoop, name: Sockaddr) -> None:
        self._network = network
        self._host = host
        self._loop = loop
        self._fileno = network.next_fileno()
        self._arrived: deque[tuple[bytes, Sockaddr]] = deque()
        self._errors: deque[Sockaddr] = deque()
        self.name = name
        self.closed = False

    @property
    def alive(self) -> bool:
        """Whether anybody listens."""
        return not (self.closed or self._loop.is_closed())

    def fileno(self) -> int:
        """A number of its own."""
        return self._fileno

    def getsockname(self) -> Sockaddr:
        """The address it is bound to."""
        return self.name

    def setblocking(self, _flag: bool) -> None:
        """Never blocks anyway."""

    def setsockopt(self, *_option: object) -> None:
        """There is nothing to set."""

    def close(self) -> None:
        """Nothing arrives any more."""
        self.closed = True

    def sendmsg(self, buffers: tuple[bytes, ...], _ancdata: object, _flags: int, address: Sockaddr) -> None:
        """Hand one datagram to the network. Raises OSError without a route."""
        self._host.step(self._loop)
        self._network.send(self, b"".join(buffers), address)

    def recvmsg(self, _size: int, _ancillary: int = 0, flags: int = 0) -> tuple[bytes, Any, int, Sockaddr]:
        """The next datagram, or with MSG_ERRQUEUE the next error. Raises BlockingIOError for none."""
        if flags & _ERROR_QUEUE:
            if not self._errors:
                raise BlockingIOError
            ancdata = [(socket.IPPROTO_IPV6, _RECEIVE_ERROR, _UNREACHABLE)]
            return b"", ancdata, _ERROR_QUEUE, self._errors.popleft()
        if not self._arrived:
            raise BlockingIOError
        data, source = self._arrived.popleft()
        return data, _PKTINFO, 0, source

    def deliver(self, data: bytes, source: Sockaddr) -> None:
        """A datagram arrives."""
        self._arrived.append((data, source))
        self._loop.readable(self._fileno)

    def unreachable(self, address: Sockaddr) -> None:
        """Word arrives that nobody listens at `address`."""
        self._errors.append(address)
        self._loop.readable(self._fileno)


class Network:
    """Everything on its way. `weather` may change at any time; `counts` tells what became of datagrams."""

    def __init__(self, timeline: Timeline, chance: random.Random) -> None:
        self.weather = Weather()
        self.counts: Counter[str] = Counter()
        self._timeline = timeline
        self._chance = chance
        self._numbers = itertools.count(1000)
        self._public = itertools.count(1)
        self._server: tuple[Host, SimSocket] | None = None
        self._server_host: Host | None = None
        self._edge: SimSocket | None = None
        self._edge_host = self._new_public_host()
        self._digest = hashlib.blake2b(digest_size=8)
        self.log: Callable[[str], None] = lambda _: None

    def next_fileno(self) -> int:
        """A number no other socket has."""
        return next(self._numbers)

    def edge_socket(self, host: Host, loop: ProcessLoop) -> SimSocket:
        """A socket on the edge, which only calls and is called by nobody."""
        self._edge = SimSocket(self, host, loop, ("::", next(self._numbers), 0, 0))
        return self._edge

    def server_socket(self, host: Host, loop: ProcessLoop, port: int) -> SimSocket:
        """The server's socket."""
        made = SimSocket(self, host, loop, ("::", port, 0, 0))
        self._server = host, made
        return made

    def move_edge(self) -> None:
        """The edge gets another public address; what is on its way to the old one is lost."""
        self._edge_host = self._new_public_host()

    @property
    def digest(self) -> str:
        """Stands for every datagram so far: when, which way, what became of it, its bytes."""
        return self._digest.hexdigest()

    def send(self, sender: SimSocket, data: bytes, address: Sockaddr) -> None:
        """Carry a datagram, or not. Raises OSError where the edge has no route."""
        up = sender is not (self._server and self._server[1])
        if up and self.weather.no_route:
            self._note(up, "no route", data)
            raise OSError(errno.ENETUNREACH, "Network is unreachable")
        # Drawn for every datagram alike, so that a change of weather changes nothing else.
        lost, doubled, late, first, second = (self._chance.random() for _ in range(5))
        weather = self.weather
        if weather.cut or lost * _PER_MILLE < (weather.lost_up if up else weather.lost_down):
            self._note(up, "lost", data)
            return
        self._note(up, "sent", data)
        source = (self._edge_host, sender.name[1], 0, 0) if up else (_HOST_MAPPED, sender.name[1], 0, 0)
        self._carry(up, data, source, address, self._delay_s(late, first))
        if doubled * _PER_MILLE < weather.doubled:
            self._note(up, "doubled", data)
            self._carry(up, data, source, address, self._delay_s(late, second))

    def _delay_s(self, late: float, share: float) -> float:
        low_s, high_s = _BASE_DELAY_S
        # Most datagrams come soon even in bad weather, or nothing would ever be acknowledged in time.
        extra_s = self.weather.upto_s * share if late < 0.5 else 0.0
        return low_s + (high_s - low_s) * share + extra_s

    def _carry(self, up: bool, data: bytes, source: Sockaddr, address: Sockaddr, delay_s: float) -> None:
        arrive = self._arrive_up if up else self._arrive_down
        self._timeline.at(self._timeline.now_s + delay_s, arrive, data, source, address)

    def _arrive_up(self, data: bytes, source: Sockaddr, address: Sockaddr) -> None:
        if self.weather.cut or self._server is None:
            return
        host, listening = self._server
        if listening.alive:
            listening.deliver(data, source)
        elif host.running and self._is_edge(source):
            self.counts["port unreachable"] += 1
            assert self._edge is not None
            self._edge.unreachable(address)

    def _arrive_down(self, data: bytes, source: Sockaddr, address: Sockaddr) -> None:
        if not self.weather.cut and self._is_edge(address):
            assert self._edge is not None
            self._edge.deliver(data, source)

    def _is_edge(self, address: Sockaddr) -> bool:
        edge = self._edge
        return edge is not None and edge.alive and address[:2] == (self._edge_host, edge.name[1])

    def _new_public_host(self) -> str:
        return f"::ffff:198.51.100.{next(self._public) % 250 + 1}"

    def _note(self, up: bool, fate: str, data: bytes) -> None:
        self.counts[fate] += 1
        way = "up" if up else "down"
        self._digest.update(
            b"%.6f %s %s %d " % (self._timeline.now_s, way.encode(), fate.encode(), len(data))
        )
        self._digest.update(data)
        self.log(f"{way} {len(data)} B {fate}")
