"""Bytes a minute on the wire: real edge core, codec, CoAP, OSCORE and ingest, through a counting relay."""

from __future__ import annotations

from pathlib import Path

from stallaini.clock import VirtualClock
from stallaini.devices.catalogue import load_kinds
from stallaini.edge.exchange import CoapExchange
from stallaini.link.enrolment import admit
from stallaini.link.oscore import ContextStore
from stallaini.ops.bench.counting_relay import CountingRelay
from stallaini.ops.bench.https_peer import https_json_bytes
from stallaini.ops.bench.report import Figure
from stallaini.ops.history import History
from stallaini.ops.unwatched import Unwatched
from stallaini.server.coap import CoapEndpoint
from stallaini.server.database import Database
from stallaini.server.ingest import Ingest
from stallaini.server.store.sqlite import SqliteStore
from stallaini.site.config import SiteConfig, parse_site
from stallaini.twin.physics.house import House

SITE_FILE = Path(__file__).with_name("bench_site.toml")
_START_MINUTE = 29_000_000  # a noon in February 2025
_PROFILE = "pylontech-1.2"
_MONTH_MINUTES = 43_200
_PEER_POSTS = 20


async def measure(folder: Path, minutes: int) -> list[Figure]:
    """Send `minutes` minutes one by one; the peer sends the same fields as JSON over HTTPS."""
    config = parse_site(SITE_FILE.read_text(), load_kinds())
    ours = await _our_bytes(config, folder, minutes)
    fields = {spec.name: 52.84 for spec in config.description.series}
    peer = await https_json_bytes(fields, _PEER_POSTS)
    name = "HTTPS+JSON, a connection each minute"
    series = len(config.description.series)
    return [
        Figure(f"IP bytes a minute, {series} series, each minute sent at once", ours, "B", peer, name),
        Figure("the same for 30 days", ours * _MONTH_MINUTES / 1e6, "MB", peer * _MONTH_MINUTES / 1e6, name),
    ]


async def _our_bytes(config: SiteConfig, folder: Path, minutes: int) -> float:
    database = Database(folder / "wire.db")
    contexts, edge_contexts = ContextStore(folder / "server.oscore"), ContextStore(folder / "edge.oscore")
    store = SqliteStore(database)
    clock = VirtualClock(_START_MINUTE * 60.0)
    ingest = Ingest(store, clock, Unwatched())
    endpoint = CoapEndpoint(contexts, ingest.handle, clock, ("127.0.0.1", 0))
    await endpoint.start()
    relay = CountingRelay(endpoint.port)
    await relay.start()
    await store.add_site(config.site, 0)
    exchange = CoapExchange(edge_contexts, admit(contexts, config.site, "127.0.0.1", relay.port))
    history = History(config, House(seed=1), _PROFILE, exchange, clock)
    try:
        # The first minute carries the description; what is paid each minute comes after it.
        await history.live_until(_START_MINUTE + 1)
        before = relay.ip_bytes
        for minute in range(minutes):
            await history.live_until(_START_MINUTE + 2 + minute)
        return (relay.ip_bytes - before) / minutes
    finally:
        await exchange.close()
        await endpoint.close()
        relay.close()
        database.close()
