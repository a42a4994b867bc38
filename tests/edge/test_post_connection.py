"""A connection that posts: kept, resumed, given up, and not fooled by what other web servers say."""

from __future__ import annotations

import asyncio
import http.client
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from tests.support.certificates import Authority

from stallaini.edge import post_connection
from stallaini.edge.post_connection import PostConnection, timeless_tls
from stallaini.site.web_address import WebAddress, parse_web_address

CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nfi\r\n2\r\nne\r\n0\r\n\r\n"
FINE = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfine"
MAX_ANSWER_BYTES = 1000


class Site:
    """A web server that reads one request after the other and answers each with `answer`."""

    def __init__(self) -> None:
        self.answer = FINE
        self.port = 0
        self.requests: list[bytes] = []
        self.resumed: list[bool] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tls = writer.get_extra_info("ssl_object")
        self.resumed.append(bool(tls and tls.session_reused))
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = int(head.partition(b"Content-Length: ")[2].split(b"\r\n")[0])
                self.requests.append(head + await reader.readexactly(length))
                writer.write(self.answer)
                if b"HTTP/1.0" in self.answer:
                    break
        except (asyncio.IncompleteReadError, OSError):
            pass
        writer.close()

    @property
    def address(self) -> WebAddress:
        return parse_web_address(f"http://localhost:{self.port}/sun")


@asynccontextmanager
async def site_of(tls: ssl.SSLContext | None = None) -> AsyncIterator[Site]:
    site = Site()
    server = await asyncio.start_server(site.serve, "127.0.0.1", 0, family=socket.AF_INET, ssl=tls)
    site.port = server.sockets[0].getsockname()[1]
    yield site
    server.close()
    await asyncio.sleep(0.01)


@asynccontextmanager
async def connected(address: WebAddress, tls: ssl.SSLContext | None = None) -> AsyncIterator[PostConnection]:
    connection = PostConnection(address, "/link", MAX_ANSWER_BYTES, tls)
    yield connection
    connection.close()


async def test_the_request_is_as_short_as_http_allows() -> None:
    async with site_of() as site, connected(site.address) as connection:
        assert await connection.post(b"\0hello") == (200, b"fine")
    expected = f"POST /sun/link HTTP/1.1\r\nHost: localhost:{site.port}\r\nContent-Length: 6\r\n\r\n\0hello"
    assert site.requests == [expected.encode()]


async def test_a_connection_is_kept_until_the_server_ends_it() -> None:
    async with site_of() as site, connected(site.address) as connection:
        for _ in range(3):
            await connection.post(b"x")
        assert len(site.resumed) == 1
        site.answer = b"HTTP/1.0 200 OK\r\nContent-Length: 4\r\n\r\nfine"
        await connection.post(b"x")
        assert not connection.still_open()
        await connection.post(b"x")
        assert len(site.resumed) == 2


async def test_a_connection_that_the_server_is_about_to_end_is_not_kept() -> None:
    async with site_of() as site, connected(site.address) as connection:
        site.answer = FINE.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
        assert await connection.post(b"x") == (200, b"fine")
        assert not connection.still_open()


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(CHUNKED, id="chunked"),
        pytest.param(b"HTTP/1.1 100 Continue\r\n\r\n" + FINE, id="an interim answer first"),
        pytest.param(b"HTTP/1.0 200 OK\r\n\r\nfine", id="until the end"),
        pytest.param(b"HTTP/1.1 200\r\ncontent-length:4\r\nServer: x\r\n\r\nfine", id="other spelling"),
    ],
)
async def test_every_way_to_send_an_answer_is_understood(answer: bytes) -> None:
    async with site_of() as site, connected(site.address) as connection:
        site.answer = answer
        for _ in range(2):
            assert await connection.post(b"x") == (200, b"fine")


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(b"SSH-2.0-OpenSSH\r\n\r\n", id="another protocol"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\n" + b"x" * 2000, id="too long"),
        pytest.param(b"HTTP/1.0 200 OK\r\n\r\n" + b"x" * 2000, id="too long, of no said length"),
        pytest.param(b"HTTP/1.1 200 OK\r\nA: " + b"x" * 70_000 + b"\r\n\r\n", id="a head without end"),
    ],
)
async def test_an_answer_that_is_none_ends_the_connection(answer: bytes) -> None:
    async with site_of() as site, connected(site.address) as connection:
        site.answer = answer
        with pytest.raises(http.client.HTTPException):
            await connection.post(b"x")
        assert not connection.still_open()
        site.answer = FINE
        assert await connection.post(b"x") == (200, b"fine")


async def test_silence_is_given_up_on_and_sooner_on_a_kept_connection(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(post_connection, "_KEPT_S", 0.05)
    async with site_of() as site, connected(site.address) as connection:
        await connection.post(b"x")
        site.answer = b""
        async with asyncio.timeout(10):
            with pytest.raises(TimeoutError):
                await connection.post(b"x")
        monkeypatch.setattr(post_connection, "_NEW_S", 0.05)
        with pytest.raises(TimeoutError):
            await connection.post(b"x")
        assert len(site.resumed) == 2


async def test_a_name_is_looked_up_once_and_again_when_no_connection_can_be_had(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    loop = asyncio.get_running_loop()
    real, asked = loop.getaddrinfo, []

    async def counting(host: str, *args: object, **more: object) -> object:
        asked.append(host)
        return await real("127.0.0.1", *args, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(loop, "getaddrinfo", counting)
    async with site_of() as site, connected(site.address) as connection:
        for _ in range(2):
            await connection.post(b"x")
            connection.close()
    with pytest.raises(OSError, match=r"refused|Connect"):
        await connection.post(b"x")
    assert asked == ["localhost"]
    with pytest.raises(OSError, match=r"refused|Connect"):
        await connection.post(b"x")
    assert asked == ["localhost"] * 2


def trusting(authority: Authority) -> ssl.SSLContext:
    tls = timeless_tls()
    tls.load_verify_locations(authority.file)
    return tls


def https(site: Site) -> WebAddress:
    return WebAddress(True, "localhost", site.port, "")


async def test_tls_is_resumed_by_the_next_connection(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    async with (
        site_of(authority.serve_as("localhost")) as site,
        connected(https(site), trusting(authority)) as connection,
    ):
        for _ in range(3):
            await connection.post(b"x")
        connection.close()
        await connection.post(b"x")
        assert connection.still_open()
    assert site.resumed == [False, True]


async def test_a_site_that_does_not_know_the_date_takes_an_expired_certificate(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    async with (
        site_of(authority.serve_as("localhost", expired=True)) as site,
        connected(https(site), trusting(authority)) as connection,
    ):
        assert await connection.post(b"x") == (200, b"fine")


async def test_another_name_and_an_unknown_authority_are_not_taken(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    async with site_of(authority.serve_as("elsewhere.example")) as site:
        for tls in (trusting(authority), timeless_tls()):
            async with connected(https(site), tls) as connection:
                with pytest.raises(ssl.SSLCertVerificationError):
                    await connection.post(b"x")
    assert site.requests == []
