"""Room in the journal: what is thinned and what is dropped when its file nears its limit."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from stallaini.edge.rows import body_row, is_undated, select_entries
from stallaini.edge.thinning import QUARTER_MINUTES, combine, runs
from stallaini.link.messages import Entry, Event, Minute, Scalar

THINNED = "journal.thinned"
DROPPED = "journal.dropped"
_CHUNK = 960
_DROP_CHUNK = 32


@dataclass
class Loss:
    """What a pass took away: the time it reaches over, how many minutes and events, what is left of them.

    What was taken before its time was known is counted, but not in the stretch.
    """

    from_s: int | None = None
    to_s: int | None = None
    minutes: int = 0
    kept: int = 0
    events: int = 0

    def over_minute(self, minute: Minute) -> None:
        """Reach over a minute as well, if it is known when that was."""
        if not is_undated(minute):
            self.over(minute.minute * 60, (minute.minute + minute.span_minutes) * 60)

    def over(self, from_s: int, to_s: int) -> None:
        """Reach over [from_s, to_s) as well."""
        self.from_s = from_s if self.from_s is None else min(self.from_s, from_s)
        self.to_s = to_s if self.to_s is None else max(self.to_s, to_s)

    def add(self, other: Loss) -> None:
        """Take in another loss."""
        if other.from_s is not None and other.to_s is not None:
            self.over(other.from_s, other.to_s)
        self.minutes += other.minutes
        self.kept += other.kept
        self.events += other.events


class Room:
    """Frees pages of a journal's database, inside the caller's transaction."""

    def __init__(self, db: sqlite3.Connection, target_bytes: int) -> None:
        self._db = db
        self._target_bytes = target_bytes
        self._page_bytes = self._pragma("page_size")

    @property
    def used_bytes(self) -> int:
        """Bytes of the file that hold something; the rest is free for new entries."""
        return self._file_bytes() - self._pragma("freelist_count") * self._page_bytes

    @property
    def enough(self) -> bool:
        """Whether the target is met; a file that meets it as a whole is not looked into."""
        return self._file_bytes() <= self._target_bytes or self.used_bytes <= self._target_bytes

    def forget(self, before_seq: int) -> None:
        """Delete what the server has, up to but not including `before_seq`."""
        self._db.execute("DELETE FROM entry WHERE seq < ?", (before_seq,))

    def thin(
        self, after_seq: int, origin: int, aggregates: Sequence[str], fixed: Collection[int] = ()
    ) -> Loss:
        """Thin one-minute minutes of `origin` after `after_seq`, oldest first, until there is room.

        Entries with the numbers in `fixed` stay as they are.

        `aggregates` is what each series of that origin's description keeps. The newest quarter stays in
        detail: it may still be growing.
        """
        loss = Loss()
        while not self.enough:
            where = f"seq > ? AND span = 1 AND origin = ? ORDER BY seq LIMIT {_CHUNK}"
            chunk = list(select_entries(self._db, where, after_seq, origin))
            found = list(runs([entry for entry in chunk if entry.seq not in fixed]))
            if found and (len(chunk) == _CHUNK or not _complete(found[-1])):
                found = found[:-1]
            if not found:
                break
            for run in found:
                self._replace(run, aggregates, loss)
            after_seq = found[-1][-1].seq
        return loss

    def drop(self, after_seq: int, newest_seq: int) -> Loss:
        """Delete the oldest minutes after `after_seq`, then events, until there is room.

        Earlier notes of thinning and dropping go where the new note says it all.
        """
        loss = Loss()
        for what in ("minute IS NOT NULL", "minute IS NULL"):
            while not self.enough:
                where = f"seq > ? AND seq < ? AND {what} ORDER BY seq LIMIT {_DROP_CHUNK}"
                chunk = list(select_entries(self._db, where, after_seq, newest_seq))
                if not chunk:
                    break
                for entry in chunk:
                    _count(entry.body, loss)
                    self._delete(entry)
        if loss.minutes or loss.events:
            self._drop_notes(after_seq, loss)
        return loss

    def _drop_notes(self, after_seq: int, loss: Loss) -> None:
        for entry in list(select_entries(self._db, "seq > ? AND minute IS NULL ORDER BY seq", after_seq)):
            note = entry.body
            if not isinstance(note, Event):
                continue
            if note.kind == DROPPED:
                _inherit(note.data, loss)
                self._delete(entry)
            elif note.kind == THINNED and _ended(note.data) <= (loss.to_s or 0):
                self._delete(entry)

    def _delete(self, entry: Entry) -> None:
        self._db.execute("DELETE FROM entry WHERE seq = ?", (entry.seq,))

    def _replace(self, run: Sequence[Entry], aggregates: Sequence[str], loss: Loss) -> None:
        if len(run) == 1:
            return
        thinned = combine(run, aggregates)
        gone = [(entry.seq,) for entry in run[:-1]]
        self._db.executemany("DELETE FROM entry WHERE seq = ?", gone)
        assert isinstance(thinned.body, Minute)
        self._db.execute(
            "UPDATE entry SET minute = ?, span = ?, body = ?, quality = ? WHERE seq = ?",
            (*body_row(thinned.body), thinned.seq),
        )
        loss.over_minute(thinned.body)
        loss.minutes += len(run)
        loss.kept += 1

    def _file_bytes(self) -> int:
        return self._pragma("page_count") * self._page_bytes

    def _pragma(self, name: str) -> int:
        return int(self._db.execute(f"PRAGMA {name}").fetchone()[0])


def _complete(run: Sequence[Entry]) -> bool:
    last = run[-1].body
    return isinstance(last, Minute) and (last.minute + 1) % QUARTER_MINUTES == 0


def _count(body: Minute | Event, loss: Loss) -> None:
    if isinstance(body, Minute):
        loss.minutes += body.span_minutes
        loss.over_minute(body)
        return
    if body.kind == DROPPED:
        _inherit(body.data, loss)
    elif body.kind != THINNED:
        loss.events += 1
        if not is_undated(body):
            loss.over(body.at_s, body.at_s + 1)  # it may have been the one that gave the reason of a gap


def _ended(data: dict[str, Scalar]) -> int:
    to_s = data.get("to")
    return to_s if isinstance(to_s, int) else 0


def _inherit(data: dict[str, Scalar], loss: Loss) -> None:
    """The note of an earlier loss lives on in the new one, so that no gap goes unnamed."""
    minutes, events = data.get("minutes"), data.get("events")
    loss.minutes += minutes if isinstance(minutes, int) else 0
    loss.events += events if isinstance(events, int) else 0
    from_s, to_s = data.get("from"), data.get("to")
    if isinstance(from_s, int) and isinstance(to_s, int):
        loss.over(from_s, to_s)
