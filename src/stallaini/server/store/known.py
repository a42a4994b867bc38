"""Whether a minute is already stored, hot or sealed, and whether it says the same."""

from __future__ import annotations

import sqlite3

import numpy as np

from stallaini.link.messages import Minute, TimeQuality
from stallaini.server.store.chunks import DAY_MINUTES
from stallaini.server.store.described import Descriptions, Meaning, meaning, series_numbers
from stallaini.server.store.hot import pack_values, unpack_values
from stallaini.server.store.schema import PRESENCE
from stallaini.server.store.sealed import DayColumns, load_day

Values = dict[Meaning, int]


class KnownMinutes:
    """The stored minutes of one site, for the length of one transaction."""

    def __init__(self, connection: sqlite3.Connection, site: str, descriptions: Descriptions) -> None:
        self._connection = connection
        self._site = site
        self._descriptions = descriptions
        self._days: dict[int, DayColumns] = {}

    def insert(self, minute: Minute, description_hash: bytes) -> bool:
        """Store a hot minute; False when one with this start and span is already there."""
        cursor = self._connection.execute(
            "INSERT INTO minute (site, minute, span, description, data) VALUES (?, ?, ?, ?, ?) "
            "ON CONFLICT (site, minute, span) DO NOTHING",
            (
                *(self._site, minute.minute, minute.span_minutes),
                *(description_hash, pack_values(minute.values)),
            ),
        )
        if cursor.rowcount == 0:
            return False
        if minute.quality is not TimeQuality.EXACT:
            self._connection.execute(
                "INSERT INTO time_quality (site, minute, span, quality) VALUES (?, ?, ?, ?) "
                "ON CONFLICT (site, minute, span) DO NOTHING",
                (self._site, minute.minute, minute.span_minutes, int(minute.quality)),
            )
        return True

    def hot_same(self, minute: Minute, description_hash: bytes) -> bool:
        """Whether the stored hot minute holds the same values."""
        stored_hash, data = self._connection.execute(
            "SELECT description, data FROM minute WHERE site = ? AND minute = ? AND span = ?",
            (self._site, minute.minute, minute.span_minutes),
        ).fetchone()
        if stored_hash == description_hash:
            return bool(data == pack_values(minute.values))
        count = len(self._descriptions.get(self._connection, self._site, stored_hash).series)
        stored = Minute(minute.minute, unpack_values(data, count), minute.span_minutes)
        return self._meant(stored, stored_hash) == self._meant(minute, description_hash)

    def sealed_same(self, minute: Minute, description_hash: bytes) -> bool | None:
        """None when no sealed minute has this start and span; else whether it holds the same values."""
        day = minute.minute // DAY_MINUTES
        if day not in self._days:
            self._days[day] = load_day(self._connection, self._site, day)
        columns = self._days[day]
        if self._position(columns, PRESENCE, minute) is None:
            return None
        stored: Values = {}
        for meant, number in series_numbers(self._connection, self._site).items():
            position = self._position(columns, number, minute)
            if position is not None:
                stored[meant] = int(columns[number, minute.span_minutes].values[position])
        return stored == self._meant(minute, description_hash)

    def _meant(self, minute: Minute, description_hash: bytes) -> Values:
        series = self._descriptions.get(self._connection, self._site, description_hash).series
        pairs = zip(series, minute.values, strict=True)
        return {meaning(one): value for one, value in pairs if value is not None}

    def _position(self, columns: DayColumns, number: int, minute: Minute) -> int | None:
        column = columns.get((number, minute.span_minutes))
        if column is None:
            return None
        position = int(np.searchsorted(column.minutes, minute.minute))
        if position == len(column.minutes) or column.minutes[position] != minute.minute:
            return None
        return position
