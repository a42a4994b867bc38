"""The journal: the edge's durable log of entries, and the place where a minute stops being losable.

One SQLite file in WAL mode, every append one commit with synchronous=FULL. An entry is forgotten only
after the server said it is durable, and even then `kept_acked` of them stay, so that a server restored
from a backup can have them again. Deletions ride on later appends: a commit costs the card one page.
"""

from __future__ import annotations

import logging
import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from stallaini.clock import Clock
from stallaini.edge.acked import Acked, skipped_seqs
from stallaini.edge.origins import Origin as Origin
from stallaini.edge.origins import Origins
from stallaini.edge.ranges import MinuteRanges
from stallaini.edge.repair import repair
from stallaini.edge.room import DROPPED, THINNED, Loss, Room
from stallaini.edge.rows import ENTRY_COLUMNS, body_row, entry_of, is_undated, open_file, select_entries
from stallaini.link.messages import Entry, Event, Minute, Scalar
from stallaini.site.description import decode_description

logger = logging.getLogger(__name__)

JOURNAL_ID_BYTES = 8
KEPT_ACKED = 2 * 1440
LOST, RENEWED = "journal.lost", "journal.renewed"
_HIGH_WATER, _BREATH = 0.90, 0.05
_BREATH_BYTES = 256 * 1024
_WORTH_NOTING_S = 1.0


class Saved(NamedTuple):
    """What another journal file held: a body and the boot it was made in, and when that began, if known."""

    body: Minute | Event
    boot_id: bytes
    booted_s: float | None


class Batch(NamedTuple):
    """Entries of one origin in (`after_seq`, ...], oldest first, and the newest acknowledged minute.

    `base` is None when no minute with the same description is held that the server acknowledged.
    """

    after_seq: int
    origin: Origin
    entries: list[Entry]
    base: Entry | None


