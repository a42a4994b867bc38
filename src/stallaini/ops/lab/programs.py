"""The edge and the server as the lab runs them: their public parts, put together as their programs do.

This is the only file of the lab that knows how they are made.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import socket
import sqlite3
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from stallaini.edge.cli import KEYS_FILE
from stallaini.edge.command_kinds import Handler
from stallaini.edge.exchange import CoapExchange
from stallaini.edge.program import JOURNAL_FILE, open_core
from stallaini.link.commands import DONE, Outcome
from stallaini.link.enrolment import accept, admit
from stallaini.link.join import Join
from stallaini.link.messages import Command, Event
from stallaini.link.oscore import ContextStore
from stallaini.ops.lab.disk import Disk
from stallaini.ops.lab.ledger import Act, Closed, Ledger, Note
from stallaini.ops.lab.machine import MachineClock
from stallaini.ops.lab.network import SERVER_HOST, SimSocket
from stallaini.ops.lab.site import SITE, Battery, Tally
from stallaini.server.coap import COAP_PORT, CoapEndpoint
from stallaini.server.commands import Commands
from stallaini.server.database import Database
from stallaini.server.gap_reasons import gap_reasons
from stallaini.server.ingest import Ingest
from stallaini.server.live import LiveHub
from stallaini.server.options import CONTEXTS_FILE, DATABASE_FILE
from stallaini.server.queries import Gap, gaps
from stallaini.server.store.base import Column, CommandState, NewCommand, StoreUnavailable
from stallaini.server.store.sqlite import SqliteStore
from stallaini.site.config import SiteConfig

__all__ = ["DATABASE_FILE", "JOURNAL_FILE"]

_ROUNDS_PER_MINUTE = 3
_NOTE_EVERY_ROUNDS = 20
_SEAL_EVERY_S = 420.0
_DAY_MINUTES = 1440
_FAR_S, _MOST_EVENTS = 2**40, 100_000
_SWITCH = "lab.switch"
_ACT_TAKES_S = 300.0


def enrol(edge_folder: Path, server_folder: Path) -> Join:
    """Make the files with which both machines begin: keys on both, the site in the server's store."""
    contexts = ContextStore(server_folder / CONTEXTS_FILE)
    join = admit(contexts, SITE, SERVER_HOST, COAP_PORT)
    contexts.close()
    keys = ContextStore(edge_folder / KEYS_FILE)
    accept(keys, join)
    keys.close()
    database = Database(server_folder / DATABASE_FILE)
    SqliteStore(database)
    database.close()
    return join


@dataclass(frozen=True)
class EdgeParts:
    """What an edge program is made with."""

    folder: Path
    clock: MachineClock
    boot_id: bytes
    config: SiteConfig
    join: Join
    open_socket: Callable[[], SimSocket]


class Switch(Handler):
    """Acts on the lab's commands: the ledger learns of it, then it takes a while."""

    kind = _SWITCH

    def __init__(self, ledger: Ledger, clock: MachineClock, chance: random.Random) -> None:
        self._ledger = ledger
        self._clock = clock
        self._chance = chance

    async def act(self, command: Command, /) -> Outcome:
        """Done, if it lives to the end of it."""
        at_s = self._clock.wall_s() - self._clock.error_s
        self._ledger.acts.append(Act(command.id, at_s, command.not_before_s, command.not_after_s))
        await self._clock.sleep(_ACT_TAKES_S * self._chance.random() ** 2)
        return DONE


class EdgeProgram:
    """The edge's program from its core on: the lab's battery takes the place of the wires.

    The ledger learns of each minute before the journal does.
    """

    def __init__(
        self,
        parts: EdgeParts,
        battery: Battery,
        ledger: Ledger,
        chance: random.Random,
        disk: Disk,
    ) -> None:
        self._clock = parts.clock
        self._battery = battery
        self._ledger = ledger
        self._chance = chance
        self._disk = disk
        self._in_ram: list[Closed | Note] = []
        self._stopping = asyncio.Event()
        self.feeding = True
        self._poked = asyncio.Event()
        self._contexts = ContextStore(parts.folder / KEYS_FILE)
        self._exchange = CoapExchange(
            self._contexts,
            parts.join,
            parts.config.link.ack_timeout_s,
            self._poked.set,
            open_socket=lambda _: cast(socket.socket, parts.open_socket()),
        )
        self._core = open_core(
            parts.config,
            parts.folder,
            parts.clock,
            self._exchange,
            parts.boot_id,
            handlers=[Switch(ledger, parts.clock, chance)],
        )
        self._names = [series.name for series in parts.config.description.series]
        self._tally = Tally(parts.config.description)
        self._core.ticker.on_end = self._minute_ended

    async def run(self) -> None:
        """Sample and deliver until stopped."""
        self._core.started()
        parts = (
            self._core.courier.run(),
            self._core.commands.run(),
            self._answer_pokes(),
            self._feed(),
            self._stopping.wait(),
        )
        tasks: list[asyncio.Task[Any]] = [asyncio.create_task(part) for part in parts]
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._core.stopped()
        await self._exchange.close()
        self._contexts.close()
        for task in done:
            task.result()

    def stop(self) -> None:
        """End in order."""
        self._stopping.set()

    def died(self) -> None:
        """The program is gone, and what only its memory held with it."""
        for entry in self._in_ram:
            entry.kept = False

    async def _answer_pokes(self) -> None:
        while True:
            await self._poked.wait()
            self._poked.clear()
            self._core.poked()

    async def _feed(self) -> None:
        rounds = 0
        while True:
            await self._clock.sleep(60 / _ROUNDS_PER_MINUTE)
            if not self.feeding:
                continue
            rounds += 1
            now_s = self._clock.monotonic_s()
            self._core.tick()
            for reading in self._battery.say(now_s):
                self._tally.add(reading)
                self._core.on_reading(reading)
            if self._chance.randrange(_NOTE_EVERY_ROUNDS) == 0:
                self._note()

    def _minute_ended(self, minute: int) -> None:
        closed = self._ledger.close(minute, self._names, self._tally.close(), self._clock.wall_s())
        self._core.minute_ended(minute)
        self._journaled(closed)

    def _note(self) -> None:
        note = self._ledger.note(self._clock.wall_s())
        self._core.on_event("lab.note", {"number": note.number})
        self._journaled(note)

    def _journaled(self, entry: Closed | Note) -> None:
        entry.kept = True
        entry.commit = self._disk.commits
        if self._disk.full:
            self._in_ram.append(entry)
            self._ledger.in_ram = True
        else:
            self._in_ram.clear()


