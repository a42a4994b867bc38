"""Events in the store: those of a journal, and those the server itself has to tell."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from typing import Any, NamedTuple

from stallaini.link.messages import Event, Minute, Scalar

_NOTE_EVERY_S = 3600
_OWN_JOURNAL = b""


class _Noted(NamedTuple):
    """An event as it is stored: its key but for the site, and its data."""

    at_s: int
    journal: bytes
    seq: int
    data: dict[str, Any]


def insert_event(connection: sqlite3.Connection, site: str, event: Event, journal: bytes, seq: int) -> bool:
    """Store an event under its number in its journal; the same one again changes nothing and gives False.

    Nor does one that came before under another journal id: an edge that had to renew its journal sends
    again what it does not know to be acknowledged.
    """
    what = (event.kind, json.dumps(event.data))
    inserted = connection.execute(
        "INSERT INTO event (site, at_s, journal, seq, kind, data) SELECT ?, ?, ?, ?, ?, ? "
        "WHERE NOT EXISTS (SELECT 1 FROM event "
        "WHERE site = ? AND at_s = ? AND journal <> ? AND kind = ? AND data = ?) "
        "ON CONFLICT (site, at_s, journal, seq, kind) DO NOTHING",
        (site, event.at_s, journal, seq, *what, site, event.at_s, journal, *what),
    )
    return inserted.rowcount == 1


def note(
    connection: sqlite3.Connection, site: str, event: Event, journal: bytes = _OWN_JOURNAL, seq: int = 0
) -> None:
    """Store an event of the server's own, at most once an hour per site and kind."""
    if _recent(connection, site, event) is None:
        insert_event(connection, site, event, journal, seq)


def note_refused(
    connection: sqlite3.Connection,
    site: str,
    minutes: Sequence[Minute],
    event: Event,
    journal: bytes,
    seq: int,
) -> None:
    """Name the gap that refused minutes leave, in an `event` that gives the reason.

    The note of the last hour grows, for a stretch without a name would look lost.
    """
    starts = [minute.minute for minute in minutes]
    ends = [minute.minute + minute.span_minutes for minute in minutes]
    count = len(minutes)
    recent = _recent(connection, site, event)
    if recent is not None:
        starts.append(recent.data["first_minute"])
        ends.append(recent.data["before_minute"])
        count += recent.data["minutes"]
    data: dict[str, Scalar] = {
        **event.data,
        "minutes": count,
        "first_minute": min(starts),
        "before_minute": max(ends),
    }
    if recent is None:
        insert_event(connection, site, Event(event.at_s, event.kind, data), journal, seq)
        return
    connection.execute(
        "UPDATE event SET data = ? WHERE site = ? AND at_s = ? AND journal = ? AND seq = ? AND kind = ?",
        (json.dumps(data), site, recent.at_s, recent.journal, recent.seq, event.kind),
    )


def _recent(connection: sqlite3.Connection, site: str, event: Event) -> _Noted | None:
    """The newest event of this one's kind that is less than an hour older."""
    row = connection.execute(
        "SELECT at_s, journal, seq, data FROM event WHERE site = ? AND at_s > ? AND at_s <= ? "
        "AND kind = ? ORDER BY at_s DESC LIMIT 1",
        (site, event.at_s - _NOTE_EVERY_S, event.at_s, event.kind),
    ).fetchone()
    return None if row is None else _Noted(row[0], row[1], row[2], json.loads(row[3]))
