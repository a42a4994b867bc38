"""The server program in a namespace, with sites enrolled, for callers in other threads."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from stallaini.clock import SystemClock
from stallaini.link.enrolment import admit
from stallaini.link.join import Join
from stallaini.link.oscore import ContextStore
from stallaini.ops.netlab.pair import Pair
from stallaini.server.coap import COAP_PORT
from stallaini.server.options import CONTEXTS_FILE
from stallaini.server.program import Server, ServerOptions

T = TypeVar("T")


@dataclass(frozen=True)
class LinkServer:
    """A running server and the event loop it runs in."""

    server: Server
    loop: asyncio.AbstractEventLoop

    def minutes(self, site: str, start_minute: int, end_minute: int) -> list[int]:
        """The stored minutes of a site in [start, end)."""
        present = self.ask(self.server.store.present_minutes(site, start_minute, end_minute))
        return [int(minute) for minute in present]

    def ask(self, question: Coroutine[Any, Any, T]) -> T:
        """Await a coroutine of the server's parts in the server's own loop."""
        return asyncio.run_coroutine_threadsafe(question, self.loop).result()


def enrol(folder: Path, addresses: dict[str, str]) -> dict[str, Join]:
    """Admit sites to the server whose data lie in `folder`, each to reach it at its own address."""
    contexts = ContextStore(folder / CONTEXTS_FILE)
    try:
        return {site: admit(contexts, site, address, COAP_PORT) for site, address in addresses.items()}
    finally:
        contexts.close()


@contextmanager
def hosted_server(pair: Pair, folder: Path, sites: Sequence[str]) -> Iterator[LinkServer]:
    """The server in its namespace, on the standard port, until the end of the block."""
    with pair.server.hosting(lambda: _open(folder, sites)) as server:
        yield server


@asynccontextmanager
async def _open(folder: Path, sites: Sequence[str]) -> AsyncIterator[LinkServer]:
    server = Server(ServerOptions(folder, ("127.0.0.1", 0), ("0.0.0.0", COAP_PORT)), SystemClock())
    await server.start()
    try:
        known = {row.site for row in await server.store.sites()}
        for site in sites:
            if site not in known:
                await server.store.add_site(site, 0)
        yield LinkServer(server, asyncio.get_running_loop())
    finally:
        await server.close()
