"""The journal that survives its card: a full, read-only or corrupt one is an event, never a crash.

While the file cannot be written, entries go to a spare journal in RAM, under a journal id of its own, so
that a number the server has seen can never come back with another meaning after a power cut.
"""

from __future__ import annotations

import logging
import shutil
import sqlite3
from collections.abc import Sequence
from pathlib import Path

from stallaini.clock import Clock
from stallaini.edge.journal import KEPT_ACKED, Batch, Journal, Origin
from stallaini.edge.rows import CorruptJournal
from stallaini.edge.salvage import salvage, set_aside
from stallaini.link.messages import Event, Minute, Scalar

logger = logging.getLogger(__name__)

FAILED, RECOVERED, SET_ASIDE = "journal.failed", "journal.recovered", "journal.set_aside"
_SPARE_BYTES = 4 * 1024 * 1024
_CORRUPT_CODES = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


class JournalKeeper:
    """Appends to the journal file, or to the spare in RAM while the file fails. Raises nothing of SQLite's.

    `memory` is the note that `append` last kept, also over a restart of the program. A `path` of None
    keeps everything in RAM: for simulated history.
    """

    def __init__(
        self,
        path: Path | None,
        max_bytes: int,
        clock: Clock,
        origin: Origin,
        *,
        kept_acked: int = KEPT_ACKED,
        spare_bytes: int = _SPARE_BYTES,
    ) -> None:
        self._path = path
        self._max_bytes = max_bytes
        self._clock = clock
        self._origin = origin
        self._kept_acked = kept_acked
        self._spare_bytes = spare_bytes
        self._spare: Journal | None = None
        self._failing = False
        self.memory = b""
        self._disk: Journal | None = None
        self._disk = self._open()
        if self._disk is not None:
            self.memory = self._disk.memory

    @property
    def booted_s(self) -> float | None:
        """The Unix time at which this boot began, if an earlier start of the program in it knew."""
        return None if self._disk is None else self._disk.booted_s

    @property
    def last_minute(self) -> int | None:
        """The latest minute journaled, as far back as the journals reach; None if some are undated."""
        if any(journal.undated for journal in self._journals):
            return None
        known = [journal.last_minute for journal in self._journals]
        return max((minute for minute in known if minute is not None), default=None)

    @property
    def current(self) -> Journal:
        """The journal that new entries go to."""
        return self._spare_journal() if self._disk is None else self._disk

    @property
    def fill_pct(self) -> float | None:
        """How full the file is, in % of its size limit; None while it fails."""
        try:
            return None if self._disk is None else 100 * self._disk.fill
        except sqlite3.Error as error:
            self._fail(error)
            return None

    @property
    def disk_free_mb(self) -> float | None:
        """What is free where the file lies, in MB of 10^6 bytes; None where that cannot be told."""
        try:
            return None if self._path is None else shutil.disk_usage(self._path.parent).free / 1e6
        except OSError:
            return None

    @property
    def unacked(self) -> bool:
        """Whether anything waits for the server's acknowledgement."""
        return any(journal.unacked for journal in self._journals)

    def has_minute(self, minute: int) -> bool:
        """Whether that minute was journaled, as far back as the journals reach."""
        return any(journal.has_minute(minute) for journal in self._journals)

    def append(self, bodies: Sequence[Minute | Event], memory: bytes | None = None) -> None:
        """Make bodies as durable as this machine lets us; see the class."""
        if memory is not None:
            self.memory = memory
        if self._disk is None:
            self._disk = self._open()
        disk = None
        while self._disk is not disk:
            disk = self._disk
            if disk is not None and self._append_to(disk, bodies):
                return
        self._spare_journal().append(bodies)

    def repair(self) -> None:
        """The time is known now: give what was journaled before its date. What fails is done later."""
        for journal in self._journals:
            try:
                journal.repair()
            except (sqlite3.Error, CorruptJournal) as error:
                self._fail(error)

    def next_batch(self) -> tuple[Journal, Batch] | None:
        """What to send next and the journal it lies in; the file's before the spare's."""
        for journal in self._journals:
            try:
                batch = journal.batch()
            except (sqlite3.Error, CorruptJournal) as error:
                self._fail(error)
                continue
            if batch is not None:
                return journal, batch
        return None

    def forget(self, journal: Journal, acked_seq: int) -> None:
        """The server has everything of `journal` up to `acked_seq`."""
        journal.forget(acked_seq)
        if journal is self._spare and not journal.unacked and not self._failing:
            journal.close()
            self._spare = None

    def rewind(self, journal: Journal, server_seq: int) -> None:
        """The server has less of `journal` than it had acknowledged: see `Journal.rewind`."""
        if journal not in self._journals:
            return
        try:
            lost = journal.rewind(server_seq)
        except (sqlite3.Error, CorruptJournal) as error:
            self._fail(error)
            return
        if lost is not None:
            logger.warning("the server went back to entry %d, %s", server_seq, lost.data)
            self.append([lost])

    def renew(self, journal: Journal) -> None:
        """The server knows `journal`'s numbers with another meaning: see `Journal.renew`."""
        if journal not in self._journals:
            return
        try:
            renewed = journal.renew()
        except sqlite3.Error as error:
            self._fail(error)
            return
        logger.warning("the journal's numbers were used before (an old copy of the card?): new journal id")
        self.append([renewed])

    def close(self) -> None:
        """Close the file. What only the spare holds is lost, and the log says how much."""
        if self._spare is not None:
            logger.error("%d entries were only in RAM and end here", len(self._spare.waiting()))
        for journal in self._journals:
            journal.close()

    # -- inside

    @property
    def _journals(self) -> list[Journal]:
        return [journal for journal in (self._disk, self._spare) if journal is not None]

    def _append_to(self, disk: Journal, bodies: Sequence[Minute | Event]) -> bool:
        """Append to the file, and once that works again, what the spare took meanwhile. False: it failed."""
        try:
            disk.append(bodies, self.memory if self.memory != disk.memory else None)
        except (sqlite3.Error, CorruptJournal) as error:
            self._fail(error)
            return False
        if self._failing:
            self._carry_over(disk)
        return True

    def _carry_over(self, disk: Journal) -> None:
        """Bring to the file what the spare holds and the server has not acknowledged; it is empty then.

        What of it reached the server under the spare's numbers comes again under the file's, and is known
        there. What was acknowledged is nowhere else: the event names that time for a server that is set back.
        """
        carried = [] if self._spare is None else self._spare.waiting()
        note: dict[str, Scalar] = {"entries": len(carried)}
        if self._spare is not None and self._spare.first_minute is not None:
            note |= {"from": self._spare.first_minute * 60, "to": ((self._spare.last_minute or 0) + 1) * 60}
        try:
            disk.append([*carried, self._event(RECOVERED, note)])
        except (sqlite3.Error, CorruptJournal) as error:
            self._fail(error)
            return
        logger.warning("the journal file can be written again")
        self._failing = False
        if self._spare is not None:
            self._spare.close()
            self._spare = None

    def _open(self) -> Journal | None:
        try:
            return Journal(self._path, self._max_bytes, self._clock, self._origin, self._kept_acked)
        except (sqlite3.Error, CorruptJournal, OSError) as error:
            self._fail(error)
            return self._disk

    def _fail(self, error: Exception) -> None:
        """The file failed: corrupt, it is set aside and a new one begun; else the spare takes over."""
        if _is_corrupt(error) and self._begin_anew(error):
            return
        if self._failing:
            return
        self._failing = True
        logger.error("the journal file %s fails (%s): entries stay in RAM until it can be written",
                     self._path, error)  # fmt: skip
        self._spare_journal().append([self._event(FAILED, {"reason": str(error)})])

    def _begin_anew(self, error: Exception) -> bool:
        """Put the corrupt file aside and save into a new one what can still be read of it."""
        logger.error("the journal file %s is corrupt (%s): set aside", self._path, error)
        if self._disk is not None:
            self._disk.close()
            self._disk = None
        if self._path is None:
            return False
        saved = salvage(self._path, self._origin.description)
        try:
            aside = set_aside(self._path)
            disk = Journal(self._path, self._max_bytes, self._clock, self._origin, self._kept_acked)
            note: dict[str, Scalar] = {"reason": str(error), "saved": len(saved), "file": aside.name}
            disk.adopt(saved)
            disk.append([self._event(SET_ASIDE, note)], self.memory)
        except (sqlite3.Error, OSError) as failure:
            logger.error("no new journal file: %s", failure)
            return False
        self._disk = disk
        return True

    def _spare_journal(self) -> Journal:
        if self._spare is None:
            self._spare = Journal(None, self._spare_bytes, self._clock, self._origin, kept_acked=0)
        return self._spare

    def _event(self, kind: str, data: dict[str, Scalar]) -> Event:
        return Event(int(self._clock.wall_s()), kind, data)


def _is_corrupt(error: Exception) -> bool:
    if isinstance(error, CorruptJournal):
        return True
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in _CORRUPT_CODES
