"""What the link costs where UDP is blocked: every IP byte of an HTTPS exchange, through a TLS of today."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from tests.support.certificates import Authority

from stallaini.edge.exchange_https import HttpsExchange
from stallaini.edge.post_connection import timeless_tls
from stallaini.link.downlink import encode_downlink
from stallaini.link.messages import Answer, Downlink
from stallaini.link.oscore import ContextStore
from stallaini.ops.netlab.counter import WireCounter
from stallaini.ops.netlab.link_server import enrol, hosted_server
from stallaini.ops.netlab.pair import SERVER_ADDRESS, Pair
from stallaini.server.ingest import Ingest

HOST, PORT = "server.example", 443
UPLINK_BYTES = 12  # a minute of ten series
DOWNLINK = encode_downlink(Downlink(Answer.OK, 525_600))
EXCHANGES = 5
SETTLE_S = 0.3  # longer than TCP keeps an acknowledgement back for an answer


@asynccontextmanager
async def tls_proxy(tls: ssl.SSLContext, http_port: int) -> AsyncIterator[None]:
    """What stands before a server on the internet: it ends TLS and passes the bytes on."""

    async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(65_536):
                writer.write(data)
        writer.close()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", http_port)
        await asyncio.gather(pass_on(reader, far_writer), pass_on(far_reader, writer))

    async with await asyncio.start_server(serve, SERVER_ADDRESS, PORT, ssl=tls):
        yield


class Scale:
    """Weighs exchanges; `weights` in IP bytes both ways, by name."""

    def __init__(self, counter: WireCounter) -> None:
        self._counter = counter
        self.weights: dict[str, float] = {}

    async def weigh(self, name: str, times: int, work: Callable[[], Awaitable[object]]) -> None:
        before = self._counter.total().ip_bytes
        for _ in range(times):
            await work()
            await asyncio.sleep(SETTLE_S)
        self.weights[name] = (self._counter.total().ip_bytes - before) / times


def test_what_an_exchange_costs(pair: Pair, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def handle(_self: Ingest, _site: str, _payload: bytes) -> bytes:
        return DOWNLINK

    async def resolved(*_: object, **__: object) -> list[tuple[object, ...]]:
        return [(2, 1, 6, "", (SERVER_ADDRESS, PORT))]

    monkeypatch.setattr(Ingest, "handle", handle)
    authority = Authority(tmp_path)
    client_tls = timeless_tls()
    client_tls.load_verify_locations(authority.file)
    join = enrol(tmp_path, {"lab": SERVER_ADDRESS})["lab"]

    async def live(scale: Scale) -> None:
        asyncio.get_running_loop().getaddrinfo = resolved  # type: ignore[assignment, method-assign]
        exchange = HttpsExchange(ContextStore(tmp_path / "edge.oscore"), join, f"https://{HOST}", client_tls)

        async def send() -> None:
            assert await exchange(bytes(UPLINK_BYTES)) == DOWNLINK

        async def send_anew() -> None:
            await send()
            await exchange.close()

        await send()  # past the Echo challenge
        await scale.weigh("kept", EXCHANGES, send)
        await exchange.close()
        await asyncio.sleep(SETTLE_S)
        await scale.weigh("resumed", EXCHANGES, send_anew)
        unknown = HttpsExchange(ContextStore(tmp_path / "edge.oscore"), join, f"https://{HOST}", client_tls)
        await scale.weigh("new", 1, lambda: unknown(bytes(UPLINK_BYTES)))
        await unknown.close()

    with hosted_server(pair, tmp_path, ["lab"]) as served:
        http_port = int(served.server.http.url.rsplit(":", 1)[1])
        server_tls = authority.serve_as(HOST)
        with (
            pair.server.hosting(lambda: tls_proxy(server_tls, http_port)),
            WireCounter(pair.edge) as counter,
        ):
            scale = Scale(counter)
            pair.edge.run(lambda: live(scale))
    print("IP bytes of an exchange:", {name: round(weight) for name, weight in scale.weights.items()})
    assert scale.weights["kept"] < 500
    assert scale.weights["resumed"] < 2500
    assert scale.weights["resumed"] < scale.weights["new"]
