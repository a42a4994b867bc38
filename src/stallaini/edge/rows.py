"""How entries lie in the journal's file: the tables, and entries as rows and back."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec

from stallaini.edge.timekeeper import EARLIEST_S
from stallaini.errors import OperatorError
from stallaini.link.messages import Entry, Event, Minute, Scalar, TimeQuality

# Small pages, because one commit a minute writes whole pages: 1.5 MB a day instead of 6.
_PAGE_BYTES = 1024

_FIRST_FORM = """
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

# `quality` is NULL for an entry whose time is not known yet: its minute or second counts from its boot.
# `booted_s` is the Unix time of a boot's monotonic zero, once it is known.
_ADD_TIME_QUALITY = """
ALTER TABLE entry ADD COLUMN quality INTEGER DEFAULT 0;
ALTER TABLE origin ADD COLUMN booted_s REAL;
CREATE INDEX undated ON entry (quality) WHERE quality IS NULL;
"""

_FORMS = (_FIRST_FORM, _ADD_TIME_QUALITY)
SCHEMA_VERSION = len(_FORMS)

_VALUES = msgspec.msgpack.Decoder(tuple[int | None, ...])
_EVENT = msgspec.msgpack.Decoder(tuple[int, str, dict[str, Scalar]])
_encode = msgspec.msgpack.Encoder().encode


class BodyRow(NamedTuple):
    """The columns of an entry's body; `minute` and `span` are None for an event, `quality` while undated."""

    minute: int | None
    span: int | None
    body: bytes
    quality: int | None


class CorruptJournal(Exception):
    """The file is not a journal, or no longer a whole one."""


def is_undated(body: Minute | Event) -> bool:
    """Whether its time counts from its boot, because that of the wall is not known yet."""
    return (body.minute * 60 if isinstance(body, Minute) else body.at_s) < EARLIEST_S


def body_row(body: Minute | Event) -> BodyRow:
    """A body as its columns."""
    quality = TimeQuality.EXACT if isinstance(body, Event) else body.quality
    known = None if is_undated(body) else int(quality)
    if isinstance(body, Minute):
        return BodyRow(body.minute, body.span_minutes, _encode(body.values), known)
    return BodyRow(None, None, _encode((body.at_s, body.kind, body.data)), known)


def entry_of(seq: int, minute: int | None, span: int | None, body: bytes, quality: int | None) -> Entry:
    """The entry in a row. Raises CorruptJournal."""
    try:
        if minute is None:
            return Entry(seq, Event(*_EVENT.decode(body)))
        return Entry(seq, Minute(minute, _VALUES.decode(body), span or 1, TimeQuality(quality or 0)))
    except (msgspec.DecodeError, ValueError) as error:
        raise CorruptJournal(f"entry {seq}: {error}") from error


ENTRY_COLUMNS = ", ".join(("seq", *BodyRow._fields))
"""What `entry_of` takes, in its order."""


def select_entries(db: sqlite3.Connection, where: str, *values: int) -> Iterator[Entry]:
    """The entries for which `where` (SQL over the entry table, with order and limit) holds."""
    for row in db.execute(f"SELECT {ENTRY_COLUMNS} FROM entry WHERE {where}", values):
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
        version = _version(db)
        if version > SCHEMA_VERSION:
            raise OperatorError(f"{path} is a journal of format {version}: install the newer stallaini")
        if version > 0:
            _check(db)
        bring_up_to_date(db)
        if db.execute("SELECT count(*) FROM journal").fetchone()[0] == 0:
            db.execute("INSERT INTO journal VALUES (?, x'')", (journal_id,))
    except BaseException:
        db.close()
        raise
    return db


def bring_up_to_date(db: sqlite3.Connection) -> None:
    """Give an older or empty file the newest form of the tables, in one step. Raises sqlite3.Error."""
    version = _version(db)
    if version >= SCHEMA_VERSION:
        return
    db.execute("BEGIN IMMEDIATE")
    for form in _FORMS[version:]:
        for statement in form.split(";\n"):
            db.execute(statement)
    db.execute(f"PRAGMA user_version={SCHEMA_VERSION}")
    db.execute("COMMIT")


def _version(db: sqlite3.Connection) -> int:
    return int(db.execute("PRAGMA user_version").fetchone()[0])


def _check(db: sqlite3.Connection) -> None:
    verdict = db.execute("PRAGMA quick_check(1)").fetchone()[0]
    if verdict != "ok":
        raise CorruptJournal(str(verdict))
