"""The inbox: what became of every command, durable before anything is done about it.

One SQLite file of its own, every change one commit with synchronous=FULL. A command is kept before it is
confirmed to the server, marked before it is acted on, and its end is written before it is told: whenever the
program is killed, the file says how far it had come. What is kept is in RAM too; only changes touch the disk.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec

from stallaini.edge.salvage import set_aside
from stallaini.errors import OperatorError
from stallaini.link.commands import Ending, Outcome
from stallaini.link.messages import Command, Scalar

logger = logging.getLogger(__name__)

SCHEMA_VERSION = 1
KEPT_ENDED = 500
"""How many ended commands stay, so that their end can be told again; the highest id is kept for ever."""

_PAGE_BYTES = 1024
_TABLE = """
CREATE TABLE command (
    id INTEGER PRIMARY KEY,
    issuer TEXT NOT NULL,
    kind TEXT NOT NULL,
    not_before_s INTEGER NOT NULL,
    not_after_s INTEGER NOT NULL,
    data BLOB NOT NULL,
    boot_id BLOB NOT NULL,
    at_once INTEGER NOT NULL,
    acting INTEGER NOT NULL,
    ending TEXT,
    reason TEXT,
    told INTEGER NOT NULL
)
"""
_DATA = msgspec.msgpack.Decoder(dict[str, Scalar])
_CORRUPT_CODES = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


@dataclass(frozen=True)
class Kept:
    """A command as the inbox holds it.

    `boot_id` is the boot it was received in, `at_once` whether its not-before had come already then.
    `acting` is written before the act, `outcome` at the end, `told` once the journal has the event about it.
    """

    command: Command
    boot_id: bytes
    at_once: bool
    acting: bool = False
    outcome: Outcome | None = None
    told: bool = False


class CorruptInbox(Exception):
    """The file is not an inbox, or no longer a whole one."""


class Inbox:
    """The commands of one edge, by id. What changes it may raise sqlite3.Error, and has changed nothing then.

    A `path` of None keeps them in RAM. A corrupt file is set aside and a new one begun; `set_aside` then
    has its name. Raises OperatorError for the file of a newer program.
    """

    def __init__(self, path: Path | None, kept_ended: int = KEPT_ENDED) -> None:
        self._path = path
        self._kept_ended = kept_ended
        self._db: sqlite3.Connection | None = None
        self._rows: dict[int, Kept] = {}
        self.set_aside: str | None = None
        self.usable()

    def usable(self) -> bool:
        """Whether the file is open; tries to open one that could not be."""
        if self._db is None:
            try:
                self._open()
            except (sqlite3.Error, OSError) as error:
                logger.error("the inbox %s cannot be opened: %s; commands are refused", self._path, error)
        return self._db is not None

    @property
    def highest_id(self) -> int | None:
        """The highest id ever kept."""
        return max(self._rows, default=None)

    def get(self, id_: int) -> Kept | None:
        """The command with this id, unless it was never kept or ended long ago."""
        return self._rows.get(id_)

    def open(self) -> list[Kept]:
        """Commands that have not ended, by id."""
        return [kept for kept in self._rows.values() if kept.outcome is None]

    def untold(self) -> list[Kept]:
        """Commands that ended and whose end the journal may not have, by id."""
        return [kept for kept in self._rows.values() if kept.outcome is not None and not kept.told]

    def keep(self, received: Sequence[Kept]) -> None:
        """Keep new commands, all or none; their ids are higher than every one before."""
        surplus = self._surplus(len(received))
        with self._connection() as db:
            db.executemany(
                "INSERT INTO command VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", map(_row, received)
            )
            db.executemany("DELETE FROM command WHERE id = ?", [(id_,) for id_ in surplus])
        for id_ in surplus:
            del self._rows[id_]
        self._rows.update((kept.command.id, kept) for kept in received)

    def act(self, id_: int) -> None:
        """Mark that the command is about to be acted on."""
        self._change(replace(self._rows[id_], acting=True))

    def end(self, id_: int, outcome: Outcome) -> None:
        """Write a command's end."""
        self._change(replace(self._rows[id_], outcome=outcome))

    def tell(self, id_: int) -> None:
        """Mark that the journal has the event about a command's end."""
        self._change(replace(self._rows[id_], told=True))

    def close(self) -> None:
        """Close the file; everything is in it."""
        if self._db is not None:
            self._db.close()

    def _change(self, kept: Kept) -> None:
        ending, reason = _outcome_columns(kept.outcome)
        with self._connection() as db:
            db.execute(
                "UPDATE command SET acting = ?, ending = ?, reason = ?, told = ? WHERE id = ?",
                (kept.acting, ending, reason, kept.told, kept.command.id),
            )
        self._rows[kept.command.id] = kept

    def _surplus(self, coming: int) -> list[int]:
        """The oldest ended ones beyond those that stay; never the newest of all, whose id is the mark."""
        ended = [id_ for id_, kept in self._rows.items() if kept.told]
        return ended[: max(0, len(ended) + coming - self._kept_ended)] if coming else []

    def _connection(self) -> sqlite3.Connection:
        """The open file, as a context that commits or undoes."""
        if self._db is None:
            raise sqlite3.OperationalError(f"{self._path} is not open")
        return self._db

    def _open(self) -> None:
        try:
            self._db, self._rows = _opened(self._path)
        except (sqlite3.Error, CorruptInbox) as error:
            if self._path is None or not _is_corrupt(error):
                raise
            logger.error("the inbox %s is corrupt (%s): set aside, a new one begun", self._path, error)
            self.set_aside = set_aside(self._path).name
            self._db, self._rows = _opened(self._path)


