"""The peer for the store: the usual narrow table, one row per (site, series, time, value)."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from stallaini.clock import SystemClock

_CREATE = """
CREATE TABLE samples (site TEXT, series TEXT, ts INTEGER, value REAL, PRIMARY KEY (site, series, ts))
WITHOUT ROWID
"""
_INSERT = "INSERT INTO samples VALUES (?, ?, ?, ?)"
_CHART = """
SELECT ts / :bucket * :bucket, avg(value), min(value), max(value) FROM samples
WHERE site = 'peer' AND series = 'series.0' GROUP BY 1 ORDER BY 1
"""
YEAR_MINUTES = 525_600


class NarrowTable:
    """SQLite with the same durability as ours (WAL, FULL)."""

    def __init__(self, path: Path) -> None:
        self._database = sqlite3.connect(path, isolation_level=None)
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute("PRAGMA synchronous = FULL")
        self._database.execute(_CREATE)
        self._clock = SystemClock()

    def minutes_per_s(self, minutes: int, series: int) -> float:
        """Durable minutes a second when each minute is a commit of its own, as the common loggers do."""
        start_s = self._clock.monotonic_s()
        for minute in range(minutes):
            rows = [("ingest", f"series.{number}", minute * 60, 1.0) for number in range(series)]
            self._database.execute("BEGIN")
            self._database.executemany(_INSERT, rows)
            self._database.execute("COMMIT")
        return minutes / (self._clock.monotonic_s() - start_s)

    def year_chart_ms(self, values: list[float], points: int) -> float:
        """Best of three: a year of one series (one value a minute) as `points` buckets, warm."""
        self._database.execute("BEGIN")
        self._database.executemany(
            _INSERT, (("peer", "series.0", minute * 60, value) for minute, value in enumerate(values))
        )
        self._database.execute("COMMIT")
        bucket_s = len(values) * 60 // points
        spent_s = []
        for _ in range(3):
            start_s = self._clock.monotonic_s()
            self._database.execute(_CHART, {"bucket": bucket_s}).fetchall()
            spent_s.append(self._clock.monotonic_s() - start_s)
        return min(spent_s) * 1000

    def close(self) -> None:
        """Close the file."""
        self._database.close()
