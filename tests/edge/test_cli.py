"""`stallaini edge` as people and systemd meet it."""

from __future__ import annotations

import argparse
import secrets
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from tests.edge.test_program import SITE

from stallaini.edge import cli
from stallaini.errors import OperatorError
from stallaini.link.join import Join

SERVER_ROOM = {"fastapi", "uvicorn", "numpy", "matplotlib", "argon2", "httpx", "telegram", "starlette"}


def join_line(site: str = "lab") -> str:
    return Join(site, "127.0.0.1", 9, b"\x01", b"", secrets.token_bytes(16), b"salt").line()


def edge(*words: str | Path) -> int:
    parser = argparse.ArgumentParser()
    cli.configure(parser)
    return cli.run(parser.parse_args([str(word) for word in words]))


@pytest.fixture
def site_file(tmp_path: Path) -> Path:
    file = tmp_path / "site.toml"
    file.write_text(SITE.format(bus=tmp_path / "no-such-bus"))
    return file


def test_a_join_line_alone_is_kept_for_the_owner_only(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert edge("--join", join_line(), "--data", tmp_path / "data") == 0
    file = tmp_path / "data" / "join"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert "joined" in capsys.readouterr().out


def test_a_damaged_join_line_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match="stallaini enrol"):
        edge("--join", "stallaini-join-9:abc", "--data", tmp_path)


def test_nothing_to_do_is_said(tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match="site file"):
        edge("--data", tmp_path)


def test_the_join_line_of_another_site_is_refused(tmp_path: Path, site_file: Path) -> None:
    with pytest.raises(OperatorError, match="'elsewhere'"):
        edge(site_file, "--join", join_line("elsewhere"), "--data", tmp_path)


def test_a_faulty_site_file_is_printed_as_the_check_does(
    site_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    site_file.write_text(site_file.read_text().replace("kind =", "knid ="))
    assert edge(site_file, "--data", tmp_path) == 1
    assert "site.toml:" in capsys.readouterr().out


def test_a_wrong_bus_is_said_before_anything_runs(site_file: Path, tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match="can0or1"):
        edge(site_file, "--bus", "can0or1", "--data", tmp_path)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_without_bus_and_server_it_runs_and_stops_in_order(
    site_file: Path, tmp_path: Path, number: signal.Signals
) -> None:
    program = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "stallaini.cli",
            "edge",
            site_file,
            "--data",
            tmp_path / "data",
            "--join",
            join_line(),
        ],
        stderr=subprocess.PIPE,
        text=True,
    )
    assert program.stderr is not None
    said = ""
    while "can.lost" not in said or "link lost" not in said:
        line = program.stderr.readline()
        assert line, said
        said += line
    program.send_signal(number)
    said += program.communicate(timeout=20)[1]
    assert program.returncode == 0, said
    assert "Traceback" not in said
    assert "edge.stopped" in said


def test_the_edge_loads_nothing_of_the_server_room() -> None:
    listing = subprocess.run(
        [sys.executable, "-c", "import sys, stallaini.edge.cli; print(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert not SERVER_ROOM & set(listing.stdout.split())
