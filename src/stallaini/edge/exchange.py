"""One exchange with the server: a payload up, a payload down; CoAP with OSCORE on one UDP socket."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections import Counter
from collections.abc import Callable
from typing import Protocol

from aiocoap import error, oscore
from aiocoap.message import Message
from aiocoap.numbers.codes import CHANGED, POST
from aiocoap.numbers.constants import TransportTuning
from aiocoap.numbers.types import ACK, RST
from aiocoap.protocol import Context
from aiocoap.transports.oscore import OSCOREAddress

from stallaini.edge.addresses import Addresses
from stallaini.edge.round_trips import RoundTrips
from stallaini.link.accounting import Meter
from stallaini.link.enrolment import SERVER_PEER, accept
from stallaini.link.join import Join
from stallaini.link.oscore import ContextStore, StoredContext
from stallaini.link.udp6 import (
    Endpoint,
    OnceTuning,
    OpenSocket,
    SenderTuning,
    open_endpoint,
    poke_proof,
    udp_socket,
)

_LOG = logging.getLogger(__name__)
_BLOCK_BYTES = 1024
_GRACE_S = 10.0
_HINTS = {
    b"unknown": "the server does not know this edge: enrol the site again and start with the new --join LINE",
    b"key": "the server has another key for this edge: enrol the site again, start with the new --join LINE",
    b"replay": "the server has seen this sequence number: a repeated packet, or this machine was restored "
    "from a copy; in that case enrol the site again",
}


class LinkDown(Exception):
    """No answer that can be used: the message may or may not have arrived. Send it again later."""


class Refused(LinkDown):
    """The server answered that it will not take this; the text says why, as far as it told."""


class Exchange(Protocol):
    """Sends one uplink and returns the downlink; raises LinkDown."""

    async def __call__(self, payload: bytes) -> bytes:
        """The server's answer to `payload`."""


class CoapExchange:
    """The exchange over the network. One at a time; it outlives every change of address and outage.

    `ack_timeout_s` is how long the first repetition waits at most (less on a quick line, `RoundTrips`); after
    about 31 to 46 times that it gives up.
    After a message without an answer the next ones are not repeated, until one is answered: whoever tries
    again and again repeats enough. `poked` is called when the server asks to be called; `pokes` counts
    those that were `taken`, and the `ignored` ones: forged, repeated, or overtaken by a newer message of
    ours. `meter` is told of every datagram.
    """

    def __init__(
        self,
        contexts: ContextStore,
        join: Join,
        ack_timeout_s: float = 2.0,
        poked: Callable[[], None] = lambda: None,
        meter: Meter | None = None,
        open_socket: OpenSocket = udp_socket,
    ) -> None:
        accept(contexts, join)
        self._security = contexts.context(SERVER_PEER)
        self.pokes: Counter[str] = Counter()
        self._screen = _AnswersOnly(self._security, poked, self.pokes)
        self._join = join
        self._trips = RoundTrips(ack_timeout_s)
        self._once = OnceTuning(ack_timeout_s)
        self._silent = False
        self._meter = meter
        self._open_socket = open_socket
        self._turn = asyncio.Lock()
        self._open: tuple[Context, Endpoint] | None = None
        self._addresses = Addresses(join.host, join.port, socket.SOCK_DGRAM)

    async def __call__(self, payload: bytes) -> bytes:
        """Send `payload`, repeat it until it is answered or time is up; raises LinkDown."""
        async with self._turn:
            tuning = self._once if self._silent else SenderTuning(self._trips.patience_s)
            try:
                async with asyncio.timeout(_limit_s(tuning, payload)):
                    response = await self._request(payload, tuning)
            except asyncio.CancelledError:
                await self._close_socket()  # else aiocoap goes on repeating the message, for nobody
                self._addresses.failed()
                raise
            except TimeoutError as failure:
                await self._close_socket()  # frees what aiocoap keeps for an answer that will not come
                raise self._down("no answer in time") from failure
            except oscore.NotAProtectedMessage as failure:
                raise Refused(refusal_hint(failure.plain_message)) from failure
            except (error.Error, OSError) as failure:
                raise self._down(str(failure) or type(failure).__name__) from failure
        self._silent = False
        if response.code != CHANGED:
            raise Refused(f"the server answered {response.code}")
        return bytes(response.payload)

    async def close(self) -> None:
        """Close the socket; an exchange under way ends with LinkDown."""
        await self._close_socket()

    async def _request(self, payload: bytes, tuning: TransportTuning) -> Message:
        context, endpoint = await self._socket()
        _, sockaddr = await self._addresses.current()
        message = uplink_message(payload)
        message.transport_tuning = tuning
        message.remote = OSCOREAddress(self._security, endpoint.address(_as_ipv6(*sockaddr)))
        endpoint.use_empty_token()
        loop = asyncio.get_running_loop()
        sent_s = loop.time()  # what CoAP's own timers go by
        response: asyncio.Future[Message] = context.request(message).response
        try:
            # A response cancelled from outside makes aiocoap stumble when its socket closes later.
            answer = await asyncio.shield(response)
        except asyncio.CancelledError:
            response.add_done_callback(_look_away)
            raise
        self._trips.took(loop.time() - sent_s)
        return answer

    async def _socket(self) -> tuple[Context, Endpoint]:
        if self._open is None:
            sock = self._open_socket(None)
            self._open = await open_endpoint(sock, self._screen, site=None, meter=self._meter)
        return self._open

    async def _close_socket(self) -> None:
        opened, self._open = self._open, None
        if opened is not None:
            await opened[0].shutdown()

    def _down(self, reason: str) -> LinkDown:
        """The error to raise; the next exchange tries the next address."""
        self._addresses.failed()
        self._silent = True
        return LinkDown(f"{self._join.host} port {self._join.port}: {reason}")


