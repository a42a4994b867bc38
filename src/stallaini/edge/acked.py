"""The acknowledged entries of a journal: how many stay, so that a server set back can have them again."""

from __future__ import annotations

import os
import sqlite3

_FEWEST_SKIPPED, _MOST_SKIPPED = 64, 4096


class Acked:
    """Forgets what the server has, but for the last `kept` entries, the base, and the newest entry."""

    def __init__(self, db: sqlite3.Connection, kept: int) -> None:
        self._db = db
        self._kept = kept

    def first_seq(self) -> int:
        """The lowest number held; 1 in an empty journal."""
        row = self._db.execute("SELECT min(seq) FROM entry").fetchone()
        return int(row[0] or 1)

    def keep_from(self, acked_seq: int, last_seq: int) -> int:
        """The number below which acknowledged entries may go: base and newest entry always stay."""
        row = self._db.execute(
            "SELECT max(seq) FROM entry WHERE seq <= ? AND minute IS NOT NULL", (acked_seq,)
        ).fetchone()
        return min(int(row[0] or acked_seq), last_seq)

    def forget(self, acked_seq: int, last_seq: int) -> None:
        """Delete acknowledged entries beyond the kept ones, many at a time: each time costs pages."""
        many = self._kept // 40
        if acked_seq - self._kept - self.first_seq() < many:
            return
        if self._before(acked_seq, self._kept + many) is not None:
            surplus = self._before(acked_seq, self._kept)
            self._db.execute(
                "DELETE FROM entry WHERE seq <= ? AND seq < ?", (surplus, self.keep_from(acked_seq, last_seq))
            )

    def _before(self, acked_seq: int, count: int) -> int | None:
        """The number of the acknowledged entry that has `count` acknowledged ones after it."""
        row = self._db.execute(
            "SELECT seq FROM entry WHERE seq <= ? ORDER BY seq DESC LIMIT 1 OFFSET ?", (acked_seq, count)
        ).fetchone()
        return None if row is None else int(row[0])


def skipped_seqs() -> int:
    """How many numbers a program start leaves out: the card may have forgotten that it gave them.

    By chance, because what it has forgotten may be a start of the program that left out some itself.
    """
    return _FEWEST_SKIPPED + int.from_bytes(os.urandom(2), "big") % (_MOST_SKIPPED - _FEWEST_SKIPPED)
