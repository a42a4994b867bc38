"""The link's door in the HTTP server: what it lets through to the gate, and how much of it at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from stallaini.link.posted import MAX_BYTES
from stallaini.link.varint import Malformed
from stallaini.server.api.problems import Problem
from stallaini.server.coap import CoapEndpoint

MAX_AT_ONCE = 100
"""Requests of one source under way: so many sites may share an address and speak in the same second."""


class LinkDoor:
    """Hands posted messages to the endpoint and turns away what is too large, too much or no message."""

    def __init__(self, endpoint: CoapEndpoint) -> None:
        self._endpoint = endpoint
        self._under_way: Counter[str] = Counter()

    @contextmanager
    def admitted(self, source: str, size_bytes: int) -> Iterator[None]:
        """Hold a place for a request while its body comes and is answered. Raises a 413 or 429 problem."""
        if size_bytes > MAX_BYTES:
            self._endpoint.refuse("oversize", source)
            raise Problem(413, "too-large", f"a message has at most {MAX_BYTES} bytes")
        if self._under_way[source] >= MAX_AT_ONCE:
            self._endpoint.refuse("overload", source)
            raise Problem(429, "too-many", f"{MAX_AT_ONCE} requests of yours are under way; try again later")
        self._under_way[source] += 1
        try:
            yield
        finally:
            self._under_way[source] -= 1
            if not self._under_way[source]:
                del self._under_way[source]

    async def answer(self, body: bytes, source: str) -> bytes:
        """The bytes that answer a message. Raises a 400 problem when it is no CoAP request."""
        try:
            return await self._endpoint.answer_posted(body, source)
        except Malformed as error:
            detail = f"{error}; sites speak here, people find the API at /api/docs"
            raise Problem(400, "no-message", detail) from None
