"""What a journal's entries were made under, kept once and named by a number in each row."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import NamedTuple


class Origin(NamedTuple):
    """What entries were made under: the boot, and the encoded description that names their series."""

    boot_id: bytes
    description: bytes


class Origins:
    """The origins in a journal's file, and the one of this program start. Methods that write do so in the
    caller's transaction; every method may raise sqlite3.Error.
    """

    def __init__(self, db: sqlite3.Connection, present: Origin) -> None:
        self._db = db
        self.present = present
        self._by_number = self._read()
        self.booted_s = self._read_booted_s(present.boot_id)

    def __getitem__(self, number: int) -> Origin:
        return self._by_number[number]

    def __iter__(self) -> Iterator[tuple[int, Origin]]:
        return iter(self._by_number.items())

    def enter(self) -> int:
        """The number of this program start's origin; origins no entry refers to any more are deleted."""
        used = {row[0] for row in self._db.execute("SELECT DISTINCT origin FROM entry")}
        number = self.number(self.present, self.booted_s)
        unused = [(old,) for old in self._by_number if old not in used and old != number]
        self._db.executemany("DELETE FROM origin WHERE origin = ?", unused)
        for (old,) in unused:
            del self._by_number[old]
        return number

    def number(self, origin: Origin, booted_s: float | None) -> int:
        """The number of an origin; it is new if need be, and its boot began at `booted_s` then."""
        for number, known in self._by_number.items():
            if known == origin:
                return number
        number = max(self._by_number, default=0) + 1
        self._db.execute(
            "INSERT INTO origin (origin, boot_id, description, booted_s) VALUES (?, ?, ?, ?)",
            (number, *origin, booted_s),
        )
        self._by_number[number] = origin
        return number

    def note_booted(self, booted_s: float) -> None:
        """Keep that this boot began at that Unix time."""
        self._db.execute("UPDATE origin SET booted_s = ? WHERE boot_id = ?", (booted_s, self.present.boot_id))

    def _read(self) -> dict[int, Origin]:
        rows = self._db.execute("SELECT origin, boot_id, description FROM origin")
        return {number: Origin(boot_id, description) for number, boot_id, description in rows}

    def _read_booted_s(self, boot_id: bytes) -> float | None:
        row = self._db.execute("SELECT max(booted_s) FROM origin WHERE boot_id = ?", (boot_id,)).fetchone()
        return None if row[0] is None else float(row[0])
