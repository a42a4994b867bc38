"""`stallaini check` as a person and as a program use it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.support.sites import SITE

from stallaini.cli import main

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


@pytest.mark.parametrize("example", sorted(EXAMPLES.glob("*.toml")), ids=lambda path: path.name)
def test_every_example_is_clean(example: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(example)]) == 0
    assert "no faults" in capsys.readouterr().out


def test_faults_come_one_a_line_with_file_and_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "site.toml"
    file.write_text(SITE + 'titel = "x"\n[loads.p]\npower = "2 kg"\n', encoding="utf-8")
    assert main(["check", str(file)]) == 1
    first, second = capsys.readouterr().out.splitlines()
    assert first == f"{file}:4: unknown key `titel`; did you mean `title`?"
    assert second.startswith(f"{file}:6: `power`: wrong unit")


def test_json_for_programs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--json", str(EXAMPLES / "stallaini.toml")]) == 0
    clean = json.loads(capsys.readouterr().out)
    assert (clean["ok"], clean["site"], clean["devices"]) == (True, "stallaini", ["battery"])
    file = tmp_path / "site.toml"
    file.write_text(SITE + 'titel = "x"\n', encoding="utf-8")
    assert main(["check", "--json", str(file)]) == 1
    broken = json.loads(capsys.readouterr().out)
    assert broken["ok"] is False
    assert broken["faults"] == [{"line": 4, "reason": "unknown key `titel`", "fix": "did you mean `title`?"}]


def test_a_file_that_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(tmp_path / "absent.toml")]) == 1
    assert "cannot read" in capsys.readouterr().err
