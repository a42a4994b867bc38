"""Recorded minutes to learn from or to measure on: minute CSVs, Studer datalogs, a server's store."""

from __future__ import annotations

import asyncio
import lzma
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import IO, TYPE_CHECKING

from stallaini.devices.studer_rcc.datalog import ColumnKey, parse_datalog
from stallaini.errors import OperatorError
from stallaini.link.messages import Minute
from stallaini.link.model import SeriesKind, series_kinds
from stallaini.ops.codec_columns import COLUMNS, Table

if TYPE_CHECKING:
    from stallaini.server.store.base import Store

_EPOCH = date(1970, 1, 1).toordinal()
_DAY_MINUTES = 1440
_XZ = b"\xfd7zXZ\x00"

Wanted = Callable[[date], bool]


@dataclass(frozen=True)
class Recording:
    """Days of minutes of the same series, one list a day, read as they are asked for."""

    kinds: tuple[SeriesKind, ...]
    days: Iterator[list[Minute]]


def read_recordings(path: Path, wanted: Wanted) -> list[Recording]:
    """The wanted days of a file; a store holds one recording per site. Raises OperatorError."""
    try:
        with path.open("rb") as file:
            start = file.read(16)
    except OSError as error:
        raise OperatorError(f"cannot read {path}: {error.strerror}") from error
    if start.startswith(b"SQLite format 3"):
        return asyncio.run(_store(path, wanted))
    if start.startswith((b"t,", _XZ)):
        return [_minute_csv(path, wanted)]
    return [_datalog(path, wanted)]


def every(days: int, offset: int = 0, start: date = date.min, end: date = date.max) -> Wanted:
    """Every so many days, of those from `start` up to `end`, that day not included."""
    return lambda day: start <= day < end and day.toordinal() % days == offset


def _minute_csv(path: Path, wanted: Wanted) -> Recording:
    file = lzma.open(path, "rt") if path.suffix == ".xz" else path.open()  # noqa: SIM115
    names = file.readline().strip().split(",")
    known = {column.name for column in COLUMNS}
    if names[:1] != ["t"] or not known & set(names):
        file.close()
        raise OperatorError(
            f"{path}: not a minute CSV: the first line must be t and columns such as {COLUMNS[0].name}"
        )
    table = Table(names[1:])
    return Recording(table.kinds, _csv_days(path, file, table, wanted))


def _csv_days(path: Path, file: IO[str], table: Table, wanted: Wanted) -> Iterator[list[Minute]]:
    day_text, take, first, minutes = "", False, 0, list[Minute]()
    with file:
        for number, line in enumerate(file, 2):
            if line[:10] != day_text:
                if minutes:
                    yield minutes
                day_text, minutes = line[:10], []
                day = _day(path, number, day_text)
                take, first = wanted(day), (day.toordinal() - _EPOCH) * _DAY_MINUTES
            if not take:
                continue
            time, *cells = line.rstrip("\n").split(",")
            try:
                minute = first + int(time[11:13]) * 60 + int(time[14:16])
                values = table.values([float(cell) if cell else None for cell in cells])
            except (ValueError, IndexError) as error:
                raise OperatorError(f"{path}: line {number}: {error}") from error
            minutes.append(Minute(minute, values))
        if minutes:
            yield minutes


def _day(path: Path, number: int, text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise OperatorError(f"{path}: line {number}: {text!r} is not a day as 2017-01-31") from error


def _datalog(path: Path, wanted: Wanted) -> Recording:
    try:
        log = parse_datalog(path.read_bytes())
    except OperatorError as error:
        raise OperatorError(
            f"{path}: neither a minute CSV, nor a Studer datalog, nor a server's store: {error}"
        ) from error
    found: dict[str, int] = {}
    for column in COLUMNS:
        devices = sorted(key.device for key in log.columns if key.info == column.info)
        if devices:
            found[column.name] = log.columns[ColumnKey(column.info, devices[0])]
    table = Table(list(found))
    minutes = [
        Minute(row.local_minute, table.values([row.cells[place] for place in found.values()]))
        for row in log.rows
        if wanted(_date_of(row.local_minute))
    ]
    return Recording(table.kinds, iter([minutes]))


def _date_of(minute: int) -> date:
    return date.fromordinal(_EPOCH + minute // _DAY_MINUTES)


async def _store(path: Path, wanted: Wanted) -> list[Recording]:
    # Needs numpy, which an edge does not have: asked for only where there is a store.
    from stallaini.server.database import Database
    from stallaini.server.store.sqlite import SqliteStore

    database = Database(path)
    try:
        store = SqliteStore(database)
        recordings = []
        for row in await store.sites():
            description = await store.description(row.site)
            first = await store.first_minute(row.site)
            if description is None or first is None or row.last_minute is None:
                continue
            days = [
                await _store_day(store, row.site, [spec.name for spec in description.series], day)
                for day in _days(_date_of(first), _date_of(row.last_minute))
                if wanted(day)
            ]
            recordings.append(Recording(series_kinds(description), iter(days)))
        return recordings
    finally:
        database.close()


def _days(first: date, last: date) -> Iterator[date]:
    while first <= last:
        yield first
        first += timedelta(days=1)


async def _store_day(store: Store, site: str, names: Sequence[str], day: date) -> list[Minute]:
    start = (day.toordinal() - _EPOCH) * _DAY_MINUTES
    columns = await store.columns(site, names, start, start + _DAY_MINUTES)
    rows: dict[int, list[int | None]] = {}
    for position, name in enumerate(names):
        column = columns[name]
        for minute, value, span in zip(column.minutes, column.values, column.spans, strict=True):
            if span == 1:
                rows.setdefault(int(minute), [None] * len(names))[position] = int(value)
    return [Minute(minute, tuple(values)) for minute, values in sorted(rows.items())]
