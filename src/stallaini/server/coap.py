"""The server's end of the metered link: CoAP with OSCORE at the root, on UDP and posted by HTTP."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Mapping

from aiocoap.protocol import Context

from stallaini.clock import Clock
from stallaini.errors import OperatorError
from stallaini.link.oscore import ContextStore
from stallaini.link.refusals import Refusals
from stallaini.link.udp6 import Endpoint, OpenSocket, open_endpoint, udp_socket
from stallaini.server.coap_gate import Copied, Gate, Handle

COAP_PORT = 5683
_LOG = logging.getLogger(__name__)


class CoapEndpoint:
    """Takes uplinks from enrolled sites and hands them to `handle(site, payload) -> payload`.

    A handler that raises `Malformed` refuses the message (4.00); any other exception is logged and
    answered 5.00, and the edge sends again later. A handler once begun runs to its end. `copied` is told
    of a site whose keys two edges seem to use.
    """

    def __init__(
        self,
        contexts: ContextStore,
        handle: Handle,
        clock: Clock,
        bind: tuple[str, int] = ("::", COAP_PORT),
        copied: Copied | None = None,
        open_socket: OpenSocket = udp_socket,
    ) -> None:
        self._refusals = Refusals(clock, _LOG)
        self._gate = Gate(contexts, handle, clock, self._refusals, copied or _unheard)
        self._bind = bind
        self._open_socket = open_socket
        self._open: tuple[Context, Endpoint] | None = None

    async def start(self) -> None:
        """Open the port; raises OperatorError when it cannot be had."""
        host, port = self._bind
        try:
            found = await asyncio.get_running_loop().getaddrinfo(
                host, port, family=socket.AF_INET6, type=socket.SOCK_DGRAM, flags=socket.AI_V4MAPPED
            )
            sock = self._open_socket(found[0][4])
        except OSError as error:
            raise OperatorError(f"cannot listen on {host} port {port} (UDP): {error}") from error
        self._open = await open_endpoint(sock, self._gate, site=self._gate)

    async def close(self) -> None:
        """Close the port, then wait for the handlers still running."""
        opened, self._open = self._open, None
        if opened is not None:
            await opened[0].shutdown()
        await self._gate.drain()

    async def answer_posted(self, body: bytes, source: str) -> bytes:
        """The answer to a message from `source` that was the body of an HTTP request.

        It passes the same gate as a datagram. Raises Malformed when it is no CoAP request.
        """
        return await self._gate.answer_posted(body, source)

    def refuse(self, reason: str, source: str) -> None:
        """Count what was refused before it could be posted: `oversize`, `overload`."""
        self._gate.refused(reason, source)

    def poke(self, site: str) -> bool:
        """Ask a site to call now, at the address it last called from; False: that cannot be tried.

        At most once per call of the site. It may get lost: nothing may depend on it.
        """
        return self._open is not None and self._gate.poke(site, self._open[1])

    @property
    def port(self) -> int:
        """The UDP port; raises RuntimeError unless started."""
        if self._open is None:
            raise RuntimeError("the endpoint is not started")
        return self._open[1].port

    @property
    def refused(self) -> Mapping[str, int]:
        """Counts by reason since the start.

        `malformed`, `unprotected`, `wrong_key` (unknown key id, or protection that does not open),
        `replayed`, `oversize`, `overload`, `unavailable` (our own storage fails), `failed` (the handler
        raised); and `challenged`, no refusal: an Echo asked for after our restart.
        """
        return self._refusals.counts


async def _unheard(_site: str) -> None:
    """Nobody wants to know of copies."""