class _AnswersOnly:
    """Lets answers in and nothing else: the edge serves nobody, and its bytes are metered.

    A poke is taken note of and goes no further either.
    """

    def __init__(self, security: StoredContext, poked: Callable[[], None], pokes: Counter[str]) -> None:
        self._security = security
        self._poked = poked
        self._pokes = pokes

    def refused(self, reason: str, source: str) -> None:
        _LOG.debug("dropped a datagram from %s: %s", source, reason)

    def admits(self, message: Message, endpoint: Endpoint, /) -> bool:
        if message.mtype in (ACK, RST):
            return endpoint.awaits(message)
        proof = poke_proof(message)
        if proof is not None:
            self._take_poke(proof)
            return False
        return message.code is not None and bool(message.code.is_response())

    def _take_poke(self, proof: bytes) -> None:
        taken = self._security.takes_poke(proof)
        self._pokes["taken" if taken else "ignored"] += 1
        if taken:
            self._poked()


def _limit_s(tuning: TransportTuning, payload: bytes) -> float:
    """A little more than the transport's own time-out, for the case that it waits for ever."""
    blocks = 1 + len(payload) // _BLOCK_BYTES
    return float(tuning.MAX_TRANSMIT_WAIT) + _GRACE_S * blocks


def _look_away(response: asyncio.Future[Message]) -> None:
    """Take the result nobody waits for any more."""
    if not response.cancelled():
        response.exception()


def uplink_message(payload: bytes) -> Message:
    """The request that carries an uplink, before it is protected."""
    return Message(code=POST, payload=payload)


def refusal_hint(plain: Message) -> str:
    """What an unprotected refusal may mean. Anyone on the path can forge one: it is a hint, no more."""
    return _HINTS.get(bytes(plain.payload), f"the server answered {plain.code} without protection")


def _as_ipv6(host: str, port: int, flow: int = 0, scope: int = 0) -> tuple[str, int, int, int]:
    return (host if ":" in host else f"::ffff:{host}", port, flow, scope)
