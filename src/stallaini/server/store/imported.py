"""History recorded elsewhere: chunks of a series and UTC day like sealed ones, in a table of their own.

They never meet the ingest: what the site itself tells is stored as if there were no import, before or after.
Only the reader puts both together, and takes an imported value where the site told none.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import NamedTuple, Protocol

import msgspec
import numpy as np

from stallaini.server.store.base import History, Imported, Integers
from stallaini.server.store.chunks import DAY_MINUTES, decode_chunks, encode_chunk
from stallaini.server.store.described import meaning, number_series, series_numbers
from stallaini.server.store.schema import PRESENCE
from stallaini.site.description import Description, decode_description

_NOTHING = np.zeros(0, np.int64)


class OwnMinutes(Protocol):
    """What a site itself has recorded; `reading.Reader` tells it."""

    def own_minutes(self, start_minute: int, end_minute: int) -> Integers:
        """The minutes in [start, end) covered by any record of the site's own, ascending, each once."""


def import_history(
    connection: sqlite3.Connection, site: str, histories: Sequence[History], own: OwnMinutes
) -> list[Imported]:
    """Merge histories into the imported chunks, in this order: what is there first, stays."""
    days = _Days(connection, site)
    outcomes = [_merge(connection, site, history, days, own) for history in histories]
    days.save()
    return outcomes


def imported_description(connection: sqlite3.Connection, site: str) -> Description | None:
    """All series ever imported for the site, in the order of their names."""
    row = connection.execute("SELECT encoded FROM imported_description WHERE site = ?", (site,)).fetchone()
    return None if row is None else decode_description(row[0])


def forget_imported(connection: sqlite3.Connection, site: str) -> int:
    """Delete all that was imported for a site; how many minutes that was."""
    (minutes,) = connection.execute(
        "SELECT coalesce(sum(n), 0) FROM imported WHERE site = ? AND series = ?", (site, PRESENCE)
    ).fetchone()
    for table in ("imported", "imported_description"):
        connection.execute(f"DELETE FROM {table} WHERE site = ?", (site,))
    return int(minutes)


def load_imported(
    connection: sqlite3.Connection, site: str, number: int, start_minute: int, end_minute: int
) -> tuple[Integers, Integers]:
    """(minutes, values) of one series number, of every day that [start, end) touches."""
    rows = connection.execute(
        "SELECT day, n, data FROM imported WHERE site = ? AND series = ? AND day >= ? AND day <= ? "
        "ORDER BY day",
        (site, number, start_minute // DAY_MINUTES, end_minute // DAY_MINUTES),
    ).fetchall()
    if not rows:
        return _NOTHING, _NOTHING
    days, counts, blobs = zip(*rows, strict=True)
    return decode_chunks(days, [1] * len(days), counts, blobs)


def first_imported(connection: sqlite3.Connection, site: str) -> int | None:
    """The oldest imported minute of a site."""
    (day,) = connection.execute(
        "SELECT MIN(day) FROM imported WHERE site = ? AND series = ?", (site, PRESENCE)
    ).fetchone()
    if day is None:
        return None
    minutes, _ = load_imported(connection, site, PRESENCE, day * DAY_MINUTES, day * DAY_MINUTES)
    return int(minutes[0])


def _merge(
    connection: sqlite3.Connection, site: str, history: History, days: _Days, own: OwnMinutes
) -> Imported:
    _describe(connection, site, history.description)
    numbers = series_numbers(connection, site)
    minutes = np.unique(history.minutes)
    if not len(minutes):
        return Imported(0, 0, 0, 0)
    added = days.merge(PRESENCE, minutes, np.zeros(len(minutes), np.int64))[0]
    differing = [
        days.merge(numbers[meaning(series.spec)], series.minutes, series.values)[1]
        for series in history.series
    ]
    live = own.own_minutes(int(minutes[0]), int(minutes[-1]) + 1)
    return Imported(
        added=added,
        known=len(minutes) - added,
        live=int(np.isin(minutes, live, assume_unique=True).sum()),
        differing=len(np.unique(np.concatenate([_NOTHING, *differing]))),
    )


def _describe(connection: sqlite3.Connection, site: str, new: Description) -> None:
    """Number the series, and keep what all imports of the site consist of, in the order of their names."""
    number_series(connection, site, new)
    before = imported_description(connection, site) or new
    channels = {channel.name: channel for channel in (*before.channels, *new.channels)}
    series = {meaning(each): each for each in (*before.series, *new.series)}
    devices = {device.name: device for device in (*before.devices, *new.devices)}
    joined = msgspec.structs.replace(
        new,
        devices=tuple(devices[name] for name in sorted(devices)),
        channels=tuple(channels[name] for name in sorted(channels)),
        series=tuple(series[key] for key in sorted(series)),
    )
    connection.execute(
        "INSERT INTO imported_description (site, encoded) VALUES (?, ?) "
        "ON CONFLICT (site) DO UPDATE SET encoded = excluded.encoded",
        (site, joined.encode()),
    )
    connection.execute(
        "UPDATE site SET title = ?, timezone = ? WHERE site = ? AND description IS NULL",
        (new.title, new.timezone, site),
    )


class _Day(NamedTuple):
    """A chunk decoded."""

    minutes: Integers
    values: Integers


class _Days:
    """The imported chunks that one call touches: each read once, and written once if it changed."""

    def __init__(self, connection: sqlite3.Connection, site: str) -> None:
        self._connection = connection
        self._site = site
        self._days: dict[tuple[int, int], _Day] = {}
        self._changed: set[tuple[int, int]] = set()

    def merge(self, number: int, minutes: Integers, values: Integers) -> tuple[int, Integers]:
        """Add what is new to one series; how many values were, and the minutes that had another value."""
        added = 0
        differing = [_NOTHING]
        order = np.argsort(minutes, kind="stable")
        minutes, values = minutes[order], values[order]
        days, begins = np.unique(minutes // DAY_MINUTES, return_index=True)
        ends = [*begins.tolist(), len(minutes)][1:]
        for day, begin, end in zip(days.tolist(), begins.tolist(), ends, strict=True):
            before = self._load(number, day)
            after = _first_of(before, _Day(minutes[begin:end], values[begin:end]))
            more = len(after.minutes) - len(before.minutes)
            if more:
                self._days[number, day] = after
                self._changed.add((number, day))
            added += more
            kept = after.values[np.searchsorted(after.minutes, minutes[begin:end])]
            differing.append(minutes[begin:end][kept != values[begin:end]])
        return added, np.concatenate(differing)

    def save(self) -> None:
        """Write what changed."""
        for number, day in sorted(self._changed):
            minutes, values = self._days[number, day]
            self._connection.execute(
                "INSERT INTO imported (site, series, day, n, low, high, total, data) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (site, series, day) DO UPDATE SET "
                "n = excluded.n, low = excluded.low, high = excluded.high, total = excluded.total, "
                "data = excluded.data",
                (self._site, number, day, *encode_chunk(minutes - day * DAY_MINUTES, values, 1)),
            )

    def _load(self, number: int, day: int) -> _Day:
        if (number, day) not in self._days:
            start = day * DAY_MINUTES
            self._days[number, day] = _Day(*load_imported(self._connection, self._site, number, start, start))
        return self._days[number, day]


def _first_of(before: _Day, new: _Day) -> _Day:
    """Both, ascending; of two values for a minute the first stays."""
    minutes, position = np.unique(np.concatenate((before.minutes, new.minutes)), return_index=True)
    return _Day(minutes, np.concatenate((before.values, new.values))[position])
