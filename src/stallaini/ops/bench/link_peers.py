"""What others do with the same minutes: each over its own cable, each message's IP bytes counted."""

from __future__ import annotations

import asyncio
import contextlib
import json
import ssl
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiomqtt
import httpx
import msgpack  # type: ignore[import-untyped]
import uvicorn

from stallaini.errors import OperatorError
from stallaini.ops.bench.https_peer import make_certificate
from stallaini.ops.bench.link_day import Day
from stallaini.ops.netlab.counter import WireCounter
from stallaini.ops.netlab.namespace import Namespace
from stallaini.ops.netlab.pair import SERVER_ADDRESS, open_pair

Message = dict[str, str | float | None]
Send = Callable[[bytes], Awaitable[object]]
_CERTIFIED_NAME = "localhost"
_HTTPS_PORT, _MQTT_PORT, _MSGPACK_PORT = 8443, 8883, 5000
_PAUSE_S = 0.3  # longer than a delayed TCP acknowledgement, which a real minute never joins to the next
_LONG_S = 4000
_START_TRIES, _START_PAUSE_S = 100, 0.05
_READ_BYTES = 4096


@dataclass(frozen=True)
class Peer:
    """Another way to send a minute.

    `serve` runs in the server's namespace with a folder that holds cert.pem and key.pem; `connect`, in the
    edge's, gives what sends one message.
    """

    name: str
    serve: Callable[[Namespace, Path], AbstractAsyncContextManager[None]]
    connect: Callable[[ssl.SSLContext], AbstractAsyncContextManager[Send]]
    encode: Callable[[Message], bytes]


@dataclass(frozen=True)
class PeerCost:
    """IP bytes both ways: of the first message with its connection, and the mean of the later ones.

    `payload_bytes` is the mean size of a message itself.
    """

    setup_bytes: int
    bytes_per_message: float
    payload_bytes: float


def measure_peer(peer: Peer, day: Day, messages: int) -> PeerCost:
    """Send the first minutes of the day one by one. Raises OperatorError when the peer does not start."""
    encoded = [peer.encode(day.message(row)) for row in range(messages)]
    with tempfile.TemporaryDirectory(prefix="stallaini-peer-") as name, open_pair() as pair:
        folder = Path(name)
        certificate, _ = make_certificate(folder)
        tls = ssl.create_default_context(cafile=str(certificate))
        with (
            pair.server.hosting(lambda: peer.serve(pair.server, folder)),
            WireCounter(pair.edge) as counter,
        ):
            totals = pair.edge.run(lambda: _send(peer, tls, encoded, counter))
    payload_bytes = sum(len(message) for message in encoded) / messages
    return PeerCost(totals[0], (totals[-1] - totals[0]) / (messages - 1), payload_bytes)


async def _send(peer: Peer, tls: ssl.SSLContext, messages: list[bytes], counter: WireCounter) -> list[int]:
    """The counter after each message."""
    totals = []
    async with peer.connect(tls) as send:
        for message in messages:
            await send(message)
            await asyncio.sleep(_PAUSE_S)
            totals.append(counter.total().ip_bytes)
    return totals


@asynccontextmanager
async def _https_server(_namespace: Namespace, folder: Path) -> AsyncIterator[None]:
    """uvicorn, the least application behind it, connections kept for as long as the client likes."""
    config = uvicorn.Config(
        _no_content,
        host=SERVER_ADDRESS,
        port=_HTTPS_PORT,
        ssl_certfile=folder / "cert.pem",
        ssl_keyfile=str(folder / "key.pem"),
        timeout_keep_alive=_LONG_S,
        timeout_graceful_shutdown=1,
        lifespan="off",
        log_config=None,
        access_log=False,
    )
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve())
    try:
        await _until_open(_HTTPS_PORT)
        yield
    finally:
        server.should_exit = True
        await task


async def _no_content(_scope: Any, receive: Any, send: Any) -> None:
    while (await receive()).get("more_body"):
        pass
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body", "body": b""})


