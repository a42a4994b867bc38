"""The exchange where UDP is blocked: the same protected messages, each as the body of an HTTPS POST."""

from __future__ import annotations

import asyncio
import ssl
from http import HTTPStatus
from http.client import HTTPException

from aiocoap import error, oscore
from aiocoap.message import Message
from aiocoap.numbers.codes import CHANGED, UNAUTHORIZED
from aiocoap.numbers.types import ACK, CON

from stallaini.edge.exchange import LinkDown, Refused, refusal_hint, uplink_message
from stallaini.edge.post_connection import PostConnection
from stallaini.link import posted
from stallaini.link.enrolment import SERVER_PEER, accept
from stallaini.link.join import Join
from stallaini.link.oscore import ContextStore
from stallaini.link.varint import Malformed
from stallaini.site.web_address import parse_web_address


class HttpsExchange:
    """The exchange over HTTPS, one at a time, below a server's web address (plain `http://` does as well).

    Give it the contexts of the `CoapExchange`: both take their sequence numbers from the same place, so
    that either may send the next message.
    """

    def __init__(
        self, contexts: ContextStore, join: Join, url: str, tls: ssl.SSLContext | None = None
    ) -> None:
        accept(contexts, join)
        self._security = contexts.context(SERVER_PEER)
        self._url = url
        self._connection = PostConnection(parse_web_address(url), posted.ROUTE, posted.MAX_BYTES, tls)
        self._turn = asyncio.Lock()

    async def __call__(self, payload: bytes) -> bytes:
        """The server's answer to `payload`; raises LinkDown."""
        async with self._turn:
            try:
                response = await self._ask(uplink_message(payload))
            except oscore.NotAProtectedMessage as failure:
                raise Refused(refusal_hint(failure.plain_message)) from failure
            except (error.Error, OSError, HTTPException, Malformed) as failure:
                raise LinkDown(f"{self._url}: {str(failure) or type(failure).__name__}") from failure
        if response.code != CHANGED:
            raise Refused(f"the server answered {response.code}")
        return bytes(response.payload)

    async def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    async def _ask(self, request: Message) -> Message:
        """The answer to a request; sent again with the Echo a restarted server asks for (RFC 8613, B.1.2)."""
        response = await self._sent(request)
        if response.code == UNAUTHORIZED and response.opt.echo is not None:
            response = await self._sent(request.copy(echo=response.opt.echo))
        return response

    async def _sent(self, request: Message) -> Message:
        """The answer to a request; when a kept connection turns out to be dead, over a new one."""
        kept = self._connection.still_open()
        try:
            return await self._post(request)
        except (OSError, HTTPException):
            if not kept:
                raise
        return await self._post(request)

    async def _post(self, request: Message) -> Message:
        """Protect a request, with a number of its own each time, post it and open the answer."""
        protected, request_id = self._security.seal_request(request)
        status, body = await self._connection.post(posted.pack(protected, CON))
        if status != HTTPStatus.OK:
            raise Malformed(f"HTTP status {status}: that is not the link's server, or it is not there now")
        answer = posted.unpack(body, ACK, self._url)
        try:
            oscore.verify_start(answer)
            return self._security.open_response(answer, request_id)
        except error.Error:
            raise
        except Exception as failure:  # aiocoap asserts on some forgeries
            raise Malformed("an answer that is none to what was asked") from failure