def _opened(path: Path | None) -> tuple[sqlite3.Connection, dict[int, Kept]]:
    db = sqlite3.connect(":memory:" if path is None else path)
    try:
        db.execute(f"PRAGMA page_size={_PAGE_BYTES}")
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("PRAGMA synchronous=FULL")
        version = int(db.execute("PRAGMA user_version").fetchone()[0])
        if version > SCHEMA_VERSION:
            raise OperatorError(f"{path} is an inbox of format {version}: install the newer stallaini")
        if (
            version == SCHEMA_VERSION
            and (verdict := db.execute("PRAGMA quick_check(1)").fetchone()[0]) != "ok"
        ):
            raise CorruptInbox(str(verdict))
        if version == 0:
            db.execute("BEGIN IMMEDIATE")
            db.execute(_TABLE)
            db.execute(f"PRAGMA user_version={SCHEMA_VERSION}")
            db.commit()
        return db, {kept.command.id: kept for kept in _read(db.execute("SELECT * FROM command ORDER BY id"))}
    except BaseException:
        db.close()
        raise


def _row(kept: Kept) -> tuple[object, ...]:
    command = kept.command
    return (
        *(command.id, command.issuer, command.kind, command.not_before_s, command.not_after_s),
        *(msgspec.msgpack.encode(command.data), kept.boot_id, kept.at_once),
        *(kept.acting, *_outcome_columns(kept.outcome), kept.told),
    )


def _read(rows: Iterable[Sequence[Any]]) -> Iterable[Kept]:
    """The commands in rows of the whole table. Raises CorruptInbox."""
    for row in rows:
        id_, issuer, kind, not_before_s, not_after_s, data, boot_id, at_once, acting, ending, reason, told = (
            row
        )
        try:
            command = Command(id_, issuer, kind, not_before_s, not_after_s, _DATA.decode(data))
            outcome = None if ending is None else Outcome(Ending(ending), reason)
            yield Kept(command, boot_id, bool(at_once), bool(acting), outcome, bool(told))
        except (ValueError, TypeError) as error:
            raise CorruptInbox(f"command {id_}: {error}") from error


def _outcome_columns(outcome: Outcome | None) -> tuple[str | None, str | None]:
    return (None, None) if outcome is None else (outcome.ending.value, outcome.reason)


def _is_corrupt(error: Exception) -> bool:
    if isinstance(error, CorruptInbox):
        return True
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in _CORRUPT_CODES
