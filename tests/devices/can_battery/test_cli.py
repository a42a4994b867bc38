"""`stallaini decode` as a person and as a program use it."""

from __future__ import annotations

import gzip
import json
import os
import pty
import subprocess
import sys
from pathlib import Path
from typing import Any

import can
import pytest

from stallaini.cli import main
from stallaini.devices.can_battery.simulator import BatteryState, encode_burst

BURST = encode_burst("pylontech-1.2", BatteryState(voltage_v=49.86, current_a=-27.0, soc_pct=62))


def candump(path: Path, *lines: str) -> Path:
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


def run(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, list[dict[str, Any]], list[str]]:
    """Exit code, JSON lines, and what was said on stderr."""
    code = main(["decode", *map(str, words)])
    captured = capsys.readouterr()
    return code, [json.loads(line) for line in captured.out.splitlines()], captured.err.splitlines()


def recorded(path: Path) -> Path:
    """A burst, an error frame, an extended and a remote frame, written by python-can's own writer."""
    with can.Logger(str(path)) as writer:
        for index, (can_id, data) in enumerate(BURST):
            writer(
                can.Message(
                    timestamp=1000 + index / 8, arbitration_id=can_id, is_extended_id=False, data=data
                )
            )
        writer(can.Message(timestamp=1001.0, arbitration_id=0x18FF0001, is_extended_id=True, data=b"\1\2"))
    return path


