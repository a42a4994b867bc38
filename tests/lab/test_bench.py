"""`stallaini bench lab`: figures, failures as lines, and replay."""

from __future__ import annotations

import json

import pytest
from tests.lab import planted

from stallaini.cli import main

QUIET = "lab1 seed=1 minutes=3 start=1400 journal_kb=64000"


def test_it_counts_what_struck(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "lab", "--schedules", "12", "--jobs", "2", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["bench"], found["schedules"], found["failures"]) == ("lab", 12, [])
    assert found["minutes"] > 100
    assert sum(found["struck"].values()) > 12


def test_a_failure_comes_with_a_line_that_replay_takes(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    planted.edge_forgets_when_it_sends(monkeypatch)
    assert (
        main(["bench", "lab", "--schedules", "3", "--seed", "3", "--jobs", "1", "--only", "cut_server"]) == 1
    )
    text = capsys.readouterr().out
    line = text.split("shrunk, for --replay:\n")[1].splitlines()[0].strip().strip("'")
    assert main(["bench", "lab", "--replay", line]) == 1
    replayed = capsys.readouterr().out
    assert "misfortune: " in replayed
    assert "lost: " in replayed


def test_a_quiet_world_replays_in_peace(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "lab", "--replay", QUIET]) == 0
    assert capsys.readouterr().out.endswith("every promise was kept\n")
    assert main(["bench", "lab", "--replay", "nonsense"]) == 1
