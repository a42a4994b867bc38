"""Sealing: hot minutes of a finished UTC day become one chunk per series, late ones join theirs."""

from __future__ import annotations

import sqlite3
from typing import NamedTuple

import numpy as np

from stallaini.server.store.base import Integers
from stallaini.server.store.chunks import DAY_MINUTES, decode_chunks, encode_chunk
from stallaini.server.store.described import Descriptions, meaning, series_numbers
from stallaini.server.store.hot import HotBlock, HotRow, blocks
from stallaini.server.store.schema import PRESENCE


class DayColumn(NamedTuple):
    """One series of one day, records of one span: minutes since 1970, ascending, and their values."""

    minutes: Integers
    values: Integers


DayColumns = dict[tuple[int, int], DayColumn]
"""A sealed day by (series number, span)."""


def load_day(connection: sqlite3.Connection, site: str, day: int) -> DayColumns:
    """Everything sealed of one day; empty when nothing is."""
    numbers = [PRESENCE]
    numbers += [n for (n,) in connection.execute("SELECT number FROM series WHERE site = ?", (site,))]
    found: DayColumns = {}
    for number in numbers:
        for span, n, data in connection.execute(
            "SELECT span, n, data FROM chunk WHERE site = ? AND series = ? AND day = ?", (site, number, day)
        ):
            found[number, span] = DayColumn(*decode_chunks([day], [span], [n], [data]))
    return found


def seal_day(connection: sqlite3.Connection, site: str, day: int, descriptions: Descriptions) -> bool:
    """Move one day's hot minutes into chunks; tells whether some were there already (late minutes).

    Idempotent: with no hot minutes left nothing changes.
    """
    hot = _hot_columns(connection, site, day, descriptions)
    sealed = load_day(connection, site, day)
    for key, late in hot.items():
        _write(connection, site, day, key, _merged(sealed.get(key), late))
    connection.execute(
        "DELETE FROM minute WHERE site = ? AND minute >= ? AND minute < ?",
        (site, day * DAY_MINUTES, (day + 1) * DAY_MINUTES),
    )
    connection.execute("UPDATE site SET sealed_day = ? WHERE site = ? AND sealed_day < ?", (day, site, day))
    return bool(sealed)


def _hot_columns(
    connection: sqlite3.Connection, site: str, day: int, descriptions: Descriptions
) -> DayColumns:
    rows = load_hot(connection, site, day * DAY_MINUTES, (day + 1) * DAY_MINUTES)
    numbers = series_numbers(connection, site)
    found: DayColumns = {}
    for block in blocks(rows, lambda hash_: len(descriptions.get(connection, site, hash_).series)):
        described = descriptions.get(connection, site, block.description)
        for span in np.unique(block.spans).tolist():
            rows_of_span = block.spans == span
            present = DayColumn(block.minutes[rows_of_span], np.zeros(int(rows_of_span.sum()), np.int64))
            _add(found, (PRESENCE, span), present)
            for position, series in enumerate(described.series):
                _add(found, (numbers[meaning(series)], span), _column(block, position, rows_of_span))
    return found


def load_hot(connection: sqlite3.Connection, site: str, start_minute: int, end_minute: int) -> list[HotRow]:
    """The hot rows whose records begin in [start, end), oldest first."""
    rows = connection.execute(
        "SELECT minute, span, description, data FROM minute "
        "WHERE site = ? AND minute >= ? AND minute < ? ORDER BY minute, span",
        (site, start_minute, end_minute),
    )
    return [HotRow(*row) for row in rows]


def _column(block: HotBlock, position: int, rows: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> DayColumn:
    chosen = rows & block.present[:, position]
    return DayColumn(block.minutes[chosen], block.values[chosen, position])


def _add(columns: DayColumns, key: tuple[int, int], column: DayColumn) -> None:
    if len(column.minutes):
        columns[key] = _merged(columns.get(key), column)


def _merged(first: DayColumn | None, second: DayColumn) -> DayColumn:
    """Both, ascending; where both have a minute the first one's value stays."""
    if first is None:
        return second
    minutes, position = np.unique(np.concatenate((first.minutes, second.minutes)), return_index=True)
    return DayColumn(minutes, np.concatenate((first.values, second.values))[position])


def _write(
    connection: sqlite3.Connection, site: str, day: int, key: tuple[int, int], column: DayColumn
) -> None:
    number, span = key
    chunk = encode_chunk(column.minutes - day * DAY_MINUTES, column.values, span)
    connection.execute(
        "INSERT INTO chunk (site, series, day, span, n, low, high, total, data) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (site, series, day, span) DO UPDATE SET "
        "n = excluded.n, low = excluded.low, high = excluded.high, total = excluded.total, "
        "data = excluded.data",
        (site, number, day, span, *chunk),
    )
