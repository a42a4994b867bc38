"""Making uplinks durable: the statements of one group commit, inside its transaction."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import replace

import msgspec

from stallaini.link.messages import Event, Head, Minute, Scalar
from stallaini.server.alarms.life import KINDS as ALARM_KINDS
from stallaini.server.alarms.taking import take_alarm
from stallaini.server.store.base import Accepted, JournalState, NumberedMinute, Outcome, Refusal, Speaker
from stallaini.server.store.chunks import DAY_MINUTES
from stallaini.server.store.commanding import take_report
from stallaini.server.store.described import Descriptions, number_series
from stallaini.server.store.known import KnownMinutes
from stallaini.server.store.notes import insert_event, note, note_refused
from stallaini.site.description import decode_description, description_hash

_KEPT_BASES = 2
_ID_BYTES = 8


class _BaseRow(msgspec.Struct, array_like=True):
    seq: int
    minute: int
    span: int
    values: tuple[int | None, ...]


_BASES = msgspec.msgpack.Decoder(tuple[_BaseRow, ...])


def load_journal(connection: sqlite3.Connection, site: str, journal_id: bytes) -> JournalState:
    """How far a journal is durable; an unknown one starts at 0."""
    row = connection.execute(
        "SELECT acked_seq, bases FROM journal WHERE site = ? AND journal = ?", (site, journal_id)
    ).fetchone()
    if row is None:
        return JournalState()
    bases = tuple(NumberedMinute(b.seq, Minute(b.minute, b.values, b.span)) for b in _BASES.decode(row[1]))
    return JournalState(row[0], bases)


def load_speaker(connection: sqlite3.Connection, site: str) -> Speaker:
    """Who spoke for the site last; nobody for an unknown site."""
    row = connection.execute("SELECT head, past_boots FROM site WHERE site = ?", (site,)).fetchone()
    if row is None or row[0] is None:
        return Speaker()
    return Speaker(Head(*_ids(row[0])), tuple(_ids(row[1] or b"")))


def _ids(joined: bytes) -> list[bytes]:
    return [bytes(joined[start : start + _ID_BYTES]) for start in range(0, len(joined), _ID_BYTES)]


def ingest(connection: sqlite3.Connection, accepted: Accepted, descriptions: Descriptions) -> Outcome:
    """Store one checked uplink; what the journal had acknowledged before is skipped."""
    return _Ingest(connection, accepted, descriptions).run()


class _Ingest:
    """One uplink on its way into the tables."""

    def __init__(
        self, connection: sqlite3.Connection, accepted: Accepted, descriptions: Descriptions
    ) -> None:
        self._connection = connection
        self._accepted = accepted
        self._site = accepted.site
        self._journal_id = accepted.head.journal_id
        self._before = load_journal(connection, accepted.site, self._journal_id)
        self._descriptions = descriptions
        self._last_minute, self._sealed_day, self._described = self._site_row()
        self._known = KnownMinutes(connection, accepted.site, descriptions)

    def run(self) -> Outcome:
        accepted = self._accepted
        if accepted.description is not None:
            self._save_description(accepted.description)
        if accepted.head.description_hash != self._described:
            self._adopt_description(accepted.head.description_hash)
        acked_seq = self._before.acked_seq
        entries = [entry for entry in accepted.entries if entry.seq > acked_seq]
        refused = [refusal for refusal in accepted.refused if refusal.seq > acked_seq]
        minutes = [NumberedMinute(e.seq, e.body) for e in entries if isinstance(e.body, Minute)]
        self._note_loss(minutes)
        self._keep_refused(refused)
        for entry in entries:
            if isinstance(entry.body, Event):
                self._insert_event(entry.body, entry.seq)
        outcome = self._store_minutes(minutes)
        if accepted.ahead:
            journal = self._before
        else:
            journal = self._save_journal([*minutes, *(NumberedMinute(r.seq, r.minute) for r in refused)])
        self._save_site(outcome.minutes)
        return replace(outcome, journal=journal)

    def _site_row(self) -> tuple[int | None, int, bytes | None]:
        row = self._connection.execute(
            "SELECT last_minute, sealed_day, description FROM site WHERE site = ?", (self._site,)
        ).fetchone()
        if row is None:
            add_site(self._connection, self._site, self._accepted.heard_s)
            return None, -1, None
        return row[0], row[1], row[2]

    def _save_description(self, encoded: bytes) -> None:
        number_series(self._connection, self._site, decode_description(encoded))
        self._connection.execute(
            "INSERT INTO description (site, hash, encoded, received_s) VALUES (?, ?, ?, ?) "
            "ON CONFLICT (site, hash) DO NOTHING",
            (self._site, description_hash(encoded), encoded, self._accepted.heard_s),
        )

    def _adopt_description(self, hash_: bytes) -> None:
        described = self._descriptions.get(self._connection, self._site, hash_)
        self._connection.execute(
            "UPDATE site SET title = ?, timezone = ?, description = ? WHERE site = ?",
            (described.title, described.timezone, hash_, self._site),
        )

    def _store_minutes(self, minutes: Sequence[NumberedMinute]) -> Outcome:
        stored: list[Minute] = []
        conflicts: list[NumberedMinute] = []
        known = 0
        for numbered in minutes:
            same = self._insert_minute(numbered.minute)
            if same is None:
                stored.append(numbered.minute)
            elif same:
                known += 1
            else:
                conflicts.append(numbered)
        if conflicts:
            first = conflicts[0]
            data: dict[str, Scalar] = {"first_minute": first.minute.minute, "minutes": len(conflicts)}
            self._note("minute.conflict", data, first.seq)
        return Outcome(self._before, tuple(stored), known, len(conflicts))

    def _insert_minute(self, minute: Minute) -> bool | None:
        """None when it was new; else whether what is stored is the same."""
        hash_ = self._accepted.head.description_hash
        if minute.minute // DAY_MINUTES <= self._sealed_day:
            same = self._known.sealed_same(minute, hash_)
            if same is not None:
                return same
        if self._known.insert(minute, hash_):
            return None
        return self._known.hot_same(minute, hash_)

    def _insert_event(self, event: Event, seq: int) -> None:
        new = insert_event(self._connection, self._site, event, self._journal_id, seq)
        if new and event.kind in ALARM_KINDS:
            described = self._descriptions.get(
                self._connection, self._site, self._accepted.head.description_hash
            )
            heard_s = self._accepted.heard_s
            take_alarm(self._connection, self._site, event, self._journal_id, seq, described, heard_s)
        take_report(self._connection, self._site, event, self._accepted.heard_s)

    def _note_loss(self, minutes: Sequence[NumberedMinute]) -> None:
        """Name the gap that the edge says it can no longer fill."""
        lost_through = self._accepted.lost_through_seq
        if lost_through is None or lost_through <= self._before.acked_seq:
            return
        data: dict[str, Scalar] = {
            "first_seq": self._before.acked_seq + 1,
            "last_seq": lost_through,
            "after_minute": self._before.bases[-1].minute.minute if self._before.bases else None,
            "before_minute": minutes[0].minute.minute if minutes else None,
        }
        self._insert_event(Event(self._accepted.heard_s, "entries.lost", data), lost_through)

    def _keep_refused(self, refused: Sequence[Refusal]) -> None:
        """Set refused minutes aside: the series stay clean, yet nothing that was acknowledged is gone."""
        for seq, minute, reason in refused:
            self._connection.execute(
                "INSERT INTO refused "
                "(site, journal, seq, received_s, reason, minute, span, description, data) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (site, journal, seq) DO NOTHING",
                (
                    *(self._site, self._journal_id, seq, self._accepted.heard_s, reason),
                    *(minute.minute, minute.span_minutes, self._accepted.head.description_hash),
                    json.dumps(minute.values),
                ),
            )
        if refused:
            minutes = [refusal.minute for refusal in refused]
            first = refused[0]
            note_refused(
                self._connection,
                self._site,
                minutes,
                Event(self._accepted.heard_s, "minute.refused", {"reason": first.reason}),
                self._journal_id,
                first.seq,
            )

    def _note(self, kind: str, data: dict[str, Scalar], seq: int) -> None:
        note(self._connection, self._site, Event(self._accepted.heard_s, kind, data), self._journal_id, seq)

    def _save_journal(self, minutes: Sequence[NumberedMinute]) -> JournalState:
        before = self._before
        bases = before.bases
        if minutes:
            bases = (*bases[1 - _KEPT_BASES :], max(minutes, key=lambda numbered: numbered.seq))
        journal = JournalState(max(before.acked_seq, self._accepted.acked_seq), bases)
        if journal != before:
            rows = [_BaseRow(b.seq, b.minute.minute, b.minute.span_minutes, b.minute.values) for b in bases]
            self._connection.execute(
                "INSERT INTO journal (site, journal, acked_seq, bases) VALUES (?, ?, ?, ?) "
                "ON CONFLICT (site, journal) DO UPDATE "
                "SET acked_seq = excluded.acked_seq, bases = excluded.bases",
                (self._site, self._journal_id, journal.acked_seq, msgspec.msgpack.encode(rows)),
            )
        return journal

    def _save_site(self, minutes: Sequence[Minute]) -> None:
        ends = [minute.minute + minute.span_minutes - 1 for minute in minutes]
        if self._last_minute is not None:
            ends.append(self._last_minute)
        speaker = load_speaker(self._connection, self._site).now(self._accepted.head)
        self._connection.execute(
            "UPDATE site SET last_minute = ?, heard_s = ?, head = ?, past_boots = ? WHERE site = ?",
            (
                *(max(ends, default=None), self._accepted.heard_s),
                *(b"".join(self._accepted.head), b"".join(speaker.past_boots), self._site),
            ),
        )


def add_site(connection: sqlite3.Connection, site: str, created_s: int) -> None:
    """Admit a site; admitting it again changes nothing. Until it describes itself: its name, UTC."""
    connection.execute(
        "INSERT INTO site (site, added_s, title, timezone, sealed_day) VALUES (?, ?, ?, 'UTC', -1) "
        "ON CONFLICT (site) DO NOTHING",
        (site, created_s, site),
    )
