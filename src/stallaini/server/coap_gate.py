"""What stands between the network and the server's handler: every refusal is decided here.

aiocoap's own OSCORE wrapper refuses too, but tells only the log; it also keeps bodies of any size.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import NamedTuple

from aiocoap import error, oscore
from aiocoap.blockwise import Block2Cache
from aiocoap.message import Message
from aiocoap.numbers import codes
from aiocoap.numbers.codes import Code
from aiocoap.numbers.types import ACK, CON, NON
from aiocoap.pipe import Pipe
from aiocoap.transports.oscore import OSCOREAddress
from aiocoap.transports.udp6 import UDP6EndpointAddress

from stallaini.clock import Clock
from stallaini.link import posted
from stallaini.link.oscore import ContextStore, StoredContext
from stallaini.link.refusals import Refusals
from stallaini.link.udp6 import Endpoint, remote_of, source_of
from stallaini.link.varint import Malformed
from stallaini.server.coap_bodies import Bodies, BodyIncomplete, BodyTooLarge
from stallaini.server.copies import Copies

Handle = Callable[[str, bytes], Awaitable[bytes]]
Copied = Callable[[str], Awaitable[None]]
"""Told of a site whose keys seem to be used by two edges."""

_LOG = logging.getLogger(__name__)
_REQUESTS = [code for code in Code if code.is_request()]


class _Refusal(Exception):
    """An unprotected refusal: counted under `reason`, answered with `code` and `note`."""

    def __init__(self, reason: str, code: Code, note: bytes, detail: str = "") -> None:
        self.reason, self.code, self.note, self.detail = reason, code, note, detail


class _Poster(NamedTuple):
    """Where a message came from that was the body of an HTTP request."""

    source: str

    @property
    def blockwise_key(self) -> tuple[str, str]:
        return ("posted", self.source)


class _PosterAddress(OSCOREAddress):
    """The authenticated poster, to whom an answer of any length goes in one piece."""

    maximum_payload_size = posted.MAX_BYTES


class _Call(NamedTuple):
    """The last authenticated request of a site: whose keys, which number, from where."""

    context: StoredContext
    number: int
    remote: UDP6EndpointAddress


class Gate:
    """Screens messages, opens their protection, puts bodies together, calls the handler."""

    def __init__(
        self, contexts: ContextStore, handle: Handle, clock: Clock, refusals: Refusals, copied: Copied
    ) -> None:
        self._contexts = contexts
        self._handle = handle
        self._refusals = refusals
        self._copied = copied
        self._copies = Copies(clock)
        self._bodies = Bodies(clock)
        self._answers = Block2Cache()
        self._running: set[asyncio.Future[bytes]] = set()
        self._calls: dict[str, _Call] = {}

    async def drain(self) -> None:
        """Wait until every handler that was begun has ended."""
        while self._running:
            await asyncio.wait(set(self._running))

    def poke(self, site: str, endpoint: Endpoint) -> bool:
        """Poke a site where it last called from, once per call; see `CoapEndpoint.poke`."""
        call = self._calls.pop(site, None)
        if call is None:
            return False
        endpoint.poke(call.remote, call.context.poke(call.number))
        return True

    def refused(self, reason: str, source: str) -> None:
        """Count what was dropped before it became a message."""
        self._refusals.refuse(reason, source)

    def admits(self, message: Message, endpoint: Endpoint, /) -> bool:
        """Let in requests of known peers, and the acknowledgements of our own answers."""
        if message.code is codes.EMPTY:
            return message.mtype is not NON
        source = source_of(remote_of(message).sockaddr)
        if message.code not in _REQUESTS or message.mtype not in (CON, NON):
            self._refusals.refuse("malformed", source)
            return False
        try:
            self._context_of(message)
        except _Refusal as refusal:
            self._refusals.refuse(refusal.reason, source, refusal.detail)
            endpoint.refuse(message, refusal.code, refusal.note)
            return False
        return True

    async def render_to_pipe(self, pipe: Pipe) -> None:
        """Answer one request that `admits` let in; called by aiocoap."""
        message = pipe.request
        response = await self._answer_or_refuse(message, source_of(remote_of(message).sockaddr))
        pipe.add_response(response, is_last=True)

    async def answer_posted(self, body: bytes, source: str) -> bytes:
        """The answer to a message that was the body of an HTTP request; raises Malformed when it is none."""
        try:
            message = posted.unpack(body, CON, _Poster(source))
            if message.code not in _REQUESTS:
                raise Malformed("no CoAP request")
        except Malformed:
            self._refusals.refuse("malformed", source)
            raise
        return posted.pack(await self._answer_or_refuse(message, source), ACK)

    async def _answer_or_refuse(self, message: Message, source: str) -> Message:
        try:
            return await self._answer(message)
        except _Refusal as refusal:
            self._refusals.refuse(refusal.reason, source, refusal.detail)
            return Message(code=refusal.code, payload=refusal.note)

    def _context_of(self, message: Message) -> StoredContext:
        try:
            fields = oscore.verify_start(message)
            context = self._contexts.by_key_id(fields[oscore.COSE_KID])
        except oscore.NotAProtectedMessage:
            raise _Refusal("unprotected", codes.UNAUTHORIZED, b"protect") from None
        except oscore.ContextUnavailable as failure:
            raise _Refusal("unavailable", codes.SERVICE_UNAVAILABLE, b"", str(failure)) from failure
        except (oscore.DecodeError, LookupError):
            raise _Refusal("malformed", codes.BAD_OPTION, b"") from None
        if context is None:
            raise _Refusal("wrong_key", codes.UNAUTHORIZED, b"unknown")
        return context

    async def _answer(self, message: Message) -> Message:
        context = self._context_of(message)
        try:
            request, request_id = context.open(message)
        except oscore.ReplayErrorWithEcho as challenge:
            self._refusals.counts["challenged"] += 1
            return _protect(challenge.to_message)
        except oscore.ReplayError:
            await self._note_copy(context, message)
            raise _Refusal("replayed", codes.UNAUTHORIZED, b"replay") from None
        except oscore.DecodeError:
            raise _Refusal("malformed", codes.BAD_OPTION, b"") from None
        except oscore.ProtectionInvalid:
            raise _Refusal("wrong_key", codes.BAD_REQUEST, b"key") from None
        except Exception:  # aiocoap asserts on some forgeries, and decodes what a peer protected unchecked
            raise _Refusal("malformed", codes.BAD_REQUEST, b"") from None
        self._note_call(context, message, request_id)
        address = _PosterAddress if isinstance(message.remote, _Poster) else OSCOREAddress
        request.remote = address(context, message.remote)
        response = await self._respond(context.peer, request)
        return _protect(lambda: context.seal(response, request_id))

    async def _note_copy(self, context: StoredContext, message: Message) -> None:
        """A genuine message under a spent number: a recording, or a second edge with the same keys."""
        number = int.from_bytes(oscore.verify_start(message)[oscore.COSE_PIV], "big")
        if self._copies.heard(context.peer, number):
            await self._copied(context.peer)

    def _note_call(
        self, context: StoredContext, message: Message, request_id: oscore.RequestIdentifiers
    ) -> None:
        """Remember whence a site called; a call by another way than UDP leaves nothing to poke."""
        number = int.from_bytes(request_id.partial_iv, "big")
        before = self._calls.get(context.peer)
        if before is not None and before.context is context and number < before.number:
            return  # overtaken on the way
        if isinstance(message.remote, UDP6EndpointAddress):
            self._calls[context.peer] = _Call(context, number, message.remote.as_response_address())
        else:
            self._calls.pop(context.peer, None)

    async def _respond(self, site: str, request: Message) -> Message:
        """The inner answer to an authenticated request."""
        if request.opt.uri_path:
            return Message(code=codes.NOT_FOUND)
        if request.code is not codes.POST:
            return Message(code=codes.METHOD_NOT_ALLOWED)
        try:
            response = await self._answers.extract_or_insert(request, lambda: self._serve(site, request))
        except error.RenderableError as failure:
            response = failure.to_message()
        assert isinstance(response, Message)
        if response.code is not None and response.code.is_successful():
            response.opt.block1 = request.opt.block1  # on an error it would ask for the rest all the same
        return response

    async def _serve(self, site: str, request: Message) -> Message:
        try:
            body = self._bodies.take(site, request)
        except BodyTooLarge as failure:
            self._refusals.refuse("oversize", site, str(failure))
            return Message(code=codes.REQUEST_ENTITY_TOO_LARGE)
        except BodyIncomplete:
            return Message(code=codes.REQUEST_ENTITY_INCOMPLETE)
        if body is None:
            return Message(code=codes.CONTINUE)
        try:
            return Message(code=codes.CHANGED, payload=await self._call(site, body))
        except Malformed as failure:
            self._refusals.refuse("malformed", site, str(failure))
            return Message(code=codes.BAD_REQUEST)
        except Exception as failure:
            if self._refusals.refuse("failed", site, repr(failure)):
                _LOG.exception("the handler failed on %d bytes from %s", len(body), site)
            return Message(code=codes.INTERNAL_SERVER_ERROR)

    async def _call(self, site: str, body: bytes) -> bytes:
        """Run the handler to its end: a network error at the peer cancels us, it must not cancel a commit."""
        task = asyncio.ensure_future(self._handle(site, body))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return await asyncio.shield(task)


def _protect(make: Callable[[], Message]) -> Message:
    try:
        return make()
    except oscore.ContextUnavailable as failure:
        raise _Refusal("unavailable", codes.SERVICE_UNAVAILABLE, b"", str(failure)) from failure
