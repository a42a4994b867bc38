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


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["--bus", "pigeon:1"], "no such bus"),
        (["--bus", "simbus:/nonexistent/can0"], "cannot make the bus"),
        (["--bus", "virtual:x", "--soc", "101"], "give 0 to 100"),
        (["--bus", "virtual:x", "--profile", "nokia"], "nokia"),
        (["--bus", "virtual:x", "--site", "absent.toml"], "cannot read absent.toml"),
        (["--bus", "virtual:x", "--site", __file__], "has faults"),
    ],
)
def test_wrong_use_is_one_line_that_says_what_to_do(
    words: list[str], reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["twin", *words]) == 1
    assert reason in capsys.readouterr().err.splitlines()[-1]
