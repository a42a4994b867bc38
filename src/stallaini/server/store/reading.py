"""What is read back: columns across hot and sealed minutes, presence, newest values, events, sites."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from stallaini.link.messages import Event, TimeQuality
from stallaini.server.store.base import (
    MAX_SPAN_MINUTES,
    Column,
    InexactStretch,
    Integers,
    SiteRow,
    covered_minutes,
)
from stallaini.server.store.chunks import DAY_MINUTES, decode_chunks
from stallaini.server.store.described import Descriptions
from stallaini.server.store.hot import HotBlock, blocks
from stallaini.server.store.imported import first_imported, load_imported
from stallaini.server.store.schema import PRESENCE
from stallaini.server.store.sealed import load_hot
from stallaini.site.description import Description, SeriesSpec

_NOTHING = np.zeros(0, np.int64)
_NEWEST_ROWS, _ALL_ROWS = 20, 2**31 - 1


def read_sites(connection: sqlite3.Connection) -> list[SiteRow]:
    """Every admitted site, by name."""
    rows = connection.execute("SELECT site, title, timezone, last_minute, heard_s FROM site ORDER BY site")
    return [SiteRow(*row) for row in rows]


def newest_hash(connection: sqlite3.Connection, site: str) -> bytes | None:
    """The hash of the site's newest description."""
    row = connection.execute("SELECT description FROM site WHERE site = ?", (site,)).fetchone()
    return None if row is None or row[0] is None else bytes(row[0])


