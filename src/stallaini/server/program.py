"""The server program: one event loop for the link, the store and the HTTP API."""

from __future__ import annotations

import asyncio
import fcntl
import logging
import signal
import sqlite3
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO

import httpx

from stallaini.clock import Clock, SystemClock
from stallaini.errors import OperatorError
from stallaini.link.model_files import read_models
from stallaini.link.oscore import ContextStore
from stallaini.server.alarms.desk import AlarmDesk
from stallaini.server.alarms.notify_file import Means, read_means
from stallaini.server.alarms.patrol import Patrol
from stallaini.server.alarms.senders import senders_of
from stallaini.server.api.app import create_app
from stallaini.server.api.http import HttpServer
from stallaini.server.api.services import Services
from stallaini.server.api.static import packaged_static_dir
from stallaini.server.coap import COAP_PORT, CoapEndpoint
from stallaini.server.commands import Commands
from stallaini.server.database import Database
from stallaini.server.ingest import Ingest
from stallaini.server.link_door import LinkDoor
from stallaini.server.live import LiveHub
from stallaini.server.memory import give_back_forever
from stallaini.server.metrics import Metrics
from stallaini.server.options import CONTEXTS_FILE, DATABASE_FILE
from stallaini.server.people.people import People
from stallaini.server.sites import Sites
from stallaini.server.store.base import Store
from stallaini.server.store.sqlite import SqliteStore

HTTP_PORT = 8080
_LOCK_FILE_NAME = "server.lock"
_FIRST_SEAL_S = 60.0
_SEAL_EVERY_S = 3600.0

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class ServerOptions:
    """Where the data lie and which addresses to serve; port 0 takes a free one."""

    data_dir: Path
    http: tuple[str, int] = ("127.0.0.1", HTTP_PORT)
    coap: tuple[str, int] = ("::", COAP_PORT)
    demo: bool = False


