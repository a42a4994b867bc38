"""An `LGyymmdd.CSV` datalog of a Studer RCC: bytes in, columns by info number and device out.

Three header lines (names, info numbers, devices), one row a minute, then parameters `Pnnnn`, counters
of the day `Innnn`, and a line per device. The separator is `,` or `;` (a setting of the RCC), the text
ISO-8859-15, a cell may be empty, and the columns differ by installation. Minute values are means.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import NamedTuple

from stallaini.errors import OperatorError

_VERSION = re.compile(r"v\d+\.\d+(?=[,;])")
_ROW = re.compile(r"(\d\d)\.(\d\d)\.(\d{4}) (\d\d):(\d\d)")
_DEVICE = re.compile(r"([\w-]+):(.+?) Soft:(\S+).*? FID:(\w+)")


class DatalogError(OperatorError):
    """A file that is no RCC datalog, or a broken one; `line` counts from 1."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(f"line {line}: {reason}")
        self.line = line


class ColumnKey(NamedTuple):
    """Which info of which device: (7032, "1") is the SOC of the first BSP."""

    info: int
    device: str


@dataclass(frozen=True)
class Row:
    """One minute: `local_minute` counts minutes since 1970 on the logger's own clock (no zone known)."""

    local_minute: int
    cells: tuple[float | None, ...]


@dataclass(frozen=True)
class LoggedDevice:
    """One device of the installation as the file's last lines tell it."""

    address: str
    model: str
    software: str
    fid: str


@dataclass(frozen=True)
class Datalog:
    """One file. `columns` gives each column's position in a row's cells; `names` its printed name.

    `counters` are the day's own sums by info number (7007 and 7008: Ah charged and discharged by the BSP);
    `parameters` keeps the settings dump; `other` the lines of the tail with no known form.
    """

    version: str
    columns: Mapping[ColumnKey, int]
    names: tuple[str, ...]
    rows: tuple[Row, ...]
    counters: Mapping[int, float | None] = field(default_factory=dict)
    parameters: tuple[tuple[int, tuple[float | None, ...]], ...] = ()
    devices: tuple[LoggedDevice, ...] = ()
    other: tuple[str, ...] = ()

    def column(self, info: int, device: str) -> list[float | None]:
        """The minutes' values of one column. Raises KeyError when the file has no such column."""
        position = self.columns[ColumnKey(info, device)]
        return [row.cells[position] for row in self.rows]

    def devices_with(self, info: int) -> list[str]:
        """The single devices that log `info`, without the column that sums them (`ALL`)."""
        return [key.device for key in self.columns if key.info == info and key.device != "ALL"]


def parse_datalog(data: bytes) -> Datalog:
    """The datalog in `data`. Raises DatalogError with the line that is wrong."""
    lines = data.decode("iso-8859-15").replace("\r\n", "\n").split("\n")
    version = _VERSION.match(lines[0]) if lines else None
    if version is None:
        raise DatalogError(1, "not a Studer RCC datalog: the first cell must be a version such as v7.0")
    separator = lines[0][version.end()]
    if len(lines) < 3:
        raise DatalogError(
            len(lines), "the header ends early: names, info numbers and devices take three lines"
        )
    columns = _columns(lines[1].split(separator)[1:], lines[2].split(separator)[1:])
    width = 1 + max(columns.values())
    names = tuple(cell.strip() for cell in lines[0].split(separator)[1:][:width])
    if len(names) < width:
        raise DatalogError(1, f"{len(names)} names for {width} columns")
    rows, end = _rows(lines, separator, names)
    return _tail(Datalog(version.group(), columns, names, rows), lines[end:], end, separator)


def _columns(infos: list[str], devices: list[str]) -> dict[ColumnKey, int]:
    columns: dict[ColumnKey, int] = {}
    for position, cell in enumerate(infos):
        info = cell.strip()
        if not info:
            continue
        if not re.fullmatch(r"I[0-9]{4,5}", info):
            raise DatalogError(2, f"{info!r} is not an info number such as I7030")
        if position >= len(devices):
            raise DatalogError(3, f"no device for the column {info}")
        columns.setdefault(ColumnKey(int(info[1:]), devices[position].strip()), position)
    if not columns:
        raise DatalogError(2, "no info numbers such as I7030")
    return columns


def _rows(lines: list[str], separator: str, names: tuple[str, ...]) -> tuple[tuple[Row, ...], int]:
    """The rows from line 4 on, and the index of the first line after them."""
    rows = []
    index = 3
    while index < len(lines) and _ROW.match(lines[index]):
        cells = lines[index].split(separator)
        if len(cells) - 1 < len(names):
            raise DatalogError(index + 1, f"{len(cells) - 1} cells, not {len(names)}: the row is cut short")
        minute = _local_minute(cells[0], index + 1)
        numbers = (_number(cell, index + 1, name) for cell, name in zip(cells[1:], names, strict=False))
        rows.append(Row(minute, tuple(numbers)))
        index += 1
    if not rows:
        raise DatalogError(4, "no minutes: a row must begin with dd.mm.yyyy hh:mm")
    return tuple(rows), index


def _local_minute(text: str, line: int) -> int:
    match = _ROW.fullmatch(text.strip())
    if match is None:
        raise DatalogError(line, f"{text!r} is not a time as dd.mm.yyyy hh:mm")
    day, month, year, hour, minute = (int(part) for part in match.groups())
    try:
        return int(datetime(year, month, day, hour, minute, tzinfo=UTC).timestamp()) // 60
    except ValueError as error:
        raise DatalogError(line, f"{text!r} is no time of the calendar") from error


def _number(cell: str, line: int, name: str) -> float | None:
    if not cell.strip():
        return None
    try:
        value = float(cell)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise DatalogError(line, f"{cell.strip()!r} is not a number (column {name!r})")
    return value


def _tail(datalog: Datalog, lines: list[str], start: int, separator: str) -> Datalog:
    """`datalog` with what follows its rows; `start` is the index of the first of `lines` in the file."""
    counters: dict[int, float | None] = {}
    parameters: list[tuple[int, tuple[float | None, ...]]] = []
    devices: list[LoggedDevice] = []
    other: list[str] = []
    for index, line in enumerate(lines, start):
        name, *cells = line.split(separator)
        device = _DEVICE.match(line)
        if re.fullmatch(r"[IP]\d{4,5}", name):
            values = tuple(_number(cell, index + 1, name) for cell in cells)
            if name[0] == "I":
                counters[int(name[1:])] = values[0] if values else None
            else:
                parameters.append((int(name[1:]), values[:-1]))
        elif device is not None:
            devices.append(LoggedDevice(*(part.strip() for part in device.groups())))
        elif line.strip():
            other.append(line)
    return replace(
        datalog,
        counters=counters,
        parameters=tuple(parameters),
        devices=tuple(devices),
        other=tuple(other),
    )
