"""Files of an RCC's SD card into a server's store: read, placed in time, checked, merged, told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np

from stallaini.clock import Clock
from stallaini.devices.studer_rcc.counted import CountedSum, counted_sums
from stallaini.devices.studer_rcc.datalog import DatalogError, parse_datalog
from stallaini.devices.studer_rcc.logged import (
    DeviceNames,
    LoggedSeries,
    columns_left_out,
    logged_series,
)
from stallaini.devices.studer_rcc.logger_clock import LoggerClock, Placed
from stallaini.errors import OperatorError
from stallaini.ops.progress import Progress
from stallaini.server.store.base import History, HistorySeries, Imported, Integers, Store, StoreUnavailable
from stallaini.server.times import iso_minute
from stallaini.site.description import ChannelSpec, Description, DeviceSpec, SeriesSpec

_FILES_AT_ONCE = 16
"""So many days are merged in one transaction: neighbours share their UTC days."""
_EARLIEST_MINUTE = 946_684_800 // 60
_FUTURE_MINUTES = 10


@dataclass(frozen=True)
class FileReport:
    """What became of one file. Of its rows those without a place in time are not imported, and told here.

    `undated` rows lie before 2000 or in the future, `missing` ones in the hour that spring leaves out,
    `doubled` ones repeat a time. `ambiguous` ones were taken as summer time. `implausible` counts cells.
    """

    file: str
    rows: int
    imported: Imported
    missing: int
    doubled: int
    undated: int
    ambiguous: int
    implausible: int
    sums: list[CountedSum]
    columns_left_out: list[str]


@dataclass(frozen=True)
class Failure:
    """A file of which nothing was imported, and why."""

    file: str
    reason: str


@dataclass(frozen=True)
class Hole:
    """Minutes from `start` up to `end` that no file has, between the first and the last that one has."""

    start: str
    end: str
    minutes: int


@dataclass
class ImportReport:
    """What one import did. Times are UTC, ISO-8601; `end` is that of the last minute."""

    site: str
    clock: str
    timezone: str
    files: list[FileReport] = field(default_factory=list)
    failed: list[Failure] = field(default_factory=list)
    gaps: list[Hole] = field(default_factory=list)
    start: str | None = None
    end: str | None = None
    spent_s: float = 0.0


@dataclass(frozen=True)
class _Read:
    """One good file, ready for the store."""

    file: Path
    rows: int
    placed: Placed
    undated: int
    series: list[LoggedSeries]
    sums: list[CountedSum]
    left_out: list[str]


class DatalogImport:
    """One import into one site; `run` does it."""

    def __init__(
        self, store: Store, description: Description, names: DeviceNames, rule: str, clock: Clock
    ) -> None:
        try:
            self._logger = LoggerClock(rule, ZoneInfo(description.timezone))
        except ValueError as error:
            raise OperatorError(f"--clock: {error}") from error
        self._store = store
        self._description = description
        self._names = names
        self._clock = clock
        self._report = ImportReport(description.site, rule, description.timezone)
        self._present: list[Integers] = []

    @classmethod
    async def prepare(
        cls, store: Store, site: str, names: DeviceNames, rule: str, timezone: str | None, clock: Clock
    ) -> DatalogImport:
        """An import for a site in the zone it told, else in `timezone`. Raises OperatorError."""
        known = await store.description(site) or await store.imported_description(site)
        if known is None and timezone is None:
            raise OperatorError(
                f"{site} has not told its time zone yet; give it, as with --timezone Europe/Rome"
            )
        if known is not None and timezone not in (None, known.timezone):
            raise OperatorError(
                f"{site} lies in {known.timezone}; leave --timezone out, or say with --clock how the "
                "logger's clock was set"
            )
        zone = known.timezone if known is not None else str(timezone)
        try:
            ZoneInfo(zone)
        except (KeyError, ValueError, OSError) as error:
            raise OperatorError(f"no time zone {zone!r}; name one such as Europe/Rome") from error
        title = known.title if known is not None else site
        described = Description(site, title, zone, None, None, (), (), (), ())
        return cls(store, described, names, rule, clock)

    async def run(self, files: Sequence[Path]) -> ImportReport:
        """Import the good files; the order they are named in does not matter."""
        started_s = self._clock.monotonic_s()
        progress = Progress("import", len(files), self._clock)
        waiting: list[_Read] = []
        # Days come by their names; a folder's order may be any.
        for number, file in enumerate(sorted(set(files), key=lambda each: (each.name, str(each))), 1):
            try:
                waiting.append(self._read(file))
            except OperatorError as error:
                self._report.failed.append(Failure(str(file), str(error)))
            if len(waiting) == _FILES_AT_ONCE:
                await self._store_all(waiting)
                waiting = []
            progress.show(number)
        await self._store_all(waiting)
        progress.done()
        self._finish(self._clock.monotonic_s() - started_s)
        return self._report

    def _read(self, file: Path) -> _Read:
        try:
            data = file.read_bytes()
        except OSError as error:
            raise OperatorError(f"cannot read it: {error.strerror}; name a datalog") from error
        try:
            log = parse_datalog(data)
        except DatalogError as error:
            raise OperatorError(f"{error}; give an LGyymmdd.CSV as the remote control wrote it") from error
        placed = self._logger.place([row.local_minute for row in log.rows])
        undated = self._drop_undated(placed)
        series = logged_series(log, self._names)
        return _Read(
            file, len(log.rows), placed, undated, series, counted_sums(log, series), columns_left_out(log)
        )

    def _drop_undated(self, placed: Placed) -> int:
        """Take their place from rows that cannot be meant: a logger without its battery starts in 2000."""
        latest = int(self._clock.wall_s()) // 60 + _FUTURE_MINUTES
        undated = 0
        for position, minute in enumerate(placed.minutes):
            if minute is not None and not _EARLIEST_MINUTE <= minute <= latest:
                placed.minutes[position] = None
                undated += 1
        return undated

    async def _store_all(self, read: Sequence[_Read]) -> None:
        if not read:
            return
        histories = [self._history(each) for each in read]
        try:
            outcomes = await self._store.import_history(self._description.site, histories)
        except StoreUnavailable as error:
            raise OperatorError(f"{error}; free space or stop what holds it, and import again") from error
        for one, history, outcome in zip(read, histories, outcomes, strict=True):
            self._present.append(history.minutes)
            self._report.files.append(_file_report(one, outcome))

    def _history(self, read: _Read) -> History:
        minutes = np.array([-1 if minute is None else minute for minute in read.placed.minutes], np.int64)
        pairs = [(each, _history_series(each, minutes)) for each in read.series]
        kept = [pair for pair in pairs if len(pair[1].minutes)]
        series = tuple(column for _, column in kept)
        described = _described(self._description, [each for each, _ in kept], [each.spec for each in series])
        return History(described, minutes[minutes >= 0], series)

    def _finish(self, spent_s: float) -> None:
        report = self._report
        report.spent_s = round(spent_s, 3)
        present = np.unique(np.concatenate([np.zeros(0, np.int64), *self._present]))
        if not len(present):
            return
        report.start, report.end = iso_minute(int(present[0])), iso_minute(int(present[-1]) + 1)
        for hole in np.flatnonzero(np.diff(present) > 1):
            first, end = int(present[hole]) + 1, int(present[hole + 1])
            report.gaps.append(Hole(iso_minute(first), iso_minute(end), end - first))


def _history_series(series: LoggedSeries, minutes: Integers) -> HistorySeries:
    known = np.array([value is not None for value in series.values]) & (minutes >= 0)
    values = np.array([value or 0 for value in series.values], np.int64)
    quantity = series.quantity
    spec = SeriesSpec(series.name, series.channel, series.info.aggregate, quantity.unit, quantity.resolution)
    return HistorySeries(spec, minutes[known], values[known])


def _described(site: Description, series: Sequence[LoggedSeries], specs: Sequence[SeriesSpec]) -> Description:
    channels = {
        each.channel: ChannelSpec(
            each.channel,
            each.info.quantity,
            each.quantity.unit,
            each.quantity.resolution,
            each.quantity.stale_after_s,
        )
        for each in series
    }
    devices = {each.device: DeviceSpec(each.device, "studer_rcc", "from the SD card") for each in series}
    return Description(
        site.site,
        site.title,
        site.timezone,
        None,
        None,
        tuple(devices.values()),
        tuple(channels.values()),
        tuple(specs),
        (),
    )


def _file_report(read: _Read, imported: Imported) -> FileReport:
    return FileReport(
        file=str(read.file),
        rows=read.rows,
        imported=imported,
        missing=read.placed.missing,
        doubled=read.placed.doubled,
        undated=read.undated,
        ambiguous=read.placed.ambiguous,
        implausible=sum(series.implausible for series in read.series),
        sums=read.sums,
        columns_left_out=read.left_out,
    )
