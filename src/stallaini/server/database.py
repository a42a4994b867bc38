"""The server's SQLite file: opening it, changing its schema, and one writer thread beside the readers."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from stallaini.errors import OperatorError

Result = TypeVar("Result")
Migration = Callable[[sqlite3.Connection], None]

FILE_NAME = "server.db"
_BUSY_TIMEOUT_S = 10.0
_WAL_KEPT_BYTES = 64 * 1024 * 1024


def connect(path: Path, *, one_thread: bool = True) -> sqlite3.Connection:
    """A connection for one thread: WAL, every commit durable (FULL), foreign keys on, 10 s busy wait.

    Makes the file with mode 0600 when it is new. Raises OperatorError when it cannot be used.
    """
    try:
        _make_private(path)
        connection = sqlite3.connect(
            path, timeout=_BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=one_thread
        )
        try:
            _configure(connection)
        except sqlite3.Error:
            connection.close()
            raise
    except (OSError, sqlite3.Error) as error:
        raise OperatorError(
            f"cannot use the database {path}: {error}; check that the folder exists, is writable, "
            "and that the file is a Stallaini database"
        ) from error
    return connection


def _make_private(path: Path) -> None:
    """Make the file for its owner alone, if there is none.

    One that is there must not even be opened: closing it again would drop every lock that this process has
    on it, and another program that closes the database would then take away the log under our feet.
    """
    with contextlib.suppress(FileExistsError):
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))


def _configure(connection: sqlite3.Connection) -> None:
    for pragma in (
        "journal_mode = WAL",
        "synchronous = FULL",
        "foreign_keys = ON",
        f"journal_size_limit = {_WAL_KEPT_BYTES}",
    ):
        connection.execute(f"PRAGMA {pragma}")


@contextmanager
def transaction(connection: sqlite3.Connection, *, write: bool = True) -> Iterator[sqlite3.Connection]:
    """All of the block or, when it raises, nothing; a read block sees one unmoving state."""
    connection.execute("BEGIN IMMEDIATE" if write else "BEGIN")
    try:
        yield connection
        connection.execute("COMMIT")
    except BaseException:
        # SQLite has already rolled back by itself after some errors, a full disk among them.
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def migrate(connection: sqlite3.Connection, room: str, migrations: Sequence[Migration]) -> None:
    """Bring the tables of one room (`store`, `people`) up to date.

    Each migration is a named function, run once, in its own transaction, and recorded by its name;
    released ones are never edited. Raises OperatorError for a database of a newer program.
    """
    connection.execute(
        "CREATE TABLE IF NOT EXISTS migration "
        "(room TEXT NOT NULL, name TEXT NOT NULL, PRIMARY KEY (room, name)) WITHOUT ROWID"
    )
    known = {migration.__name__ for migration in migrations}
    newer = _applied(connection, room) - known
    if newer:
        raise OperatorError(
            f"the database was written by a newer Stallaini (it knows {', '.join(sorted(newer))}); "
            "install that version or restore an older backup"
        )
    for migration in migrations:
        with transaction(connection):
            # Looked up again under the write lock: another process may be migrating too.
            if migration.__name__ not in _applied(connection, room):
                migration(connection)
                connection.execute("INSERT INTO migration VALUES (?, ?)", (room, migration.__name__))


def _applied(connection: sqlite3.Connection, room: str) -> set[str]:
    return {name for (name,) in connection.execute("SELECT name FROM migration WHERE room = ?", (room,))}


class Database:
    """One file, one writer thread, a few reader threads: a long read never holds up a commit.

    `write` and `read` run a function with a connection inside one transaction, off the event loop.
    """

    def __init__(self, path: Path, readers: int = 2) -> None:
        self.path = path
        self._writing, self._reading = threading.local(), threading.local()
        self._opened: list[sqlite3.Connection] = []
        self._writer = ThreadPoolExecutor(1, "database-writer")
        self._readers = ThreadPoolExecutor(readers, "database-reader")
        connect(path).close()

    def migrate(self, room: str, migrations: Sequence[Migration]) -> None:
        """Bring one room's tables up to date (see `migrate`); blocks until done."""
        connection = connect(self.path)
        try:
            migrate(connection, room, migrations)
        finally:
            connection.close()

    async def write(self, work: Callable[[sqlite3.Connection], Result]) -> Result:
        """Run `work` in one durable transaction; its exception undoes all of it and is raised here."""
        return await asyncio.get_running_loop().run_in_executor(self._writer, self._run, work, True)

    async def read(self, work: Callable[[sqlite3.Connection], Result]) -> Result:
        """Run `work` on one unmoving state of the database; it cannot write."""
        return await asyncio.get_running_loop().run_in_executor(self._readers, self._run, work, False)

    def close(self) -> None:
        """Finish what is running and close every connection; the last one folds the WAL into the file."""
        self._readers.shutdown()
        self._writer.shutdown()
        for connection in self._opened:
            connection.close()
        self._opened.clear()

    def _run(self, work: Callable[[sqlite3.Connection], Result], write: bool) -> Result:
        with transaction(self._connection(write), write=write) as connection:
            return work(connection)

    def _connection(self, write: bool) -> sqlite3.Connection:
        own = self._writing if write else self._reading
        existing: sqlite3.Connection | None = getattr(own, "connection", None)
        if existing is not None:
            return existing
        # Used by this thread alone, but closed by the one that closes the database.
        connection = connect(self.path, one_thread=False)
        if not write:
            connection.execute("PRAGMA query_only = ON")
        own.connection = connection
        self._opened.append(connection)
        return connection
