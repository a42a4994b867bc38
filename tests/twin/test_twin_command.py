"""`stallaini twin` as a program: it serves a bus until it is told to stop."""

from __future__ import annotations

import asyncio
import signal
import sys
from pathlib import Path

import pytest
from tests.support.can_listener import listening

from stallaini.cli import main

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


@pytest.mark.parametrize("stop_signal", [signal.SIGTERM, signal.SIGINT])
async def test_it_speaks_each_second_and_stops_cleanly(tmp_path: Path, stop_signal: signal.Signals) -> None:
    socket = tmp_path / "can0"
    program = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "stallaini.cli", "twin", "--bus", f"simbus:{socket}", "--soc", "55"),
        *("--site", str(EXAMPLES / "byd-cabin.toml"), "--profile", "victron"),
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(20), listening(str(socket), lambda: 0.0) as heard:
            while len(heard.readings.get("battery.soc", [])) < 3:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
            assert heard.readings["battery.soc"][0][1] == pytest.approx(55, abs=1)
            program.send_signal(stop_signal)
            _, errors = await program.communicate()
    finally:
        if program.returncode is None:
            program.kill()
            await program.wait()
    assert program.returncode == 0
    assert b"Traceback" not in errors
    assert not socket.exists()


async def test_it_serves_every_wire_and_takes_orders(tmp_path: Path) -> None:
    wires = {
        "--bus": f"simbus:{tmp_path / 'can'}",
        "--xcom-can": f"simbus:{tmp_path / 'can'}",
        "--scom": f"pty:{tmp_path / 'xcom'}",
        "--rs485": f"pty:{tmp_path / 'cells'}",
        "--control": str(tmp_path / "control"),
    }
    program = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "stallaini.cli", "twin", *(word for pair in wires.items() for word in pair)),
        stderr=asyncio.subprocess.PIPE,
    )
    assert program.stderr is not None
    try:
        async with asyncio.timeout(20):
            said = [(await program.stderr.readline()).decode() for _ in wires]
            assert all(any(place in line for line in said) for place in wires.values())
            control = ["--control", str(tmp_path / "control")]
            assert await asyncio.to_thread(main, ["twin", "fault", "dry-well", "--for", "60", *control]) == 0
            assert await asyncio.to_thread(main, ["twin", "fault", *control]) == 0
            assert await asyncio.to_thread(main, ["twin", "fault", "dry-well", "--end", *control]) == 0
            assert await asyncio.to_thread(main, ["twin", "state", *control]) == 0
            program.terminate()
            assert await program.wait() == 0
    finally:
        if program.returncode is None:
            program.kill()
            await program.wait()
    assert _left_in(tmp_path) == [], "no link, no socket"


def _left_in(folder: Path) -> list[Path]:
    return list(folder.iterdir())


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["--bus", "pigeon:1"], "no such bus"),
        (["--bus", "simbus:/nonexistent/can0"], "cannot make the bus"),
        (["--bus", "virtual:x", "--soc", "101"], "give 0 to 100"),
        (
            ["--bus", "virtual:x", "--profile", "nokia"],
            "sma, victron; or a brand: byd (victron)",
        ),
        (["--bus", "virtual:x", "--scenario", "absent.toml"], "cannot read absent.toml"),
        (["--bus", "virtual:x", "--scenario", __file__], "is no TOML"),
        (["--bus", "virtual:x", "--relay", "5683"], "no such relay"),
        (["--scom", "rs232:x"], "no such line"),
        ([], "serve at least one wire"),
        (["fault", "--control", "/nonexistent/c", "dry-well"], "no twin listens"),
        (["fault", "--control", "/nonexistent/c", "dry-well", "how=3"], "no parameter 'how'"),
        (["--bus", "virtual:x", "--site", "absent.toml"], "cannot read absent.toml"),
        (["--bus", "virtual:x", "--site", __file__], "has faults"),
    ],
)
def test_wrong_use_is_one_line_that_says_what_to_do(
    words: list[str], reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["twin", *words]) == 1
    assert reason in capsys.readouterr().err.splitlines()[-1]
