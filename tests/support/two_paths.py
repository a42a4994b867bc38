"""A real server and an edge's two ways to it, each through a relay, on loopback."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from tests.support.coap_pair import HASTE_S
from tests.support.serving import START_S, FakeSite, Running, serving
from tests.support.tcp_relay import TcpRelay
from tests.support.udp_relay import UdpRelay

from stallaini.clock import VirtualClock
from stallaini.edge.exchange import CoapExchange
from stallaini.edge.exchange_https import HttpsExchange
from stallaini.edge.paths import PathExchange
from stallaini.link.enrolment import admit
from stallaini.link.join import Join
from stallaini.link.messages import Scalar
from stallaini.link.oscore import ContextStore
from stallaini.server.options import CONTEXTS_FILE


class TwoPaths:
    """The site `lab` is enrolled; `events` lists the changes of path that the edge told."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.clock = VirtualClock(wall_s=START_S)
        self.udp_relay, self.tcp_relay = UdpRelay(0), TcpRelay()
        self.events: list[Scalar] = []
        self.running: Running
        self._stack = AsyncExitStack()

    async def open(self) -> None:
        await self.udp_relay.start()
        await self._serve()
        await self.tcp_relay.start(self._http_port)
        await self.running.server.store.add_site("lab", START_S)
        self.join = self.enrol("lab")
        contexts = ContextStore(self.folder / "edge.sqlite")
        self.udp = CoapExchange(contexts, self.join, HASTE_S)
        self.https = HttpsExchange(contexts, self.join, self.url)
        self.paths = PathExchange(self.udp, self.https, self.clock)
        self.paths.report_to(lambda kind, data: self.events.append(data["path"]))
        self.site = FakeSite(self.paths)

    async def close(self) -> None:
        await self.udp.close()
        await self.https.close()
        await self.tcp_relay.close()
        await self.udp_relay.close()
        await self._stack.aclose()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.tcp_relay.port}"

    def refused(self, reason: str) -> int:
        """How often the server refused so."""
        return self.running.server.coap.refused.get(reason, 0)

    def enrol(self, site: str) -> Join:
        """Admit a site whose edge comes through the relays."""
        contexts = ContextStore(self.folder / "data" / CONTEXTS_FILE)
        try:
            return admit(contexts, site, "127.0.0.1", self.udp_relay.port)
        finally:
            contexts.close()

    def stranger(self, join: Join, name: str) -> HttpsExchange:
        """The exchange of another edge, with a file of its own."""
        return HttpsExchange(ContextStore(self.folder / f"{name}.sqlite"), join, self.url)

    async def restart_server(self) -> None:
        """End the server and start it again on its files, behind the same relays."""
        await self._stack.aclose()
        await self._serve()
        self.tcp_relay.retarget(self._http_port)

    async def minutes(self) -> list[int]:
        """The minutes that the server has."""
        store = self.running.server.store
        return [int(minute) for minute in await store.present_minutes("lab", 0, START_S // 30)]

    async def _serve(self) -> None:
        self.running = await self._stack.enter_async_context(
            serving(self.folder, clock=self.clock, coap_host="127.0.0.1")
        )
        self.udp_relay.retarget(self.running.server.coap.port)

    @property
    def _http_port(self) -> int:
        return int(self.running.url.rsplit(":", 1)[1])


@asynccontextmanager
async def two_paths(folder: Path) -> AsyncIterator[TwoPaths]:
    opened = TwoPaths(folder)
    await opened.open()
    try:
        yield opened
    finally:
        await opened.close()