class Server:
    """Everything of one server. `start` returns when it serves, `close` when nothing is left running."""

    def __init__(self, options: ServerOptions, clock: Clock, static_dir: Path | None = None) -> None:
        self._options = options
        self._clock = clock
        self._static_dir = static_dir or packaged_static_dir()
        self._stack = AsyncExitStack()
        self._desk: AlarmDesk | None = None
        self.hub = LiveHub(clock, self._poke)
        self.metrics = Metrics()
        self.people: People
        self.store: Store
        self.commands: Commands
        self.means: Means
        self.alarms: AlarmDesk
        self.ingest: Ingest
        self.coap: CoapEndpoint
        self.http: HttpServer

    async def start(self) -> None:
        """Open files and ports. Raises OperatorError for what the operator can mend; then nothing is open."""
        try:
            self._open_files()
            await self._open_ports()
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        """Stop: listeners are sent away, what is being answered gets its answer, files are closed."""
        self.hub.close()
        if self._desk is not None:
            self._desk.close()
        await self._stack.aclose()

    def _open_files(self) -> None:
        data_dir = make_data_dir(self._options.data_dir)
        self._stack.callback(_locked(data_dir).close)
        database = Database(data_dir / DATABASE_FILE)
        self._stack.callback(database.close)
        self.people = People(database, self._clock)
        self.store = SqliteStore(database)
        self.commands = Commands(self.store, self._clock, self._poke)
        self.means = read_means(data_dir)
        self.alarms = self._desk = self._open_alarms(database)
        self.ingest = Ingest(
            self.store, self._clock, self.hub, read_models(data_dir), self.commands, self.alarms.heard
        )
        self.metrics.watch_gauge("database_bytes", "Size of the database", lambda: _size_bytes(database.path))

    def _open_alarms(self, database: Database) -> AlarmDesk:
        http = httpx.AsyncClient()
        self._stack.push_async_callback(http.aclose)
        patrol = Patrol(database, self.store, self._clock, self.hub)
        senders = senders_of(self.means, http)
        return AlarmDesk(database, self.store, self._clock, patrol, senders, self.hub.alarmed)

    async def _open_ports(self) -> None:
        contexts = ContextStore(self._options.data_dir / CONTEXTS_FILE)
        self._stack.callback(contexts.close)
        self.coap = CoapEndpoint(
            contexts, self._take, self._clock, bind=self._options.coap, copied=self.ingest.keys_copied
        )
        await self.coap.start()
        self._stack.push_async_callback(self.coap.close)
        self._watch_counters()
        services = Services(
            store=self.store,
            sites=Sites(self.store, self.hub, self._clock),
            people=self.people,
            hub=self.hub,
            commands=self.commands,
            metrics=self.metrics,
            link=LinkDoor(self.coap),
            alarms=self.alarms,
            means=self.means,
            clock=self._clock,
            static_dir=self._static_dir,
            demo=self._options.demo,
        )
        self.http = HttpServer(create_app(services), *self._options.http)
        self._stack.push_async_callback(self.http.close)
        await self.http.start()
        for work in (self._seal_forever(), self.alarms.run(), give_back_forever(SystemClock())):
            self._stack.push_async_callback(_cancelled, asyncio.create_task(work))

    def _watch_counters(self) -> None:
        self.metrics.watch_gauge("live_watchers", "Open live streams", self.hub.watchers)
        self.metrics.watch_counters("refusals", "Messages refused", "reason", lambda: self.coap.refused)
        for prefix, help_text, label in (
            ("uplinks", "Uplinks by answer", "answer"),
            ("minutes", "Minutes received by what became of them", "outcome"),
        ):
            self.metrics.watch_counters(prefix, help_text, label, _part(self.ingest.counters, prefix))
        for name, help_text, counted in (
            (
                "outbox_delivered",
                "Messages about alarms, and edits of them, that arrived",
                self.alarms.delivered,
            ),
            ("outbox_failed", "Tries to send one that failed or have no known end", self.alarms.failed),
        ):
            self.metrics.watch_counters(name, help_text, "way", partial(dict, counted))

    async def _take(self, site: str, payload: bytes) -> bytes:
        start_s = self._clock.monotonic_s()
        answer = await self.ingest.handle(site, payload)
        self.metrics.observe_ingest(self._clock.monotonic_s() - start_s)
        return answer

    def _poke(self, site: str) -> None:
        self.coap.poke(site)

    async def _seal_forever(self) -> None:
        wait_s = _FIRST_SEAL_S
        while True:
            await self._clock.sleep(wait_s)
            wait_s = _SEAL_EVERY_S
            try:
                report = await self.store.seal(int(self._clock.wall_s()) // 60)
            except (sqlite3.Error, OSError) as error:
                logger.error("sealing finished days failed, tried again in an hour: %s", error)
            else:
                if report.sealed or report.rewritten:
                    logger.info("sealed %d site-days, rewrote %d", report.sealed, report.rewritten)


async def run_server(
    options: ServerOptions, clock: Clock, serving: Callable[[Server], None] = lambda _: None
) -> None:
    """Serve until SIGINT or SIGTERM; `serving` is called once everything is up."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    server = Server(options, clock)
    await server.start()
    try:
        if not options.demo and not await server.people.anybody():
            logger.warning("nobody can sign in yet: add a person with `stallaini user add NAME --role admin`")
        serving(server)
        await stop.wait()
    finally:
        await server.close()


def make_data_dir(path: Path) -> Path:
    """The folder of the server's data, made for its owner alone when missing. Raises OperatorError."""
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise OperatorError(f"cannot make the data folder {path}: {error.strerror}") from error
    return path


def _locked(data_dir: Path) -> IO[bytes]:
    """A lock as long as the file is open: two servers would undo each other's replay protection."""
    path = data_dir / _LOCK_FILE_NAME
    try:
        file = path.open("ab")
    except OSError as error:
        raise OperatorError(f"cannot write in the data folder {data_dir}: {error.strerror}") from error
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        raise OperatorError(f"another server runs on {data_dir}; stop it or use another folder") from None
    return file


def _part(counters: Mapping[str, int], prefix: str) -> Callable[[], Mapping[str, int]]:
    """The counters named `prefix.KEY`, by KEY."""
    start = f"{prefix}."
    return lambda: {key.removeprefix(start): n for key, n in counters.items() if key.startswith(start)}


def _size_bytes(path: Path) -> float:
    files = (path, path.with_name(path.name + "-wal"))
    return float(sum(file.stat().st_size for file in files if file.exists()))


async def _cancelled(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
