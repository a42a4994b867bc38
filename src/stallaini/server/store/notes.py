"""Events in the store: those of a journal, and those the server itself has to tell."""

from __future__ import annotations

import json
import sqlite3

from stallaini.link.messages import Event

_NOTE_EVERY_S = 3600
_OWN_JOURNAL = b""


def insert_event(connection: sqlite3.Connection, site: str, event: Event, journal: bytes, seq: int) -> None:
    """Store an event under its number in its journal; the same one again changes nothing."""
    connection.execute(
        "INSERT INTO event (site, at_s, journal, seq, kind, data) VALUES (?, ?, ?, ?, ?, ?) "
        "ON CONFLICT (site, at_s, journal, seq, kind) DO NOTHING",
        (site, event.at_s, journal, seq, event.kind, json.dumps(event.data)),
    )


def note(
    connection: sqlite3.Connection, site: str, event: Event, journal: bytes = _OWN_JOURNAL, seq: int = 0
) -> None:
    """Store an event of the server's own, at most once an hour per site and kind."""
    recent = connection.execute(
        "SELECT 1 FROM event WHERE site = ? AND at_s > ? AND at_s <= ? AND kind = ? LIMIT 1",
        (site, event.at_s - _NOTE_EVERY_S, event.at_s, event.kind),
    ).fetchone()
    if recent is None:
        insert_event(connection, site, event, journal, seq)
