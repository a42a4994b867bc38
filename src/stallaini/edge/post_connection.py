"""One connection to a web server that posts small bodies with as few bytes as HTTP and TLS let it."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import socket
import ssl
from collections.abc import Callable
from functools import partial
from typing import TypeVar

from stallaini.edge.addresses import Addresses
from stallaini.site.web_address import WebAddress

T = TypeVar("T")
_NEW_S, _KEPT_S = 30.0, 10.0
_NO_CHECK_TIME = 0x200000  # X509_V_FLAG_NO_CHECK_TIME, openssl/x509_vfy.h


class PostConnection:
    """Posts bodies to one route. The connection is kept while the server keeps it, its TLS session longer.

    Nothing passes between two posts. Cancelling a post closes the connection.
    """

    def __init__(
        self, address: WebAddress, route: str, max_answer_bytes: int, tls: ssl.SSLContext | None = None
    ) -> None:
        self._tls = (tls or timeless_tls()) if address.secure else None
        self._host = address.host
        # No Content-Type: octets are what a body without one is (RFC 9110, 8.3).
        self._head = f"POST {address.path}{route} HTTP/1.1\r\nHost: {address.authority}\r\nContent-Length: "
        self._max_answer_bytes = max_answer_bytes
        self._addresses = Addresses(address.host, address.port, socket.SOCK_STREAM)
        self._socket: socket.socket | None = None
        self._session: ssl.SSLSession | None = None

    def still_open(self) -> bool:
        """Whether a connection was kept that, as far as one can tell without sending, is still good."""
        if self._socket is not None and _ended(self._socket):
            self.close()
        return self._socket is not None

    async def post(self, body: bytes) -> tuple[int, bytes]:
        """Post `body`; the answer's status and body.

        Raises OSError (TimeoutError after 10 s on a kept connection, after 30 s on a new one) or
        http.client's HTTPException; then the connection is closed, and the next one is a new one.
        """
        request = f"{self._head}{len(body)}\r\n\r\n".encode("ascii") + body
        kept = self.still_open()
        try:
            async with asyncio.timeout(_KEPT_S if kept else _NEW_S):
                sock = self._socket = self._socket or await self._connect()
                talk = partial(_talk, sock, request, self._max_answer_bytes)
                status, answer, keep = await _in_thread(sock, talk)
        except BaseException:
            self._socket = None
            if not kept:
                self._addresses.failed()
            raise
        if isinstance(sock, ssl.SSLSocket):
            self._session = sock.session
        if not keep:
            self.close()
        return status, answer

    def close(self) -> None:
        """Close the connection; not while a post is under way."""
        sock, self._socket = self._socket, None
        if sock is not None:
            sock.close()

    async def _connect(self) -> socket.socket:
        family, sockaddr = await self._addresses.current()
        sock = socket.socket(family, socket.SOCK_STREAM)
        try:
            sock.setblocking(False)
            await asyncio.get_running_loop().sock_connect(sock, sockaddr)
            sock.settimeout(_NEW_S)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self._tls is None:
                return sock
            wrapped = self._tls.wrap_socket(
                sock, do_handshake_on_connect=False, server_hostname=self._host, session=self._session
            )
        except BaseException:
            sock.close()
            raise
        await _in_thread(wrapped, wrapped.do_handshake)
        return wrapped


def timeless_tls() -> ssl.SSLContext:
    """TLS that checks the server's name and who vouches for it, but not from when to when.

    A site without a clock chip may not know the date before it has reached a server; and what the link
    carries is protected by itself.
    """
    context = ssl.create_default_context()
    context.verify_flags |= _NO_CHECK_TIME
    return context


def _ended(sock: socket.socket) -> bool:
    """Whether the other end has closed an idle connection; nothing else comes unasked."""
    sock.setblocking(False)
    try:
        sock.recv(1)
    except (BlockingIOError, ssl.SSLWantReadError):
        sock.settimeout(_NEW_S)
        return False
    except OSError:
        return True
    return True


def _talk(sock: socket.socket, request: bytes, max_answer_bytes: int) -> tuple[int, bytes, bool]:
    """Send a request in one piece; status and body of the answer, and whether the connection stays open."""
    sock.sendall(request)
    with http.client.HTTPResponse(sock, method="POST") as response:
        response.begin()
        body = response.read(max_answer_bytes + 1)
        complete = response.isclosed()
    if len(body) > max_answer_bytes:
        raise http.client.HTTPException(f"an answer of more than {max_answer_bytes} bytes")
    return response.status, body, complete and not response.will_close


async def _in_thread(sock: socket.socket, work: Callable[[], T]) -> T:
    """Do blocking work on a socket in a thread. When it fails or is given up, the socket is closed."""
    running = asyncio.ensure_future(asyncio.to_thread(work))
    try:
        return await asyncio.shield(running)
    except BaseException:
        with contextlib.suppress(OSError):
            socket.socket.shutdown(sock, socket.SHUT_RDWR)
        running.add_done_callback(lambda done: _put_away(sock, done))
        raise


def _put_away(sock: socket.socket, done: asyncio.Future[T]) -> None:
    """Close a socket that no thread reads any more; nobody waits for what it read."""
    sock.close()
    if not done.cancelled():
        done.exception()
