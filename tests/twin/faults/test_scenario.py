"""Scenario files: what comes when, and what is wrong with one."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.support.twin_on_wires import wired

from stallaini.errors import OperatorError
from stallaini.twin.faults.scenario import parse_scenario

EXAMPLE = Path(__file__).resolve().parents[3] / "examples" / "scenarios" / "bad-day.toml"


def test_what_is_due_comes_once_and_in_order() -> None:
    scenario = parse_scenario(
        """
        [[fault]]
        at = "1 day 00:00:10"
        name = "dry-well"

        [[fault]]
        at = 30
        for = "00:01:00"
        name = "bms-alarm"
        raised = "alarm.general"
        """
    )
    assert scenario.due(29.9) == []
    (first,) = scenario.due(30.0)
    assert (first.fault, first.at_s, first.for_s) == ("bms-alarm", 30.0, 60.0)
    assert first.params == {"raised": "alarm.general"}
    assert [one.fault for one in scenario.due(86_410.0)] == ["dry-well"]
    assert scenario.due(1e9) == []


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("at = ", "is no TOML"),
        ("[house]\nsoc = 3", r"\[\[fault\]\] tables and nothing else"),
        ("[fault]\nat = 3", r"\[\[fault\]\] tables and nothing else"),
        ("[[fault]]\nat = 3", "number 1: `name` is missing"),
        ('[[fault]]\nname = "dry-well"', "number 1: `at` is missing"),
        ('[[fault]]\nat = "noon"\nname = "dry-well"', "`at` = 'noon' is no time"),
        ('[[fault]]\nat = 1\nname = "dry-wel"', "did you mean dry-well"),
        ('[[fault]]\nat = 1\nname = "dry-well"\nhow = 3', "has no parameter 'how'"),
        ('[[fault]]\nat = 1\nname = "mppt-error"\nerror = "bored"', "give battery-over-voltage, "),
        ('[[fault]]\nat = 1\nname = "lost-module"\nmodule = true', "is no number"),
    ],
)
def test_a_wrong_file_is_told_where_and_what(text: str, reason: str) -> None:
    with pytest.raises(OperatorError, match=reason):
        parse_scenario(text)


async def test_the_example_is_lived_through(tmp_path: Path) -> None:
    scenario = parse_scenario(EXAMPLE.read_text())
    async with wired(tmp_path, scenario=scenario) as twin:
        seen: set[str] = set()
        for _ in range(20):
            await twin.seconds(30)
            seen |= set((await twin.order("faults"))["standing"])
        assert seen == {"can-silence", "mppt-error", "gateway-busy"}
        assert (await twin.order("faults"))["standing"] == {}


async def test_a_fault_of_a_part_that_is_not_served_is_told_and_the_house_lives_on(tmp_path: Path) -> None:
    scenario = parse_scenario('[[fault]]\nat = 2\nname = "link-outage"')
    async with wired(tmp_path, scenario=scenario) as twin:
        await twin.seconds(5)
        assert any("--relay" in line for line in twin.said)
        assert twin.heard.frames == 30
