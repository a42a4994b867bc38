"""The store on SQLite: one file for all sites, for a house or a few thousand of them."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import replace

from stallaini.link.messages import Command, Event, Head
from stallaini.server.database import Database
from stallaini.server.store.base import (
    Accepted,
    Column,
    CommandRow,
    DaySums,
    History,
    Imported,
    InexactStretch,
    Integers,
    JournalState,
    NewCommand,
    Outcome,
    SealReport,
    SiteRow,
    Speaker,
    StoreUnavailable,
)
from stallaini.server.store.chunks import DAY_MINUTES
from stallaini.server.store.commanding import add_command, hand_out, read_commands, sites_to_send_to
from stallaini.server.store.described import Descriptions, find_encoded
from stallaini.server.store.imported import forget_imported, import_history, imported_description
from stallaini.server.store.ingesting import add_site, ingest, load_journal, load_speaker
from stallaini.server.store.notes import note
from stallaini.server.store.reading import Reader, read_sites
from stallaini.server.store.schema import MIGRATIONS, ROOM
from stallaini.server.store.sealed import seal_day
from stallaini.server.store.summing import day_sums
from stallaini.site.description import Description

SEAL_AFTER_DAYS = 2
"""A day is sealed when it began this many days before today (UTC): today and yesterday stay hot."""

_REFUSED_KEPT_S = 90 * 86_400


class SqliteStore:
    """A `Store` (see base.py) in an open database; tells its file's tables up to date at the start."""

    def __init__(self, database: Database) -> None:
        database.migrate(ROOM, MIGRATIONS)
        self._database = database
        self._descriptions = Descriptions()
        self._heard: dict[str, int] = {}

    async def add_site(self, site: str, created_s: int) -> None:
        """Admit a site; admitting it again changes nothing."""
        await self._database.write(lambda connection: add_site(connection, site, created_s))

    async def sites(self) -> list[SiteRow]:
        """Every admitted site, by name."""
        return [self._with_heard(row) for row in await self._database.read(read_sites)]

    async def description(self, site: str) -> Description | None:
        """The site's newest description; None before its first uplink and for an unknown site."""
        return await self._database.read(lambda connection: self._reader(connection, site).description())

    async def description_bytes(self, site: str, description_hash: bytes) -> bytes | None:
        """The encoded description with this hash, if the site ever sent it."""
        return await self._database.read(lambda connection: find_encoded(connection, site, description_hash))

    async def journal(self, site: str, journal_id: bytes) -> JournalState:
        """How far a journal is durable; an unknown journal starts at 0."""
        return await self._database.read(lambda connection: load_journal(connection, site, journal_id))

    async def speaker(self, site: str) -> Speaker:
        """Who spoke for this site in the last uplink that became durable."""
        return await self._database.read(lambda connection: load_speaker(connection, site))

    async def note(self, site: str, event: Event) -> None:
        """Store an event of the server's own, unless the site has one of its kind from the hour before."""
        await self._database.write(lambda connection: note(connection, site, event))

    async def acked(self, site: str, journal_id: bytes) -> int:
        """The last sequence number acknowledged to a journal."""
        return (await self.journal(site, journal_id)).acked_seq

    async def ingest(self, batch: Sequence[Accepted]) -> list[Outcome]:
        """Make a batch durable in one transaction: all of it or, with an exception, nothing."""
        try:
            return await self._database.write(
                lambda connection: [ingest(connection, accepted, self._descriptions) for accepted in batch]
            )
        except sqlite3.OperationalError as error:
            raise StoreUnavailable(f"the store in {self._database.path} cannot commit: {error}") from error

    def note_heard(self, site: str, at_s: int) -> None:
        """Remember that the site spoke without sending entries."""
        self._heard[site] = at_s

    async def latest(self, site: str) -> dict[str, tuple[int, int]]:
        """Per series of the newest description its newest (minute, fixed-point value)."""
        return await self._database.read(lambda connection: self._reader(connection, site).latest())

    async def column(self, site: str, series_name: str, start_minute: int, end_minute: int) -> Column:
        """The records of one series that cover any minute in [start, end)."""
        return (await self.columns(site, [series_name], start_minute, end_minute))[series_name]

    async def columns(
        self, site: str, series_names: Sequence[str], start_minute: int, end_minute: int
    ) -> dict[str, Column]:
        """Several columns of one range, read together."""
        return await self._database.read(
            lambda connection: self._reader(connection, site).columns(series_names, start_minute, end_minute)
        )

    async def day_sums(
        self, site: str, series_names: Sequence[str], first_day: int, end_day: int
    ) -> dict[str, DaySums]:
        """Several columns summed by UTC day in [first_day, end_day)."""
        return await self._database.read(
            lambda connection: day_sums(
                connection, site, self._reader(connection, site), series_names, first_day, end_day
            )
        )

    async def present_minutes(self, site: str, start_minute: int, end_minute: int) -> Integers:
        """The minutes in [start, end) covered by any stored record, ascending, each once."""
        return await self._database.read(
            lambda connection: self._reader(connection, site).present_minutes(start_minute, end_minute)
        )

    async def inexact(self, site: str, start_minute: int, end_minute: int) -> list[InexactStretch]:
        """Where records that begin in [start, end) are not dated exactly, oldest first."""
        return await self._database.read(
            lambda connection: self._reader(connection, site).inexact(start_minute, end_minute)
        )

    async def first_minute(self, site: str) -> int | None:
        """The oldest stored minute of a site."""
        return await self._database.read(lambda connection: self._reader(connection, site).first_minute())

    async def events(
        self, site: str, start_s: int, end_s: int, limit: int, kind: str | None = None
    ) -> list[Event]:
        """Events in [start, end), of one kind or of all, newest first, at most `limit`."""
        return await self._database.read(
            lambda connection: self._reader(connection, site).events(start_s, end_s, limit, kind)
        )

    async def import_history(self, site: str, histories: Sequence[History]) -> list[Imported]:
        """Keep minutes recorded elsewhere beside the site's own; all or nothing. Raises StoreUnavailable."""
        try:
            return await self._database.write(
                lambda connection: import_history(connection, site, histories, self._reader(connection, site))
            )
        except sqlite3.OperationalError as error:
            raise StoreUnavailable(f"the store in {self._database.path} cannot commit: {error}") from error

    async def imported_description(self, site: str) -> Description | None:
        """What all that was imported for a site consists of; None when nothing was."""
        return await self._database.read(lambda connection: imported_description(connection, site))

    async def forget_imported(self, site: str) -> int:
        """Delete all that was imported for a site; how many minutes that was."""
        return await self._database.write(lambda connection: forget_imported(connection, site))

    async def add_command(self, site: str, new: NewCommand, now_s: float) -> CommandRow:
        """Make a command durable. Raises TooManyCommands."""
        return await self._database.write(lambda connection: add_command(connection, site, new, now_s))

    async def commands(
        self, site: str, limit: int, id_: int | None = None, before: int | None = None
    ) -> list[CommandRow]:
        """Commands, newest first; only the one with this id, or those with lower ids than `before`."""
        return await self._database.read(
            lambda connection: read_commands(connection, site, limit, id_, before)
        )

    async def hand_out_commands(
        self, site: str, head: Head, seen_id: int | None, now_s: int
    ) -> list[Command]:
        """What to send to the edge that speaks with `head` and keeps commands up to `seen_id`."""
        try:
            return await self._database.write(
                lambda connection: hand_out(connection, site, head, seen_id, now_s)
            )
        except sqlite3.OperationalError as error:
            raise StoreUnavailable(f"the store in {self._database.path} cannot commit: {error}") from error

    async def sites_to_command(self) -> list[str]:
        """The sites for which a command waits to be sent or confirmed."""
        return await self._database.read(sites_to_send_to)

    async def seal(self, now_minute: int) -> SealReport:
        """Seal every finished day that has hot minutes, one transaction per site and day.

        Ingest goes on between them. Refused minutes older than 90 days are dropped.
        """
        before_minute = (now_minute // DAY_MINUTES - SEAL_AFTER_DAYS + 1) * DAY_MINUTES
        sealed = rewritten = 0
        for row in await self._database.read(read_sites):
            while (day := await self._oldest_hot_day(row.site, before_minute)) is not None:
                if await self._seal_day(row.site, day):
                    rewritten += 1
                else:
                    sealed += 1
        oldest_s = now_minute * 60 - _REFUSED_KEPT_S
        await self._database.write(
            lambda connection: connection.execute("DELETE FROM refused WHERE received_s < ?", (oldest_s,))
        )
        return SealReport(sealed, rewritten)

    async def _oldest_hot_day(self, site: str, before_minute: int) -> int | None:
        (minute,) = await self._database.read(
            lambda connection: connection.execute(
                "SELECT MIN(minute) FROM minute WHERE site = ? AND minute < ?", (site, before_minute)
            ).fetchone()
        )
        return None if minute is None else int(minute) // DAY_MINUTES

    async def _seal_day(self, site: str, day: int) -> bool:
        return await self._database.write(
            lambda connection: seal_day(connection, site, day, self._descriptions)
        )

    def _reader(self, connection: sqlite3.Connection, site: str) -> Reader:
        return Reader(connection, site, self._descriptions)

    def _with_heard(self, row: SiteRow) -> SiteRow:
        heard_s = max((s for s in (row.heard_s, self._heard.get(row.site)) if s is not None), default=None)
        return replace(row, heard_s=heard_s)