class Reader:
    """Reads of one site on one unmoving state of the database."""

    def __init__(self, connection: sqlite3.Connection, site: str, descriptions: Descriptions) -> None:
        self._connection = connection
        self._site = site
        self._descriptions = descriptions

    def description(self) -> Description | None:
        """The site's newest description."""
        hash_ = newest_hash(self._connection, self._site)
        return None if hash_ is None else self._describe(hash_)

    def columns(self, names: Sequence[str], start_minute: int, end_minute: int) -> dict[str, Column]:
        """Per name its records that cover any minute in [start, end)."""
        first = start_minute - MAX_SPAN_MINUTES + 1
        hot = self._hot(first, end_minute)
        found = {}
        for name in names:
            pieces = [*self._sealed_pieces(name, first, end_minute), *self._hot_pieces(hot, name)]
            unit = self.unit(name)
            own = _joined(pieces, unit)
            imported = [_without(piece, own) for piece in self._imported(name, first, end_minute)]
            whole = _joined([own, *imported], unit) if imported else own
            found[name] = _clipped(whole, start_minute, end_minute)
        return found

    def present_minutes(self, start_minute: int, end_minute: int) -> Integers:
        """The minutes in [start, end) covered by any record, imported ones too, ascending, each once."""
        own = self.own_minutes(start_minute, end_minute)
        imported, _ = load_imported(self._connection, self._site, PRESENCE, start_minute, end_minute)
        if not len(imported):
            return own
        # Two ascending runs: this sort merges them, a hundred times faster than np.union1d over a year.
        both = np.sort(np.concatenate((own, imported)), kind="stable")
        both = both[np.concatenate(([True], both[1:] != both[:-1]))]
        low, high = np.searchsorted(both, [start_minute, end_minute])
        return both[low:high]

    def own_minutes(self, start_minute: int, end_minute: int) -> Integers:
        """The minutes in [start, end) covered by any record of the site's own, ascending, each once."""
        first = start_minute - MAX_SPAN_MINUTES + 1
        minutes, _, spans = self._chunks(PRESENCE, first, end_minute)
        rows = load_hot(self._connection, self._site, first, end_minute)
        covered = covered_minutes(
            np.concatenate((minutes, np.array([row.minute for row in rows], np.int64))),
            np.concatenate((spans, np.array([row.span for row in rows], np.int64))),
        )
        low, high = np.searchsorted(covered, [start_minute, end_minute])
        return covered[low:high]

    def inexact(self, start_minute: int, end_minute: int) -> list[InexactStretch]:
        """Where records that begin in [start, end) are not dated exactly, oldest first."""
        rows = self._connection.execute(
            "SELECT minute, span, quality FROM time_quality "
            "WHERE site = ? AND minute >= ? AND minute < ? ORDER BY minute, span",
            (self._site, start_minute, end_minute),
        )
        found: list[InexactStretch] = []
        for minute, span, quality in rows:
            before = found[-1] if found else None
            if before is not None and before.end_minute >= minute and before.quality == quality:
                found[-1] = before._replace(end_minute=max(before.end_minute, minute + span))
            else:
                found.append(InexactStretch(minute, minute + span, TimeQuality(quality)))
        return found

    def first_minute(self) -> int | None:
        """The oldest stored minute."""
        (hot,) = self._connection.execute(
            "SELECT MIN(minute) FROM minute WHERE site = ?", (self._site,)
        ).fetchone()
        (day,) = self._connection.execute(
            "SELECT MIN(day) FROM chunk WHERE site = ? AND series = ?", (self._site, PRESENCE)
        ).fetchone()
        candidates = [] if hot is None else [int(hot)]
        imported = first_imported(self._connection, self._site)
        if imported is not None:
            candidates.append(imported)
        if day is not None:
            minutes = self._chunks(PRESENCE, day * DAY_MINUTES, (day + 1) * DAY_MINUTES)[0]
            candidates.append(int(minutes.min()))
        return min(candidates, default=None)

    def latest(self) -> dict[str, tuple[int, int]]:
        """Per series of the newest description its newest (minute, fixed-point value)."""
        described = self.description()
        if described is None:
            return {}
        found: dict[str, tuple[int, int]] = {}
        wanted = {series.name: series for series in described.series}
        for limit in (_NEWEST_ROWS, _ALL_ROWS):
            if len(found) < len(wanted):
                self._newest_hot(limit, wanted, found)
        for name, series in wanted.items():
            if name not in found and (newest := self._newest_sealed(series)) is not None:
                found[name] = newest
        return found

    def events(self, start_s: int, end_s: int, limit: int, kind: str | None) -> list[Event]:
        """Events in [start, end), of one kind or of all, newest first."""
        rows = self._connection.execute(
            "SELECT at_s, kind, data FROM event WHERE site = ? AND at_s >= ? AND at_s < ? "
            "AND kind = coalesce(?, kind) ORDER BY at_s DESC, journal DESC, seq DESC LIMIT ?",
            (self._site, start_s, end_s, kind, limit),
        )
        return [Event(at_s, kind, json.loads(data)) for at_s, kind, data in rows]

    def _describe(self, hash_: bytes) -> Description:
        return self._descriptions.get(self._connection, self._site, hash_)

    def _hot(self, start_minute: int, end_minute: int) -> list[HotBlock]:
        rows = load_hot(self._connection, self._site, start_minute, end_minute)
        return blocks(rows, lambda hash_: len(self._describe(hash_).series))

    def unit(self, name: str) -> str | None:
        """The unit a series has now, or had last; None when the site never had one of this name."""
        described = self.description()
        for series in described.series if described else ():
            if series.name == name:
                return series.unit
        row = self._connection.execute(
            "SELECT unit FROM series WHERE site = ? AND name = ? ORDER BY number DESC LIMIT 1",
            (self._site, name),
        ).fetchone()
        return None if row is None else str(row[0])

    def _chunks(self, number: int, start_minute: int, end_minute: int) -> tuple[Integers, Integers, Integers]:
        rows = self._connection.execute(
            "SELECT day, span, n, data FROM chunk WHERE site = ? AND series = ? AND day >= ? AND day <= ? "
            "ORDER BY day, span",
            (self._site, number, start_minute // DAY_MINUTES, end_minute // DAY_MINUTES),
        ).fetchall()
        if not rows:
            return _NOTHING, _NOTHING, _NOTHING
        days, spans, counts, blobs = zip(*rows, strict=True)
        minutes, values = decode_chunks(days, spans, counts, blobs)
        if set(spans) == {1}:
            return minutes, values, _ones(len(minutes))
        return minutes, values, np.repeat(np.array(spans, np.int64), counts)

    def _sealed_pieces(self, name: str, start_minute: int, end_minute: int) -> list[Column]:
        rows = self._connection.execute(
            "SELECT number, unit, resolution FROM series WHERE site = ? AND name = ? ORDER BY number",
            (self._site, name),
        ).fetchall()
        return [
            Column(*self._chunks(number, start_minute, end_minute), resolution, unit)
            for number, unit, resolution in rows
        ]

    def _imported(self, name: str, start_minute: int, end_minute: int) -> list[Column]:
        rows = self._connection.execute(
            "SELECT number, unit, resolution FROM series WHERE site = ? AND name = ? ORDER BY number",
            (self._site, name),
        ).fetchall()
        pieces = []
        for number, unit, resolution in rows:
            minutes, values = load_imported(self._connection, self._site, number, start_minute, end_minute)
            if len(minutes):
                pieces.append(Column(minutes, values, _ones(len(minutes)), resolution, unit))
        return pieces

    def _hot_pieces(self, hot: Sequence[HotBlock], name: str) -> list[Column]:
        pieces = []
        for block in hot:
            for position, series in enumerate(self._describe(block.description).series):
                if series.name == name:
                    pieces.append(_piece(block, position, series))
        return pieces

    def _newest_hot(
        self, limit: int, wanted: dict[str, SeriesSpec], found: dict[str, tuple[int, int]]
    ) -> None:
        rows = self._connection.execute(
            "SELECT minute FROM minute WHERE site = ? ORDER BY minute DESC LIMIT ?", (self._site, limit)
        ).fetchall()
        if not rows:
            return
        for block in self._hot(rows[-1][0], rows[0][0] + 1):
            for position, series in enumerate(self._describe(block.description).series):
                target = wanted.get(series.name)
                piece = _piece(block, position, series)
                if target is None or target.unit != series.unit or not len(piece):
                    continue
                newest = (int(piece.minutes[-1]), _rescaled(piece, target.resolution))
                if series.name not in found or newest[0] > found[series.name][0]:
                    found[series.name] = newest

    def _newest_sealed(self, series: SeriesSpec) -> tuple[int, int] | None:
        newest: tuple[int, int] | None = None
        for number, resolution in self._connection.execute(
            "SELECT number, resolution FROM series WHERE site = ? AND name = ? AND unit = ?",
            (self._site, series.name, series.unit),
        ).fetchall():
            (day,) = self._connection.execute(
                "SELECT MAX(day) FROM chunk WHERE site = ? AND series = ?", (self._site, number)
            ).fetchone()
            if day is None:
                continue
            arrays = self._chunks(number, day * DAY_MINUTES, day * DAY_MINUTES)
            last = int(np.argmax(arrays[0]))
            minutes, values, spans = (array[last : last + 1] for array in arrays)
            piece = Column(minutes, values, spans, resolution, series.unit)
            candidate = (int(piece.minutes[-1]), _rescaled(piece, series.resolution))
            newest = candidate if newest is None else max(newest, candidate)
        return newest


def _piece(block: HotBlock, position: int, series: SeriesSpec) -> Column:
    chosen = block.present[:, position]
    return Column(
        block.minutes[chosen],
        block.values[chosen, position],
        block.spans[chosen],
        series.resolution,
        series.unit,
    )


def _without(imported: Column, own: Column) -> Column:
    """The imported values of minutes for which the site itself told none."""
    if not len(own):
        return imported
    taken = np.isin(imported.minutes, covered_minutes(own.minutes, own.spans), assume_unique=True)
    return _sliced(imported, np.flatnonzero(~taken))


def _rescaled(piece: Column, resolution: float) -> int:
    """The last value of a piece in steps of another resolution."""
    return round(int(piece.values[-1]) * piece.resolution / resolution)


def _joined(pieces: Sequence[Column], unit: str | None) -> Column:
    """All pieces in the series' unit, ascending, in the finest of their resolutions.

    A piece in another unit was another quantity under the same name: it is left out.
    """
    kept = [piece for piece in pieces if piece.unit == unit and len(piece)]
    resolution = min((piece.resolution for piece in kept), default=1.0)
    if not kept:
        return Column(_NOTHING, _NOTHING, _NOTHING, resolution, unit or "")
    minutes = _concatenated([piece.minutes for piece in kept])
    values = _concatenated([_steps(piece, resolution) for piece in kept])
    if all(int(piece.spans.max()) == 1 for piece in kept):
        spans = _ones(len(minutes))
    else:
        spans = _concatenated([piece.spans for piece in kept])
    if bool((minutes[1:] < minutes[:-1]).any()):
        order = np.argsort(minutes, kind="stable")
        minutes, values, spans = minutes[order], values[order], spans[order]
    return Column(minutes, values, spans, resolution, unit or "")


def _ones(count: int) -> Integers:
    """Spans of single minutes, taking no memory."""
    return np.broadcast_to(np.int64(1), count)


def _concatenated(arrays: Sequence[Integers]) -> Integers:
    """One array; the very same when there is only one, for a year is 4 MB."""
    return arrays[0] if len(arrays) == 1 else np.concatenate(arrays)


def _steps(piece: Column, resolution: float) -> Integers:
    if piece.resolution == resolution:
        return piece.values
    steps: Integers = np.rint(piece.values * (piece.resolution / resolution)).astype(np.int64)
    return steps


def _clipped(column: Column, start_minute: int, end_minute: int) -> Column:
    """Without the records that end before the start or begin after the end."""
    first, inside, last = np.searchsorted(
        column.minutes, [start_minute - MAX_SPAN_MINUTES + 1, start_minute, end_minute]
    )
    head = slice(first, inside)
    reaching = first + np.flatnonzero(column.minutes[head] + column.spans[head] > start_minute)
    if len(reaching) == 0:
        return _sliced(column, slice(inside, last))
    rows = np.concatenate((reaching, np.arange(inside, last)))
    return _sliced(column, rows)


def _sliced(column: Column, rows: slice | Integers) -> Column:
    return replace(column, minutes=column.minutes[rows], values=column.values[rows], spans=column.spans[rows])
