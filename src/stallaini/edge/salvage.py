"""What to do with a corrupt journal file: read what can be read, and move it out of the way."""

from __future__ import annotations

import logging
import sqlite3
from pathlib import Path

from stallaini.edge.journal import Saved
from stallaini.edge.rows import ENTRY_COLUMNS, CorruptJournal, bring_up_to_date, entry_of

logger = logging.getLogger(__name__)

_MOST_ENTRIES = 20_000
_SIDE_FILES = ("", "-wal", "-shm")


def salvage(path: Path, description: bytes) -> list[Saved]:
    """The unacknowledged bodies that can still be read, made under `description`, oldest first.

    Reads from both ends, because a damaged page stops a scan; from each end at most 20,000 entries.
    """
    try:
        db = sqlite3.connect(path)
        try:
            bring_up_to_date(db)
            return _salvage(db, description)
        finally:
            db.close()
    except sqlite3.Error as error:
        logger.warning("nothing to save from %s: %s", path, error)
        return []


def set_aside(path: Path) -> Path:
    """Rename the file (and SQLite's files beside it) to `NAME.corrupt`, replacing an earlier one."""
    aside = path.with_name(path.name + ".corrupt")
    for ending in _SIDE_FILES:
        source, target = Path(f"{path}{ending}"), Path(f"{aside}{ending}")
        target.unlink(missing_ok=True)
        if source.exists():
            source.rename(target)
    return aside


def _salvage(db: sqlite3.Connection, description: bytes) -> list[Saved]:
    rows = db.execute("SELECT origin, boot_id, booted_s FROM origin WHERE description = ?", (description,))
    boots = {origin: (boot_id, booted_s) for origin, boot_id, booted_s in rows}
    found: dict[int, Saved] = {}
    acked_seq = 0
    for direction in ("DESC", "ASC"):
        query = (
            f"SELECT origin, acked_seq, {ENTRY_COLUMNS} FROM entry"
            f" ORDER BY seq {direction} LIMIT {_MOST_ENTRIES}"
        )
        try:
            for origin, acked, *columns in db.execute(query):
                acked_seq = max(acked_seq, acked)
                if origin in boots:
                    entry = entry_of(*columns)
                    found[entry.seq] = Saved(entry.body, *boots[origin])
        except (sqlite3.Error, CorruptJournal, TypeError, ValueError) as error:
            logger.warning("the corrupt journal ends early: %s", error)
    return [saved for seq, saved in sorted(found.items()) if seq > acked_seq]