class Journal:
    """One journal file, or one in RAM when `path` is None. Every method may raise sqlite3.Error.

    `max_bytes` bounds the file: at 90 % the oldest detail is thinned, then the oldest is dropped, each
    with an event that says so. `acked_seq` is how far the server has everything; `sent_seq`, kept by
    the uplink, how far it may have: what it may have is not thinned under its hands. `ahead_seq` is the
    last entry that reached it before its turn; `opened_seq` the last number the server can have had before
    this program start; `new` tells that there was none, ever.

    Entries made while the clock did not know the time are `undated`: neither they nor what comes after them
    is delivered before they have their dates, which the first append (or `repair`) gives them once the
    clock knows. `booted_s` is the Unix time at which this boot began, as far as that was known before.
    """

    def __init__(
        self,
        path: Path | None,
        max_bytes: int,
        clock: Clock,
        origin: Origin,
        kept_acked: int = KEPT_ACKED,
    ) -> None:
        self._clock = clock
        self._max_bytes = max_bytes
        self._named_lost_seq = 0
        self.ahead_seq = 0
        self._ahead_minutes: set[int] = set()
        new_id = os.urandom(JOURNAL_ID_BYTES)
        self._db = open_file(path, new_id)
        self._acked = Acked(self._db, kept_acked)
        try:
            self.journal_id, self.memory = self._read_self()
            self.new = self.journal_id == new_id
            self._origins = Origins(self._db, origin)
            self.booted_s = self._origins.booted_s
            with self._commit():
                self._origin = self._origins.enter()
            self.last_seq, self.acked_seq = self._read_position()
            undated_seq = self._first_undated_seq()
            self.undated = undated_seq is not None
            self.opened_seq = self.last_seq if undated_seq is None else undated_seq - 1
            self.sent_seq = self.acked_seq
            self._above_seq = 0 if self.new else self.last_seq + skipped_seqs()
            self._covered = self._read_covered()
            self._limit = Room(self._db, int(_HIGH_WATER * max_bytes))
        except BaseException:
            self._db.close()
            raise

    # -- what is held

    @property
    def fill(self) -> float:
        """What is held, as a share of the size limit."""
        return self._limit.used_bytes / self._max_bytes

    @property
    def unacked(self) -> bool:
        """Whether anything waits for the server's acknowledgement."""
        return self.last_seq > self.acked_seq

    def has_minute(self, minute: int) -> bool:
        """Whether that minute was journaled, as far back as the journal reaches."""
        return minute in self._covered

    @property
    def first_minute(self) -> int | None:
        """The earliest minute journaled here, as far back as the journal reaches; None if undated."""
        return None if self.undated else self._covered.start

    @property
    def last_minute(self) -> int | None:
        """The latest minute ever journaled here, as far back as the journal reaches; None if undated."""
        return None if self._covered.end is None or self.undated else self._covered.end - 1

    def after(self, seq: int, limit: int = 1000) -> list[Entry]:
        """The held entries with higher numbers than `seq`, oldest first."""
        return list(select_entries(self._db, "seq > ? ORDER BY seq LIMIT ?", seq, limit))

    def newest(self, after_seq: int, limit: int) -> list[Entry]:
        """The last dated entries of this program start's origin with higher numbers, oldest first."""
        where = "seq > ? AND origin = ? AND quality IS NOT NULL ORDER BY seq DESC LIMIT ?"
        return list(select_entries(self._db, where, after_seq, self._origin, limit))[::-1]

    def batch(self, limit: int = 1000) -> Batch | None:
        """What to send next: unacknowledged entries that share one origin. None: nothing may be sent."""
        entries: list[Entry] = []
        origin = None
        before_seq = (self._first_undated_seq() if self.undated else None) or self.last_seq + 1
        for row in self._db.execute(
            f"SELECT origin, {ENTRY_COLUMNS} FROM entry WHERE seq > ? AND seq < ? ORDER BY seq LIMIT ?",
            (self.acked_seq, before_seq, limit),
        ):
            if origin is not None and row[0] != origin:
                break
            origin = row[0]
            entries.append(entry_of(*row[1:]))
        if origin is None:
            return None
        return Batch(self.acked_seq, self._origins[origin], entries, self._base(origin))

    # -- what is written

    def append(self, bodies: Sequence[Minute | Event], memory: bytes | None = None) -> list[Entry]:
        """Make bodies durable, all or none; returns them with their sequence numbers.

        `memory` replaces the note a restarted program finds in `self.memory`.
        """
        booted_s = self._known_booted_s()
        with self._commit():
            notes = self._date_entries(booted_s)
            self._acked.forget(self.acked_seq, self.last_seq)
            entries = self._insert([*notes, *bodies])
            if memory is not None:
                self._db.execute("UPDATE journal SET memory = ?", (memory,))
        self._dated(booted_s)
        self._written(entries)
        if memory is not None:
            self.memory = memory
        self._keep_within_limit()
        return entries[len(notes) :]

    def repair(self) -> None:
        """Give undated entries their dates, if the clock knows the time now."""
        if self.undated and self._clock.synchronized():
            self.append([])

    def adopt(self, saved: Sequence[Saved]) -> None:
        """Take in what was saved of another file with the same description."""
        with self._commit():
            entries = self._insert([one.body for one in saved])
            for one, entry in zip(saved, entries, strict=True):
                origin = self._origins.present._replace(boot_id=one.boot_id)
                number = self._origins.number(origin, one.booted_s)
                self._db.execute("UPDATE entry SET origin = ? WHERE seq = ?", (number, entry.seq))
        self._written(entries)
        self._covered = self._read_covered()

    def forget(self, acked_seq: int) -> None:
        """The server has everything up to `acked_seq`; the rows go with a later append."""
        self.acked_seq = max(self.acked_seq, min(acked_seq, self.last_seq))
        self._ahead_minutes = {seq for seq in self._ahead_minutes if seq > self.acked_seq}

    def went_ahead(self, entries: Sequence[Entry]) -> None:
        """The server has these before their turn: they stay as they are until that comes."""
        self.ahead_seq = max((entry.seq for entry in entries), default=self.ahead_seq)
        self._ahead_minutes.update(entry.seq for entry in entries if isinstance(entry.body, Minute))

    def rewind(self, server_seq: int) -> Event | None:
        """The server's acknowledgement went back to `server_seq`: what is still held after it goes again.

        Returns the event that names what is no longer held, once; None when nothing is missing.
        """
        floor = max(server_seq, self._acked.first_seq() - 1)
        self.acked_seq = min(self.acked_seq, floor)
        if floor <= max(server_seq, self._named_lost_seq):
            return None
        self._named_lost_seq = floor
        data: dict[str, Scalar] = {"after_seq": server_seq, "upto_seq": floor}
        held = self.after(floor, 1)
        if held and isinstance(held[0].body, Minute) and not is_undated(held[0].body):
            data["to"] = held[0].body.minute * 60
        return self._event(LOST, data)

    def renew(self) -> Event:
        """Take a new journal id and number from 1 again: to the server the old numbers mean other entries.

        So it is after an older copy of the card was put back. What is not acknowledged is kept. Returns the
        event that names what can never be sent again, should the server be set back itself.
        """
        journal_id = os.urandom(JOURNAL_ID_BYTES)
        row = self._db.execute(
            "SELECT max(minute + span) FROM entry WHERE seq <= ?", (self.acked_seq,)
        ).fetchone()
        with self._commit():
            self._db.execute("DELETE FROM entry WHERE seq <= ?", (self.acked_seq,))
            self._db.execute("UPDATE entry SET seq = seq - ?, acked_seq = 0", (self.acked_seq,))
            self._db.execute("UPDATE journal SET id = ?", (journal_id,))
        self.journal_id, self.new = journal_id, True
        self.last_seq -= self.acked_seq
        self.acked_seq = self.sent_seq = self.opened_seq = self.ahead_seq = 0
        self._named_lost_seq = self._above_seq = 0
        self._ahead_minutes.clear()
        return self._event(RENEWED, {} if row[0] is None else {"to": row[0] * 60})

    def waiting(self) -> list[Minute | Event]:
        """What the server has not acknowledged, though it may have it."""
        return [entry.body for entry in self.after(self.acked_seq, -1)]

    def close(self) -> None:
        """Close the file; everything appended is in it."""
        self._db.close()

    # -- inside

    def _first_undated_seq(self) -> int | None:
        row = self._db.execute("SELECT min(seq) FROM entry WHERE quality IS NULL").fetchone()
        return None if row[0] is None else int(row[0])

    def _known_booted_s(self) -> float | None:
        """The Unix time at which this boot began, if the clock knows it."""
        if not self._clock.synchronized():
            return None
        return self._clock.wall_s() - self._clock.monotonic_s()

    def _date_entries(self, booted_s: float | None) -> list[Event]:
        """Note when this boot began, and date what waits for it; returns the events that tell of it."""
        if booted_s is None:
            return []
        if self._is_news(booted_s):
            self._origins.note_booted(booted_s)
        if not self.undated:
            return []
        return [self._event(*note) for note in repair(self._db, self._read_covered(), booted_s)]

    def _dated(self, booted_s: float | None) -> None:
        """What `_date_entries` did is durable."""
        if booted_s is None:
            return
        if self._is_news(booted_s):
            self.booted_s = booted_s
        if self.undated:
            self.undated = False
            self._covered = self._read_covered()

    def _is_news(self, booted_s: float) -> bool:
        return self.booted_s is None or abs(booted_s - self.booted_s) > _WORTH_NOTING_S

    def _read_self(self) -> tuple[bytes, bytes]:
        journal_id, memory = self._db.execute("SELECT id, memory FROM journal").fetchone()
        return journal_id, memory

    def _read_position(self) -> tuple[int, int]:
        """The highest number given and the highest acknowledged, as the newest row tells."""
        row = self._db.execute("SELECT seq, acked_seq FROM entry ORDER BY seq DESC LIMIT 1").fetchone()
        return (0, 0) if row is None else (int(row[0]), int(row[1]))

    def _read_covered(self) -> MinuteRanges:
        """Every minute that is dated, and the undated ones of this boot, which count from its begin."""
        covered = MinuteRanges()
        rows = self._db.execute(
            "SELECT minute, span FROM entry JOIN origin USING (origin) WHERE minute IS NOT NULL"
            " AND (quality IS NOT NULL OR boot_id = ?) ORDER BY seq",
            (self._origins.present.boot_id,),
        )
        for minute, span in rows:
            covered.add(minute, span)
        return covered

    def _base(self, origin: int) -> Entry | None:
        """The newest acknowledged minute, if its series are those of `origin`."""
        row = self._db.execute(
            f"SELECT origin, {ENTRY_COLUMNS} FROM entry"
            " WHERE seq <= ? AND minute IS NOT NULL ORDER BY seq DESC LIMIT 1",
            (self.acked_seq,),
        ).fetchone()
        if row is None or self._origins[row[0]].description != self._origins[origin].description:
            return None
        return entry_of(*row[1:])

    def _insert(self, bodies: Sequence[Minute | Event]) -> list[Entry]:
        now_s = self._clock.monotonic_s()
        first_seq = max(self.last_seq, self._above_seq) + 1
        entries = [Entry(seq, body) for seq, body in enumerate(bodies, first_seq)]
        self._db.executemany(
            "INSERT INTO entry (seq, origin, monotonic_s, acked_seq, minute, span, body, quality)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            [(e.seq, self._origin, now_s, self.acked_seq, *body_row(e.body)) for e in entries],
        )
        return entries

    def _written(self, entries: Sequence[Entry]) -> None:
        for entry in entries:
            self.last_seq = entry.seq
            self.undated = self.undated or is_undated(entry.body)
            if isinstance(entry.body, Minute):
                self._covered.add(entry.body.minute, entry.body.span_minutes)

    def _keep_within_limit(self) -> None:
        """Make room when the file nears its limit. Failing to is no loss: the next append tries again."""
        if self._limit.enough:
            return
        target = _HIGH_WATER * self._max_bytes - min(_BREATH * self._max_bytes, _BREATH_BYTES)
        try:
            with self._commit():
                notes = self._insert(self._make_room(Room(self._db, int(target))))
        except sqlite3.OperationalError as error:
            logger.warning("no room made in the journal: %s", error)
            return
        self._written(notes)

    def _make_room(self, room: Room) -> list[Event]:
        room.forget(self._acked.keep_from(self.acked_seq, self.last_seq))
        after_seq = max(self.acked_seq, self.sent_seq)
        thinned = Loss()
        for number, origin in self._origins:
            aggregates = [series.aggregate for series in decode_description(origin.description).series]
            thinned.add(room.thin(after_seq, number, aggregates, self._ahead_minutes))
        dropped = room.drop(self.acked_seq, self.last_seq)
        notes = []
        for kind, loss in ((THINNED, thinned), (DROPPED, dropped)):
            if loss.minutes or loss.events:
                data = {"from": loss.from_s, "to": loss.to_s, "minutes": loss.minutes}
                data["kept" if kind == THINNED else "events"] = loss.kept or loss.events
                logger.warning("%s: %s", kind, data)
                notes.append(self._event(kind, data))  # type: ignore[arg-type]
        return notes

    def _event(self, kind: str, data: dict[str, Scalar]) -> Event:
        return Event(int(self._clock.wall_s()), kind, data)

    @contextmanager
    def _commit(self) -> Iterator[None]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._db.execute("COMMIT")
        except BaseException:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise
