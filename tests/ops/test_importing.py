"""`stallaini import`: years from an SD card into a server, told in text and JSON, and asked for over HTTP."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from tests.support.datalogs import full_datalog, full_day, full_row
from tests.support.serving import ask, serving

from stallaini.cli import main
from stallaini.clock import VirtualClock


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A server's folder with the admitted site `noto`."""
    folder = tmp_path / "data"
    assert main(["enrol", "noto", "--host", "localhost", "--data", str(folder)]) == 0
    return folder


def card(tmp_path: Path, **files: bytes) -> list[str]:
    """Files by name: `LG171219=...`."""
    paths = []
    for name, content in files.items():
        path = tmp_path / f"{name}.CSV"
        path.write_bytes(content)
        paths.append(str(path))
    return paths


def brought(data: Path, files: list[str], *options: str) -> int:
    zone = [] if "--timezone" in options else ["--timezone", "Europe/Rome"]
    return main(["import", "datalog", *files, "--site", "noto", "--data", str(data), *zone, *options])


def told(capsys: pytest.CaptureFixture[str]) -> Any:
    return json.loads(capsys.readouterr().out.splitlines()[-1])


def stored(data: Path) -> list[tuple[Any, ...]]:
    with sqlite3.connect(data / "server.db") as connection:
        return connection.execute("SELECT * FROM imported ORDER BY series, day").fetchall()


