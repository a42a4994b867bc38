"""RCC datalogs: what a good file gives, and how a bad one is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.datalogs import datalog

from stallaini.devices.studer_rcc.datalog import ColumnKey, DatalogError, LoggedDevice, parse_datalog

ROW = ("04.07.2016 00:01", "50.00,-5.00,,51.23,-3.27,61.37,21.04")


@pytest.mark.parametrize("separator", [",", ";"])
def test_a_file_is_columns_by_info_and_device(separator: str) -> None:
    log = parse_datalog(datalog([("04.07.2016 00:00", "50,-5,2,51,-3,61,21"), ROW], separator))
    assert log.version == "v6.8"
    assert log.columns[ColumnKey(7032, "1")] == 5
    assert log.names[6] == "BSP-Tbat [°C]"
    assert log.column(7032, "1") == [61.0, 61.37]
    assert log.column(11040, "1") == [2.0, None]
    assert log.devices_with(3095) == ["L1-1"]
    assert [row.local_minute for row in log.rows] == [24_459_840, 24_459_841]


def test_the_tail_gives_counters_parameters_and_devices() -> None:
    log = parse_datalog(datalog([ROW]))
    assert log.counters == {7007: 49.94, 7008: None}
    assert log.parameters[0] == (1108, (47.53, 0.0, 0.0))
    assert log.devices[0] == LoggedDevice("L1-1", "XTM 4000-48 (230-16)", "1.5.32", "26C4AC1D")
    assert log.other == ()


@pytest.mark.parametrize(
    ("data", "line", "reason"),
    [
        (b"", 1, "not a Studer RCC datalog"),
        (b"time,voltage\n1,2\n", 1, "not a Studer RCC datalog"),
        (b"v7.0,XT-Ubat\n,I3092", 2, "header ends early"),
        (datalog([ROW]).replace(b"I7030", b"7030"), 2, "'7030' is not an info number"),
        (datalog([ROW]).replace(b"I3092,I3095,I11040,I7030,I7031,I7032,I7033", b",,"), 2, "no info numbers"),
        (datalog([ROW]).replace(b",L1-1,L1-1,1,1,1,1,1,", b",L1-1"), 3, "no device for the column I3095"),
        (datalog([]), 4, "no minutes"),
        (datalog([(ROW[0], "50.00,-5.00")]), 4, "cut short"),
        (datalog([ROW, (ROW[0], ROW[1].replace("51.23", "5x.23"))]), 5, "'5x.23' is not a number"),
        (datalog([(ROW[0], ROW[1].replace("51.23", "nan"))]), 4, r"'nan' is not a number \(column 'BSP-Ubat"),
        (datalog([("31.02.2016 00:00", ROW[1])]), 4, "no time of the calendar"),
        (datalog([("04.07.2016 24:00", ROW[1])]), 4, "no time of the calendar"),
    ],
)
def test_a_bad_file_is_refused_with_its_line(data: bytes, line: int, reason: str) -> None:
    with pytest.raises(DatalogError, match=reason) as caught:
        parse_datalog(data)
    assert caught.value.line == line


@given(st.data())
@settings(max_examples=200)
def test_a_damaged_file_never_breaks_the_parser(data: st.DataObject) -> None:
    whole = datalog([ROW, ROW])
    start = data.draw(st.integers(0, len(whole)))
    end = data.draw(st.integers(start, len(whole)))
    damaged = whole[:start] + data.draw(st.binary(max_size=8)) + whole[end:]
    try:
        log = parse_datalog(damaged)
    except DatalogError as error:
        assert error.line >= 1  # noqa: PT017
    else:
        assert log.rows


@pytest.mark.recordings
def test_every_recorded_day_parses_whole(shared_data: Path) -> None:
    folders = (shared_data / "studer" / "datalogs", shared_data / "telemetry" / "raw_examples")
    files = sorted(file for folder in folders for file in folder.glob("*.CSV"))
    assert len(files) == 6
    for file in files:
        log = parse_datalog(file.read_bytes())
        first = log.rows[0].local_minute
        assert [row.local_minute - first for row in log.rows] == list(range(1440)), file.name
        assert log.other == (), file.name
        assert any(device.model.startswith("XT") for device in log.devices), file.name
        assert any("°C" in name for name in log.names), file.name
