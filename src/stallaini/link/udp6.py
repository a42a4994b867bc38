"""aiocoap on one UDP socket, with a screen that looks at each datagram before it costs anything.

This is the only place that reaches below aiocoap's public surface (0.4.17): its Context offers no other
way to see a bad datagram than a log line for each.
"""

from __future__ import annotations

import logging
import socket
from collections.abc import Callable
from typing import Any, Protocol, cast

from aiocoap.message import Message
from aiocoap.numbers.codes import POST, Code
from aiocoap.numbers.constants import TransportTuning
from aiocoap.numbers.types import ACK, CON, NON
from aiocoap.protocol import Context
from aiocoap.transports.oscore import TransportOSCORE
from aiocoap.transports.udp6 import MessageInterfaceUDP6, UDP6EndpointAddress

POKE_BYTES = 8
_LOGGER = "stallaini.link.aiocoap"
_MAX_TOKEN_BYTES = 8
_MAX_REMEMBERED = 100_000

OpenSocket = Callable[[tuple[Any, ...] | None], socket.socket]
"""Makes a bound, or with None an unbound, socket; see `udp_socket`."""


class Screen(Protocol):
    """Decides which datagrams the CoAP machinery sees at all."""

    def refused(self, reason: str, source: str) -> None:
        """A datagram from the address `source` was dropped: `malformed`, `oversize`, `overload`."""

    def admits(self, message: Message, endpoint: Endpoint, /) -> bool:
        """Whether the machinery shall see a well-formed message."""


class ReceiverTuning(TransportTuning):
    """How long a receiver remembers a message, and waits for its answer before it acknowledges alone.

    A duplicate that comes later than the sender's last repetition (45 s) is refused as a replay anyway;
    an answer within 1.5 s still saves both packets of a separate one.
    """

    EXCHANGE_LIFETIME = 60.0
    EMPTY_ACK_DELAY = 1.5


class SenderTuning(TransportTuning):
    """A confirmable message; repeated 1 to 1.5 times `ack_timeout_s` later, then 3 times more."""

    reliability = True

    def __init__(self, ack_timeout_s: float) -> None:
        self.ACK_TIMEOUT = ack_timeout_s


class Endpoint(MessageInterfaceUDP6):
    """The socket. Until `screen` is set it drops whatever comes."""

    screen: Screen | None = None

    def datagram_msg_received(self, data: bytes, ancdata: list[Any], flags: int, address: Any) -> None:
        """Take one datagram from the socket; never raises."""
        if self.screen is None:
            return
        manager = cast(Any, self._ctx)
        message = self._decode(data, ancdata, address)
        if flags & socket.MSG_TRUNC:
            self.screen.refused("oversize", source_of(address))
        elif message is None:
            self.screen.refused("malformed", source_of(address))
        elif len(manager._recent_messages) >= _MAX_REMEMBERED:
            self.screen.refused("overload", source_of(address))
        elif self.screen.admits(message, self):
            message.transport_tuning = ReceiverTuning()
            manager.dispatch_message(message)

    def error_received(self, exc: OSError) -> None:
        """A datagram could not be sent. aiocoap shall hear of it only when it has noted what it sent.

        Told at once, it forgets the exchange, then notes the repetition it was about: a message given up
        would be repeated for another minute, on the owner's bill, and end in a KeyError.
        """
        remote = self._remote_being_sent_to.get()
        if remote is not None:
            self.loop.call_soon(self._unsendable, exc, remote)

    def _unsendable(self, exc: OSError, remote: UDP6EndpointAddress) -> None:
        if hasattr(self, "_ctx"):  # else shut down meanwhile
            self._ctx.dispatch_error(exc, remote)

    def _decode(self, data: bytes, ancdata: list[Any], address: Any) -> Message | None:
        wanted = (socket.IPPROTO_IPV6, socket.IPV6_PKTINFO)
        pktinfo = next((value for level, kind, value in ancdata if (level, kind) == wanted), None)
        if pktinfo is None:
            return None
        try:
            message = Message.decode(data, UDP6EndpointAddress(address, self, pktinfo=pktinfo))
        except Exception:  # aiocoap promises one type of error, and raises others
            return None
        return message if len(message.token) <= _MAX_TOKEN_BYTES else None

    def refuse(self, message: Message, code: Code, note: bytes) -> None:
        """Answer a confirmable message at once, unprotected, and remember nothing of it."""
        if message.mtype is not CON:
            return
        answer = Message(code=code, payload=note, _mtype=ACK, _mid=message.mid, _token=message.token)
        answer.remote = remote_of(message).as_response_address()
        MessageInterfaceUDP6.send(self, answer)

    def poke(self, remote: UDP6EndpointAddress, proof: bytes) -> None:
        """Send a poke: 13 bytes that want no answer, and repeat nothing when they get lost."""
        message = Message(code=POST, payload=proof, _mtype=NON, _mid=0, _token=b"")
        message.remote = remote
        MessageInterfaceUDP6.send(self, message)

    def address(self, sockaddr: tuple[str, int, int, int]) -> UDP6EndpointAddress:
        """A remote to send to from this socket, whichever of our addresses is the right one now."""
        return UDP6EndpointAddress(sockaddr, self)

    def awaits(self, message: Message) -> bool:
        """Whether a message acknowledges one of ours that is not acknowledged yet."""
        return (message.remote, message.mid) in cast(Any, self._ctx)._active_exchanges

    def use_empty_token(self) -> None:
        """Let the next request go without a token: 4 bytes less per exchange.

        Only for a sender with one request at a time whose screen admits no acknowledgement but the one
        it awaits; OSCORE binds each response to its request besides.
        """
        cast(Any, self._ctx).token_manager._token = 2**64 - 1

    @property
    def port(self) -> int:
        """The UDP port this socket is bound to."""
        return int(MessageInterfaceUDP6._local_port(self))


def poke_proof(message: Message) -> bytes | None:
    """What a poke brings to show whom it is from; None for every other message."""
    bare = message.mtype is NON and message.code is POST and not message.token
    return bytes(message.payload) if bare and len(message.payload) == POKE_BYTES else None


def remote_of(message: Message) -> UDP6EndpointAddress:
    """Where a received message came from."""
    remote = message.remote
    assert isinstance(remote, UDP6EndpointAddress)
    return remote


def source_of(address: Any) -> str:
    """The IP address of a socket address, without the port, IPv4 as people write it."""
    return str(address[0]).removeprefix("::ffff:")


async def open_endpoint(sock: socket.socket, screen: Screen, site: object | None) -> tuple[Context, Endpoint]:
    """Run CoAP with OSCORE on a socket made by `udp_socket`; `site` answers requests, None makes none."""
    context = Context(serversite=site, loggername=_LOGGER)
    context.log.setLevel(logging.ERROR)  # what peers do wrong is counted and logged by the screen
    context.request_interfaces.append(TransportOSCORE(context, context))
    opened: list[Endpoint] = []

    async def open_transport(manager: Any) -> Endpoint:
        opened.append(await Endpoint._create_transport_endpoint(sock, manager, context.log, context.loop))
        return opened[0]

    await context._append_tokenmanaged_messagemanaged_transport(open_transport)
    opened[0].screen = screen
    return context, opened[0]


def udp_socket(bind: tuple[Any, ...] | None = None) -> socket.socket:
    """A socket for IPv6 and IPv4 alike; raises OSError when `bind` cannot be had."""
    sock = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
    try:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        if bind is not None:
            sock.bind(bind)
    except OSError:
        sock.close()
        raise
    return sock