@dataclass(frozen=True)
class ServerParts:
    """What a server program is made with."""

    folder: Path
    clock: MachineClock
    hub: LiveHub
    open_socket: Callable[[int], SimSocket]


class ServerProgram:
    """The server's program without its HTTP API; a day is sealed soon after it ended."""

    def __init__(self, parts: ServerParts) -> None:
        self._clock = parts.clock
        self._database = Database(parts.folder / DATABASE_FILE)
        self._store = SqliteStore(self._database)
        self._contexts = ContextStore(parts.folder / CONTEXTS_FILE)
        self._commands = Commands(self._store, parts.clock, lambda site: self._endpoint.poke(site))
        ingest = Ingest(self._store, parts.clock, parts.hub, box=self._commands)
        self._endpoint = CoapEndpoint(
            self._contexts,
            ingest.handle,
            parts.clock,
            ("0.0.0.0", COAP_PORT),
            open_socket=lambda _: cast(socket.socket, parts.open_socket(COAP_PORT)),
        )
        self._stopping = asyncio.Event()

    async def run(self) -> None:
        """Serve until stopped."""
        await self._endpoint.start()
        sealing = asyncio.create_task(self._seal_forever())
        await self._stopping.wait()
        sealing.cancel()
        await asyncio.gather(sealing, return_exceptions=True)
        await self._endpoint.close()
        self._contexts.close()
        self._database.close()

    def stop(self) -> None:
        """End in order."""
        self._stopping.set()

    async def ask(self, ahead_s: int, for_s: int) -> None:
        """Somebody asks the site to act, unless the store takes nothing now."""
        begin_s = int(self._clock.wall_s()) + ahead_s
        with contextlib.suppress(StoreUnavailable, sqlite3.Error, OSError):
            await self._commands.make(SITE, NewCommand("lab", _SWITCH, begin_s, begin_s + for_s, {}))

    async def _seal_forever(self) -> None:
        while True:
            await self._clock.sleep(_SEAL_EVERY_S)
            try:
                # The store seals the day before yesterday; told that it is tomorrow, yesterday.
                await self._store.seal(int(self._clock.wall_s()) // 60 + _DAY_MINUTES)
            except (sqlite3.Error, OSError):
                continue


@dataclass(frozen=True)
class Record:
    """One stored minute: its first minute, for how many it stands, and its values by series name."""

    minute: int
    span: int
    values: dict[str, int]


@dataclass(frozen=True)
class Stored:
    """All that the server has of the site.

    `present` are the minutes that have a record, be it one without values; `gaps` come with the reason that
    people are told.
    """

    records: list[Record]
    present: set[int]
    refused: list[int]
    events: list[Event]
    gaps: list[tuple[Gap, str | None]]
    commands: dict[int, CommandState]


async def read_store(folder: Path, names: Sequence[str], first_minute: int, end_minute: int) -> Stored:
    """What the server would tell of [first, end), and all records and events it has."""
    database = Database(folder / DATABASE_FILE)
    store = SqliteStore(database)
    try:
        events = await store.events(SITE, 0, _FAR_S, _MOST_EVENTS)
        columns = await store.columns(SITE, names, 0, _FAR_S)
        present = await store.present_minutes(SITE, 0, _FAR_S)
        refused = await database.read(_refused_minutes)
        commands = {row.command.id: row.state for row in await store.commands(SITE, _MOST_EVENTS)}
    finally:
        database.close()
    missing = gaps(present, first_minute, end_minute).gaps
    reasons = gap_reasons(missing, events)
    named = list(zip(missing, reasons, strict=True))
    return Stored(_records(columns), set(present.tolist()), refused, events, named, commands)


def _records(columns: Mapping[str, Column]) -> list[Record]:
    """The rows of the columns; a series that has two values in one row makes another row of it."""
    found: dict[tuple[int, int, int], dict[str, int]] = {}
    for name, column in columns.items():
        seen: Counter[tuple[int, int]] = Counter()
        for place in zip(column.minutes.tolist(), column.spans.tolist(), column.values.tolist(), strict=True):
            minute, span, value = place
            found.setdefault((minute, span, seen[minute, span]), {})[name] = value
            seen[minute, span] += 1
    return [Record(minute, span, values) for (minute, span, _), values in sorted(found.items(), key=_place)]


def _place(row: tuple[tuple[int, int, int], object]) -> tuple[int, int, int]:
    return row[0]


def _refused_minutes(connection: sqlite3.Connection) -> list[int]:
    rows = connection.execute("SELECT minute, span FROM refused")
    return [minute for first, span in rows for minute in range(first, first + span)]
