"""What the rows mean: descriptions by hash, and the numbers under which a site's series are sealed."""

from __future__ import annotations

import sqlite3
from collections import OrderedDict

from stallaini.site.description import Description, SeriesSpec, decode_description

_KEPT = 4096

Meaning = tuple[str, str, float]
"""Name, unit and resolution: what makes two columns one series."""


def meaning(series: SeriesSpec) -> Meaning:
    """What identifies the series across descriptions of its site."""
    return series.name, series.unit, series.resolution


class Descriptions:
    """Decoded descriptions, the most recently used ones kept. Safe to use from several threads."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[str, bytes], Description] = OrderedDict()

    def get(self, connection: sqlite3.Connection, site: str, hash_: bytes) -> Description:
        """The description that rows with this hash were recorded under. Raises KeyError."""
        key = (site, hash_)
        kept = self._kept.get(key)
        if kept is None:
            kept = decode_description(_encoded(connection, site, hash_))
            self._kept[key] = kept
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        return kept


def find_encoded(connection: sqlite3.Connection, site: str, hash_: bytes) -> bytes | None:
    """The encoded description with this hash, if the site ever sent it."""
    row = connection.execute(
        "SELECT encoded FROM description WHERE site = ? AND hash = ?", (site, hash_)
    ).fetchone()
    return None if row is None else bytes(row[0])


def _encoded(connection: sqlite3.Connection, site: str, hash_: bytes) -> bytes:
    encoded = find_encoded(connection, site, hash_)
    if encoded is None:
        raise KeyError(f"site {site} never sent description {hash_.hex()}")
    return encoded


def series_numbers(connection: sqlite3.Connection, site: str) -> dict[Meaning, int]:
    """The numbers of every series this site ever described."""
    rows = connection.execute("SELECT name, unit, resolution, number FROM series WHERE site = ?", (site,))
    return {(name, unit, resolution): number for name, unit, resolution, number in rows}


def number_series(connection: sqlite3.Connection, site: str, description: Description) -> None:
    """Give each series of a description its number, unless it has one from an earlier description."""
    numbers = series_numbers(connection, site)
    for series in description.series:
        if meaning(series) in numbers:
            continue
        numbers[meaning(series)] = max(numbers.values(), default=0) + 1
        connection.execute(
            "INSERT INTO series (site, number, name, unit, resolution) VALUES (?, ?, ?, ?, ?)",
            (site, numbers[meaning(series)], *meaning(series)),
        )