@asynccontextmanager
async def _https_each(tls: ssl.SSLContext) -> AsyncIterator[Send]:
    async def send(message: bytes) -> None:
        async with _http_client(tls) as client:
            await _post(client, message)

    yield send


@asynccontextmanager
async def _https_kept(tls: ssl.SSLContext) -> AsyncIterator[Send]:
    async with _http_client(tls) as client:

        async def send(message: bytes) -> None:
            await _post(client, message)

        yield send


def _http_client(tls: ssl.SSLContext) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        verify=tls, trust_env=False, timeout=10, limits=httpx.Limits(keepalive_expiry=_LONG_S)
    )


async def _post(client: httpx.AsyncClient, message: bytes) -> None:
    response = await client.post(
        f"https://{SERVER_ADDRESS}:{_HTTPS_PORT}/minutes",
        content=message,
        headers={"Content-Type": "application/json"},
        extensions={"sni_hostname": _CERTIFIED_NAME},
    )
    response.raise_for_status()


@asynccontextmanager
async def _mosquitto(namespace: Namespace, folder: Path) -> AsyncIterator[None]:
    """Ends with its namespace."""
    settings = folder / "mosquitto.conf"
    settings.write_text(
        f"listener {_MQTT_PORT} {SERVER_ADDRESS}\nallow_anonymous true\npersistence false\nuser root\n"
        f"set_tcp_nodelay true\ncertfile {folder / 'cert.pem'}\nkeyfile {folder / 'key.pem'}\n"
    )
    namespace.start("mosquitto", "-c", str(settings))
    await _until_open(_MQTT_PORT)
    yield


@asynccontextmanager
async def _mqtt_client(tls: ssl.SSLContext) -> AsyncIterator[Send]:
    """Its keepalive of 90 s never speaks while a message goes each minute."""
    tls.check_hostname = False
    async with aiomqtt.Client(
        SERVER_ADDRESS, _MQTT_PORT, identifier="bench", tls_context=tls, keepalive=90
    ) as client:

        async def send(message: bytes) -> None:
            await client.publish("site/bench", message, qos=1)

        yield send


@asynccontextmanager
async def _msgpack_server(_namespace: Namespace, _folder: Path) -> AsyncIterator[None]:
    """Takes one message a connection and answers nothing."""

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(_READ_BYTES)
        writer.close()

    async with await asyncio.start_server(take, SERVER_ADDRESS, _MSGPACK_PORT):
        yield


@asynccontextmanager
async def _msgpack_client(_tls: ssl.SSLContext) -> AsyncIterator[Send]:
    async def send(message: bytes) -> None:
        _, writer = await asyncio.open_connection(SERVER_ADDRESS, _MSGPACK_PORT)
        writer.write(message)
        await writer.drain()
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()

    yield send


async def _until_open(port: int) -> None:
    """Wait, beside the server and not over the cable, until it answers."""
    for _ in range(_START_TRIES):
        try:
            _, writer = await asyncio.open_connection(SERVER_ADDRESS, port)
        except OSError:
            await asyncio.sleep(_START_PAUSE_S)
            continue
        writer.close()
        return
    raise OperatorError(f"the peer's server did not open its port {port} within 5 s")


def _json(message: Message) -> bytes:
    return json.dumps(message, separators=(",", ":")).encode()


def _msgpack(message: Message) -> bytes:
    return bytes(msgpack.packb(message))


PEERS = (
    Peer("HTTPS + JSON, a connection each minute", _https_server, _https_each, _json),
    Peer("HTTPS + JSON, one connection kept", _https_server, _https_kept, _json),
    Peer("MQTT QoS 1 over TLS, JSON", _mosquitto, _mqtt_client, _json),
    Peer(
        "TCP, a connection each minute, msgpack, no TLS, no answer",
        _msgpack_server,
        _msgpack_client,
        _msgpack,
    ),
)
