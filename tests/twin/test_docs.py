"""What the documentation says of the twin is what it does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from stallaini.cli import main
from stallaini.twin.faults.scenario import parse_scenario
from stallaini.twin.reference import page

ROOT = Path(__file__).resolve().parents[2]
HOW_TO = (ROOT / "docs" / "how-to" / "use-the-twin.md").read_text()
REFERENCE = ROOT / "docs" / "reference" / "twin-faults.md"
EXAMPLE = ROOT / "examples" / "scenarios" / "bad-day.toml"


def test_the_reference_is_what_the_code_says() -> None:
    assert REFERENCE.read_text() == page(), f"run: python -m stallaini.twin.reference {REFERENCE}"


def test_the_scenario_in_the_how_to_is_the_example_and_holds() -> None:
    (shown,) = re.findall(r"```toml\n(.*?)```", HOW_TO, re.DOTALL)
    assert shown == EXAMPLE.read_text()
    parse_scenario(shown)


def test_every_option_in_the_how_to_exists(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["twin", "--help"])
    with_actions = capsys.readouterr().out
    with pytest.raises(SystemExit):
        main(["twin", "fault", "--help"])
    known = set(re.findall(r"--[a-z][a-z0-9-]+", with_actions + capsys.readouterr().out))
    assert set(re.findall(r"--[a-z][a-z0-9-]+", HOW_TO)) - {"--clock"} <= known
