"""Sums of whole UTC days, most of them without opening a chunk: its row has them beside the bytes."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

import numpy as np

from stallaini.server.queries import per_minute
from stallaini.server.store.base import Column, DaySums
from stallaini.server.store.chunks import DAY_MINUTES
from stallaini.server.store.reading import Reader

# Opened at once: more would only take memory.
_MOST_DAYS = 31

_Rows = dict[int, tuple[int, int, int, int]]


def day_sums(
    connection: sqlite3.Connection,
    site: str,
    reader: Reader,
    names: Sequence[str],
    first_day: int,
    end_day: int,
) -> dict[str, DaySums]:
    """Per name its days in [first_day, end_day) that have a value, in the resolution it has now."""
    kept = {name: _sealed(connection, site, name, first_day, end_day) for name in names}
    opened = _unsealed_days(connection, site, first_day, end_day)
    for doubtful, _ in kept.values():
        opened |= doubtful
    units = {name: reader.unit(name) for name in names}
    finest = {name: _resolution(connection, site, name, units[name]) for name in names}
    summed = {name: {day: row for day, row in kept[name][1].items() if day not in opened} for name in names}
    for first, end in _runs(sorted(opened)):
        columns = reader.columns(names, first * DAY_MINUTES, end * DAY_MINUTES)
        for name in names:
            summed[name] |= _summed(columns[name], finest[name], first, end)
    found = {}
    for name, rows in summed.items():
        table = np.array([(day, *row) for day, row in sorted(rows.items())], np.int64).reshape(-1, 5)
        found[name] = DaySums(
            table[:, 0], table[:, 1], table[:, 2], table[:, 3], table[:, 4], finest[name], units[name] or ""
        )
    return found


def _sealed(
    connection: sqlite3.Connection, site: str, name: str, first_day: int, end_day: int
) -> tuple[set[int], _Rows]:
    """Days that must be opened, and (n, total, low, high) of the others.

    To be opened are days with thinned records, which may reach into the next day or lie over others, and
    all days of a series that has had several units or resolutions.
    """
    rows = connection.execute(
        "SELECT day, span, n, total, low, high FROM chunk JOIN series USING (site) "
        "WHERE site = ? AND name = ? AND chunk.series = number AND day >= ? AND day < ?",
        (site, name, first_day - 1, end_day),
    ).fetchall()
    meanings = connection.execute(
        "SELECT count(*) FROM series WHERE site = ? AND name = ?", (site, name)
    ).fetchone()
    if meanings[0] > 1:
        return {row[0] for row in rows if row[0] >= first_day}, {}
    thinned = {row[0] for row in rows if row[1] > 1}
    doubtful = {day for day in thinned | {day + 1 for day in thinned} if first_day <= day < end_day}
    return doubtful, {row[0]: tuple(row[2:]) for row in rows if row[0] >= first_day}


def _unsealed_days(connection: sqlite3.Connection, site: str, first_day: int, end_day: int) -> set[int]:
    """Days with hot minutes (and those after them, into which a thinned one may reach) or imported ones."""
    hot = connection.execute(
        "SELECT DISTINCT minute / ? FROM minute WHERE site = ? AND minute >= ? AND minute < ?",
        (DAY_MINUTES, site, (first_day - 1) * DAY_MINUTES, end_day * DAY_MINUTES),
    ).fetchall()
    imported = connection.execute(
        "SELECT DISTINCT day FROM imported WHERE site = ? AND day >= ? AND day < ?",
        (site, first_day, end_day),
    ).fetchall()
    found = {day for (day,) in imported} | {day + later for (day,) in hot for later in (0, 1)}
    return {day for day in found if first_day <= day < end_day}


def _resolution(connection: sqlite3.Connection, site: str, name: str, unit: str | None) -> float:
    """The finest a series has had in its unit, as columns have it."""
    (finest,) = connection.execute(
        "SELECT min(resolution) FROM series WHERE site = ? AND name = ? AND unit = ?", (site, name, unit)
    ).fetchone()
    return 1.0 if finest is None else float(finest)


def _runs(days: Sequence[int]) -> list[tuple[int, int]]:
    """Stretches [first, end) of days that follow one on another."""
    runs: list[tuple[int, int]] = []
    for day in days:
        if runs and runs[-1][1] == day and day - runs[-1][0] < _MOST_DAYS:
            runs[-1] = (runs[-1][0], day + 1)
        else:
            runs.append((day, day + 1))
    return runs


def _summed(column: Column, resolution: float, first_day: int, end_day: int) -> _Rows:
    minutes, values = per_minute(column, first_day * DAY_MINUTES, end_day * DAY_MINUTES)
    if column.resolution != resolution:
        values = np.rint(values * (column.resolution / resolution)).astype(np.int64)
    edges = np.searchsorted(minutes, np.arange(first_day, end_day + 1) * DAY_MINUTES)
    found: _Rows = {}
    for day, begin, end in zip(range(first_day, end_day), edges, edges[1:], strict=False):
        if end > begin:
            part = values[begin:end]
            found[day] = (len(part), int(part.sum()), int(part.min()), int(part.max()))
    return found
