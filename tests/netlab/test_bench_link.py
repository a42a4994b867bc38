"""`stallaini bench link` holds what the link promises: byte counts, which no busy machine changes."""

from __future__ import annotations

import json

import pytest

from stallaini.ops.bench.link import measure
from stallaini.ops.bench.link_report import Report, Row, as_json, as_text

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def report(netlab: None) -> Report:
    return measure(120)


def _row(report: Report, name: str, series: int) -> Row:
    return next(row for row in report.rows if (row.way, row.series) == (name, series))


@pytest.mark.parametrize(("series", "most_mb"), [(10, 4.5), (40, 4.8)])
def test_each_minute_at_once_stays_within_its_month(report: Report, series: int, most_mb: float) -> None:
    row = _row(report, "ours, each minute", series)
    assert row.mb_per_30_days <= most_mb


def test_batches_of_a_quarter_of_an_hour_stay_within_theirs(report: Report) -> None:
    row = _row(report, "ours, every 15 min", 10)
    assert row.mb_per_30_days <= 0.36


def test_a_day_of_forty_series_goes_in_ten_kilobytes(report: Report) -> None:
    backlog = next(one for one in report.backlogs if one.series == 40 and not one.tunnel)
    assert (backlog.minutes, backlog.payload_bytes <= 10_000) == (1440, True)


def test_every_peer_pays_several_times_as_much(report: Report) -> None:
    ours = _row(report, "ours, each minute", 10).ip_bytes_per_min
    peers = [row for row in report.rows if not row.way.startswith("ours") and row.series == 10]
    assert len(peers) == 4
    assert min(row.ip_bytes_per_min for row in peers) > 4 * ours


def test_the_report_reads_as_text_and_as_json(report: Report) -> None:
    text = as_text(report)
    assert "10 series" in text
    assert "MB/30 d" in text
    assert json.loads(as_json(report))["bench"] == "link"