@pytest.mark.parametrize(
    "name", ["x.log", "x.asc", "x.blf", "x.csv", "x.db", "x.trc", "x.log.gz", "x.csv.gz"]
)
def test_any_log_python_can_writes(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, lines, said = run(capsys, recorded(tmp_path / name), "--json")
    assert (code, said) == (0, [])
    by_id = {line["id"]: line for line in lines}
    assert len(lines) == len(BURST) + 1
    assert {line["profile"] for line in lines} == {"pylontech-1.2"}
    assert by_id["0x356"]["readings"] == {
        "battery.voltage": 49.86,
        "battery.current": -27.0,
        "battery.temperature": 20.0,
    }
    assert by_id["0x355"]["t"] - by_id["0x359"]["t"] == pytest.approx(0.25, abs=1e-3)
    assert by_id["0x18FF0001"]["extended"] is True
    assert by_id["0x18FF0001"]["raw"] == "0102"


def test_the_form_of_a_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = candump(
        tmp_path / "bus.log",
        "(1700000000.123456) can0 351#1402C012C012C201",
        "(1700000000.2) can0 356#0000F2FE6B01",
        "(1700000000.3) can0 20000040#0000000000000000",
        "(1700000000.4) can0 7AA#DEADBEEF",
        "(1700000000.5) can0 355#R8",
        "(1700000000.6) can0 305#0000000000000000 R",
        "(1700000000.7) can0 35C#C0",
        "(1700000000.8) can0 35A#01",
    )
    code, lines, said = run(capsys, log, "--profile", "pylontech-1.2")
    assert (code, said) == (0, [])
    profile = "pylontech-1.2"
    assert lines[0] == {
        "t": 1700000000.123456,
        "id": "0x351",
        "profile": profile,
        "readings": {
            "battery.charge_voltage_limit": 53.2,
            "battery.charge_current_limit": 480.0,
            "battery.discharge_current_limit": 480.0,
            "battery.discharge_voltage_limit": 45.0,
        },
    }
    assert lines[1]["readings"] == {"battery.current": -27.0, "battery.temperature": 36.3}
    assert lines[1]["rejected"] == {"battery.voltage": 0.0}
    empty = {"profile": profile, "readings": {}}
    zeros = "0000000000000000"
    assert lines[2] == {"t": 1700000000.3, "id": "0x040", **empty, "error_frame": True, "raw": zeros}
    assert lines[3] == {"t": 1700000000.4, "id": "0x7AA", **empty, "raw": "DEADBEEF"}
    assert lines[4] == {"t": 1700000000.5, "id": "0x355", **empty, "remote": True, "raw": ""}
    assert lines[5] == {"t": 1700000000.6, "id": "0x305", **empty, "frame": "inverter heartbeat"}
    assert lines[6]["readings"]["battery.charge_enabled"] is True
    assert lines[6]["readings"]["battery.force_charge_1"] is False
    assert lines[7]["readings"]["battery.alarm.general"] is True
    assert lines[7]["readings"]["battery.alarm.high_voltage"] is None


def test_numbers_are_printed_at_their_resolution(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = candump(
        tmp_path / "x.log",
        *(f"(1) c {0x351:03X}#{raw.to_bytes(2, 'little').hex()}" for raw in range(450, 580)),
    )
    assert main(["decode", str(log), "--json"]) == 0
    texts = [
        line.split('charge_voltage_limit":')[1].rstrip("}") for line in capsys.readouterr().out.splitlines()
    ]
    assert texts == [f"{raw // 10}.{raw % 10}" for raw in range(450, 580)]


@pytest.mark.parametrize("name", ["x.log", "x.csv", "x.log.gz"])
def test_a_damaged_line_costs_only_itself(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = recorded(tmp_path / name)
    opener: Any = gzip.open if name.endswith(".gz") else open
    with opener(path, "rt") as file:
        lines = file.read().splitlines()
    lines[2] = lines[2][:9] + "\ufffd" + lines[2][12:]
    lines.insert(5, "no such line")
    with opener(path, "wt") as file:
        file.write("\n".join(lines) + "\n")
    code, shown, said = run(capsys, path, "--json")
    assert code == 1
    assert len(shown) == len(BURST)
    assert [line.split(": ")[2].split(" cannot")[0].split(" is no")[0] for line in said] == [
        "line 3",
        "line 6",
    ]


def test_a_damaged_first_line_of_a_csv_log(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = recorded(tmp_path / "x.csv")
    lines = path.read_text().splitlines()
    lines[1] = "garbage"
    path.write_text("\n".join(lines))
    code, shown, said = run(capsys, path)
    assert (code, len(shown), len(said)) == (1, len(BURST), 1)
    assert "line 2 cannot be read" in said[0]


def test_a_log_cut_short(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = recorded(tmp_path / "x.log.gz")
    path.write_bytes(path.read_bytes()[:-20])
    code, _, said = run(capsys, path)
    assert (code, len(said)) == (1, 1)
    assert "end-of-stream" in said[0]


def test_a_binary_log_damaged_within(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = recorded(tmp_path / "x.blf")
    content = bytearray(path.read_bytes())
    content[200:210] = bytes(10)
    path.write_bytes(content)
    code, _, said = run(capsys, path)
    assert (code, len(said)) == (1, 1)


@pytest.mark.parametrize(
    ("name", "content", "complaint"),
    [
        ("none.log", None, "No such file"),
        ("none.blf", None, "No such file"),
        ("none.db", None, "No such file"),
        ("x.log", b"", "holds no CAN frame"),
        ("x.log", b"\x7fELF\0\1\2\n\xff\xfe\n", "holds no CAN frame: line 1"),
        ("x.csv", b"hello\nworld\n", "holds no CAN frame: line 2"),
        ("x.blf", b"hello", "not a .blf log"),
        ("x.db", b"hello" * 100, "not a .db log"),
        ("x.mf4", b"hello", "asammdf"),
        ("x.pcap", b"hello", "its name must end in one of .asc .blf"),
        ("x.log.gz", b"hello", "cannot read"),
    ],
)
def test_a_bad_file_gets_one_clear_line(
    name: str, content: bytes | None, complaint: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    code, shown, said = run(capsys, path, "--json")
    assert (code, shown, len(said)) == (1, [], 1)
    assert complaint in said[0]
    assert said[0].startswith("stallaini decode: ")
    assert content is not None or not path.exists()


def test_a_folder_is_no_log(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, said = run(capsys, tmp_path)
    assert (code, len(said)) == (1, 1)


def test_a_wrong_profile_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, said = run(capsys, recorded(tmp_path / "x.log"), "--profile", "victrn")
    assert code == 1
    assert "did you mean 'victron'?" in said[0]


def test_a_dialect_without_a_profile_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = candump(tmp_path / "x.log", "(1) can0 311#0102030405060708", "(2) can0 313#0102")
    code, lines, said = run(capsys, log)
    assert code == 0
    assert lines[0] == {
        "t": 1.0,
        "id": "0x311",
        "profile": "growatt-lv",
        "readings": {},
        "raw": "0102030405060708",
    }
    assert "growatt-lv, for which there is no profile" in said[0]


def test_a_candump_log_is_known_by_its_look(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, lines, _ = run(capsys, candump(tmp_path / "field.txt", "(5.5) can0 355#58005E00"))
    assert (code, lines[0]["t"]) == (0, 5.5)


def test_people_at_a_terminal_get_a_table(tmp_path: Path) -> None:
    log = candump(
        tmp_path / "bus.log",
        *(f"(1.{index}) can0 {can_id:03X}#{data.hex()}" for index, (can_id, data) in enumerate(BURST)),
        "(2) can0 359#0200000002504E",
        "(3) can0 7AA#0102",
        "(4) can0 35A#0000",
    )
    master, terminal = pty.openpty()
    command = [sys.executable, "-m", "stallaini.cli", "decode", str(log)]
    with subprocess.Popen(command, stdout=terminal, stderr=subprocess.PIPE) as program:
        os.close(terminal)
        seen = b""
        while True:
            try:
                seen += os.read(master, 65536)
            except OSError:
                break
        assert program.wait(20) == 0
    rows = seen.decode().replace("\r", "").splitlines()
    assert rows[0] == "profile pylontech-1.2 (0x359 and 0x35C)"
    assert "voltage 49.86 V, current -27 A, temperature 20 degC" in rows[4]
    assert rows[1].endswith("modules 2, nothing raised, mark 'PN'")
    assert "protection.over_voltage" in rows[7]
    assert rows[8].endswith("01 02")
    assert rows[9].endswith("nothing reported")
    os.close(master)


def test_a_reader_that_stops_reading_is_no_failure(tmp_path: Path) -> None:
    log = candump(tmp_path / "bus.log", *["(1) can0 351#1402C012C012C201"] * 5000)
    command = f"{sys.executable} -m stallaini.cli decode {log} | head -1; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=30, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["id"] == "0x351"
