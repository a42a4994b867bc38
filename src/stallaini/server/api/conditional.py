"""Answers that are sent once: what a browser has already is answered 304, without a body."""

from __future__ import annotations

import hashlib

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_SITES = "/api/v1/sites/"
# The present changes from one answer to the next.
_NEVER_THE_SAME = ("/now", "/live")
_TAG_BYTES = 9


class Conditional:
    """Gives what is known of a site an ETag, the hash of its body, and heeds `If-None-Match`.

    The tag is weak: the same answer may be compressed or not.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if _is_kept(scope):
            await self._app(scope, receive, _Tagging(send, Headers(scope=scope).get("if-none-match", "")))
        else:
            await self._app(scope, receive, send)


def _is_kept(scope: Scope) -> bool:
    if scope["type"] != "http" or scope["method"] != "GET":
        return False
    path: str = scope["path"]
    return path.startswith(_SITES) and not path.endswith(_NEVER_THE_SAME)


class _Tagging:
    """Takes an answer's messages; the first one waits for the whole body."""

    def __init__(self, send: Send, known: str) -> None:
        self._send = send
        self._known = known
        self._start: Message | None = None
        self._body = bytearray()

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            if message["status"] != 200:
                await self._send(message)
                return
            self._start = message
        elif self._start is None:
            await self._send(message)
        else:
            self._body += message.get("body", b"")
            if not message.get("more_body", False):
                await self._finish(self._start)

    async def _finish(self, start: Message) -> None:
        body = bytes(self._body)
        tag = f'W/"{hashlib.blake2b(body, digest_size=_TAG_BYTES).hexdigest()}"'
        headers = MutableHeaders(scope=start)
        headers["ETag"] = tag
        if tag in (each.strip() for each in self._known.split(",")):
            body = b""
            start["status"] = 304
            del headers["content-length"]
            del headers["content-type"]
        await self._send(start)
        await self._send({"type": "http.response.body", "body": body})
