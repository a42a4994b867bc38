"""How entries lie in the journal's file: the tables, and entries as rows and back."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec

from stallaini.errors import OperatorError
from stallaini.link.messages import Entry, Event, Minute, Scalar

SCHEMA_VERSION = 1
# Small pages, because one commit a minute writes whole pages: 1.5 MB a day instead of 6.
_PAGE_BYTES = 1024

_SCHEMA = """
CREATE TABLE journal (id BLOB NOT NULL, memory BLOB NOT NULL);
CREATE TABLE origin (origin INTEGER PRIMARY KEY, boot_id BLOB NOT NULL, description BLOB NOT NULL);
CREATE TABLE entry (
    seq INTEGER PRIMARY KEY,
    origin INTEGER NOT NULL,
    monotonic_s REAL NOT NULL,
    acked_seq INTEGER NOT NULL,
    minute INTEGER,
    span INTEGER,
    body BLOB NOT NULL
);
"""

_VALUES = msgspec.msgpack.Decoder(tuple[int | None, ...])
_EVENT = msgspec.msgpack.Decoder(tuple[int, str, dict[str, Scalar]])
_encode = msgspec.msgpack.Encoder().encode


class BodyRow(NamedTuple):
    """The columns that hold an entry's body; `minute` and `span` are None for an event."""

    minute: int | None
    span: int | None
    body: bytes


class CorruptJournal(Exception):
    """The file is not a journal, or no longer a whole one."""


def body_row(body: Minute | Event) -> BodyRow:
    """A body as its columns."""
    if isinstance(body, Minute):
        return BodyRow(body.minute, body.span_minutes, _encode(body.values))
    return BodyRow(None, None, _encode((body.at_s, body.kind, body.data)))


def entry_of(seq: int, minute: int | None, span: int | None, body: bytes) -> Entry:
    """The entry in a row. Raises CorruptJournal."""
    try:
        if minute is None:
            return Entry(seq, Event(*_EVENT.decode(body)))
        return Entry(seq, Minute(minute, _VALUES.decode(body), span or 1))
    except msgspec.DecodeError as error:
        raise CorruptJournal(f"entry {seq}: {error}") from error


def select_entries(db: sqlite3.Connection, where: str, *values: int) -> Iterator[Entry]:
    """The entries for which `where` (SQL over the entry table, with order and limit) holds."""
    for row in db.execute(f"SELECT seq, minute, span, body FROM entry WHERE {where}", values):
        yield entry_of(*row)


def open_file(path: Path | None, journal_id: bytes) -> sqlite3.Connection:
    """The journal file's connection (None: in RAM), made with `journal_id` when it is new.

    Raises CorruptJournal, sqlite3.Error, and OperatorError for the file of a newer program.
    """
    db = sqlite3.connect(":memory:" if path is None else path, isolation_level=None)
    try:
        db.execute(f"PRAGMA page_size={_PAGE_BYTES}")
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("PRAGMA synchronous=FULL")
        version = int(db.execute("PRAGMA user_version").fetchone()[0])
        if version == 0:
            _create(db, journal_id)
        elif version != SCHEMA_VERSION:
            raise OperatorError(f"{path} is a journal of format {version}: install the newer stallaini")
        else:
            _check(db)
    except BaseException:
        db.close()
        raise
    return db


def _create(db: sqlite3.Connection, journal_id: bytes) -> None:
    db.execute("BEGIN IMMEDIATE")
    for statement in _SCHEMA.split(";\n"):
        db.execute(statement)
    db.execute("INSERT INTO journal VALUES (?, x'')", (journal_id,))
    db.execute(f"PRAGMA user_version={SCHEMA_VERSION}")
    db.execute("COMMIT")


def _check(db: sqlite3.Connection) -> None:
    verdict = db.execute("PRAGMA quick_check(1)").fetchone()[0]
    if verdict != "ok":
        raise CorruptJournal(str(verdict))