def test_days_come_in_and_are_told(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = card(tmp_path, LG171221=full_day("21.12.2017", ";"), LG171219=full_day("19.12.2017"))
    assert brought(data, files) == 0
    text = capsys.readouterr().out
    assert "noto: 2 files, 2880 rows" in text
    assert "time    2017-12-18T23:00:00Z to 2017-12-21T23:00:00Z (--clock standard, Europe/Rome)" in text
    assert "minutes 2880 added, 0 already there" in text
    assert "gaps    1, 1440 minutes\n          2017-12-19T23:00:00Z to 2017-12-20T23:00:00Z" in text
    assert "consumers 7.20 of 7.20 kWh (+0.00 %)" in text
    assert "worst   consumers: 0.00 % off" in text
    assert "columns left out: unnamed (I11043 ALL)" in text


def test_twice_and_in_another_order_is_the_same_bytes(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = card(tmp_path, LG171219=full_day("19.12.2017"), LG171220=full_day("20.12.2017", I3101="0.50"))
    assert brought(data, files) == 0
    before = stored(data)
    assert brought(data, files[::-1], "--json") == 0
    report = told(capsys)
    assert [file["imported"] for file in report["files"]] == [
        {"added": 0, "known": 1440, "live": 0, "differing": 0}
    ] * 2
    assert stored(data) == before
    other = tmp_path / "other"
    assert main(["enrol", "noto", "--host", "localhost", "--data", str(other)]) == 0
    for file in files[::-1]:
        assert brought(other, [file]) == 0
    assert stored(other) == before


def test_a_bad_file_is_told_with_its_line_and_spoils_no_other(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = full_day("20.12.2017").replace(b"20.12.2017 13:00,50.10", b"20.12.2017 13:00,5x.10")
    files = card(tmp_path, LG171219=full_day("19.12.2017"), LG171220=broken, LG171221=full_day("21.12.2017"))
    assert brought(data, [*files, str(tmp_path / "LG171222.CSV")]) == 1
    text = capsys.readouterr().out
    assert "noto: 2 files, 2880 rows" in text
    assert f"FAILED  {files[1]}: line 784: '5x.10' is not a number" in text
    assert "LG171222.CSV: cannot read it: No such file or directory" in text
    assert "gaps    1, 1440 minutes" in text


def test_rows_without_a_place_in_time_are_told(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spring = [full_row(f"31.03.2019 0{hour}:{minute:02}") for hour in (1, 2, 3) for minute in range(60)]
    autumn = [full_row(f"27.10.2019 0{hour}:{minute:02}") for hour in (1, 2, 3) for minute in range(60)]
    twice = [full_row("28.10.2019 12:00"), full_row("28.10.2019 12:00", I3101="0.99")]
    ahead = [full_row("01.01.2090 00:00"), full_row("01.01.1999 00:00"), full_row("29.10.2019 00:00")]
    odd = [full_row("30.10.2019 00:00", I3092="5000.00")]
    logs = {"LG1": spring, "LG2": autumn, "LG3": twice, "LG4": ahead, "LG5": odd}
    files = card(tmp_path, **{name: full_datalog(rows) for name, rows in logs.items()})
    assert brought(data, files, "--clock", "site", "--json") == 0
    counts = ("missing", "ambiguous", "doubled", "undated", "implausible")
    found = [tuple(file[count] for count in counts) for file in told(capsys)["files"]]
    assert found == [(60, 0, 0, 0, 0), (0, 60, 0, 0, 0), (0, 0, 1, 0, 0), (0, 0, 0, 2, 0), (0, 0, 0, 0, 1)]
    assert brought(data, files, "--clock", "site") == 0
    text = capsys.readouterr().out
    assert "60 rows not imported: in the hour that spring leaves out (LG1.CSV)" in text
    assert "60 rows taken as summer time" in text
    assert "1 rows not imported: their time came before in the file (LG3.CSV)" in text
    assert "2 rows not imported: before 2000 or in the future (LG4.CSV)" in text
    assert "1 cells left out: outside what the quantity can be (LG5.CSV)" in text


def test_another_clock_after_forgetting_the_first(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = card(tmp_path, LG170619=full_day("19.06.2017"))
    assert brought(data, files, "--json") == 0
    assert told(capsys)["start"] == "2017-06-18T23:00:00Z"
    assert main(["import", "forget", "--site", "noto", "--data", str(data)]) == 0
    assert "1440 imported minutes forgotten" in capsys.readouterr().out
    assert stored(data) == []
    assert brought(data, files, "--clock", "site", "--json") == 0
    assert told(capsys)["start"] == "2017-06-18T22:00:00Z"


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["--site", "nowhere"], "no site 'nowhere' is admitted here; admit it with"),
        (["--clock", "summer"], "'summer' is no way to read a logger's clock: give standard, site, utc"),
        (["--timezone", "Rome"], "no time zone 'Rome'"),
        (["--data", "elsewhere"], "there is no server's data in elsewhere"),
    ],
)
def test_what_is_wrong_is_said(
    data: Path, tmp_path: Path, options: list[str], reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    files = card(tmp_path, LG171219=full_day("19.12.2017"))
    assert brought(data, files, *options) == 1
    assert reason in capsys.readouterr().err


def test_a_zone_must_be_known_and_is_not_said_twice_differently(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = card(tmp_path, LG171219=full_day("19.12.2017"))
    words = ["import", "datalog", *files, "--site", "noto", "--data", str(data)]
    assert main(words) == 1
    assert "give it, as with --timezone Europe/Rome" in capsys.readouterr().err
    assert brought(data, files) == 0
    assert main(words) == 0
    assert main([*words, "--timezone", "Europe/Athens"]) == 1
    assert "noto lies in Europe/Rome; leave --timezone out" in capsys.readouterr().err


async def test_an_imported_day_and_a_live_site_are_one_curve_over_http(tmp_path: Path) -> None:
    noon_s = 1_513_684_800
    async with serving(tmp_path, clock=VirtualClock(wall_s=noon_s)) as running:
        site = await running.site("noto")
        await site.minutes((noon_s // 60 - 1, {"battery.current.mean": -3.0}))
        viewer = await running.program("viewer")
        await _in_a_thread(tmp_path)
        energy = await ask(viewer, "/sites/noto/energy", start="2017-12-18", end="2017-12-19")
        (day,) = energy["days"]
        assert day["minutes_present"] == 1440
        assert day["channels"]["inverter.ac_power"] == {"in_kwh": 7.2, "out_kwh": 0.0}
        assert day["channels"]["solar.power"] == {"in_kwh": 28.8, "out_kwh": 0.0}
        assert day["channels"]["battery.power"] == {"in_kwh": 18.12, "out_kwh": 0.0}
        stretch = {"start": "2017-12-19T11:58:00Z", "end": "2017-12-19T12:00:00Z"}
        current = await ask(viewer, "/sites/noto/series", name="battery.current", **stretch)
        assert current["mean"] == [15.0, -3.0]
        assert (current["min"], current["max"]) == ([15.0, -3.0], [15.0, -3.0])
        power = await ask(viewer, "/sites/noto/series", name="inverter.ac_power", **stretch)
        assert (power["mean"], power["unit"]) == ([300.0, 300.0], "W")
        listed = await ask(viewer, "/sites/noto")
        assert "solar.power.mean" in {series["name"] for series in listed["series"]}
        assert "solar.power" not in {channel["name"] for channel in listed["channels"]}


async def _in_a_thread(tmp_path: Path) -> None:
    """Import two days beside the running server, as a person would."""
    files = card(tmp_path, LG171218=full_day("18.12.2017"), LG171219=full_day("19.12.2017"))
    words = ["import", "datalog", *files, "--site", "noto", "--data", str(tmp_path / "data")]
    assert await asyncio.to_thread(main, words) == 0


@pytest.mark.recordings
async def test_a_recorded_day_over_http_is_what_the_inverter_counted(
    data: Path, tmp_path: Path, shared_data: Path
) -> None:
    file = shared_data / "studer" / "datalogs" / "LG171219.CSV"
    assert await asyncio.to_thread(brought, data, [str(file)]) == 0
    async with serving(tmp_path) as running:
        viewer = await running.program("viewer")
        # The logger's day is that of standard time: in winter, the site's.
        energy = await ask(viewer, "/sites/noto/energy", start="2017-12-19", end="2017-12-20")
    channels = energy["days"][0]["channels"]
    assert energy["timezone"] == "Europe/Rome"
    assert channels["inverter.ac_power"]["in_kwh"] == pytest.approx(10.19, rel=0.01)
    assert channels["solar.power"]["in_kwh"] == pytest.approx(11.28, rel=0.01)


@pytest.mark.recordings
def test_every_recorded_file_comes_in_and_agrees(
    data: Path, tmp_path: Path, shared_data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folders = (shared_data / "studer" / "datalogs", shared_data / "telemetry" / "raw_examples")
    files = [str(file) for folder in folders for file in sorted(folder.glob("*.CSV"))]
    assert brought(data, files, "--json") == 0
    report = told(capsys)
    assert sum(file["imported"]["added"] for file in report["files"]) == len(files) * 1440 == 8640
    assert (len(report["gaps"]), report["failed"]) == (3, [])
    oddities = ("missing", "doubled", "undated", "ambiguous", "implausible")
    assert not any(file[oddity] for file in report["files"] for oddity in oddities)
    errors = [each["error_pct"] for file in report["files"] for each in file["sums"]]
    known = [error for error in errors if error is not None]
    assert len(known) == 16
    assert max(map(abs, known)) < 1.0
