"""Schedules: drawn, written and read, and made small."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stallaini.errors import OperatorError
from stallaini.ops.lab.schedule import KINDS, Misfortune, Schedule, draw_schedule, parse_schedule
from stallaini.ops.lab.shrink import shrink


@given(st.integers(0, 10**9))
def test_a_schedule_is_its_line(seed: int) -> None:
    schedule = draw_schedule(seed)
    assert parse_schedule(str(schedule)) == schedule
    for fault in schedule.misfortunes:
        assert all(low <= fault[name] <= high for name, (low, high) in KINDS[fault.what].items())


def test_every_kind_is_drawn_and_only_those_wanted() -> None:
    drawn = {fault.what for seed in range(200) for fault in draw_schedule(seed).misfortunes}
    assert drawn == set(KINDS)
    wanted = {fault.what for seed in range(50) for fault in draw_schedule(seed, ["move", "part"]).misfortunes}
    assert wanted == {"move", "part"}


@pytest.mark.parametrize(
    "line",
    [
        "",
        "lab1 seed=1",
        "lab0 seed=1 minutes=9 start=1 journal_kb=9",
        "lab1 seed=1 minutes=x start=1 journal_kb=9",
        "lab1 seed=1 minutes=9 start=1 journal_kb=9; 10 meteor",
        "lab1 seed=1 minutes=9 start=1 journal_kb=9; 10 kill_edge steps=1",
    ],
)
def test_what_is_no_schedule_is_refused_in_one_line(line: str) -> None:
    with pytest.raises(OperatorError, match="no schedule") as error:
        parse_schedule(line)
    assert "\n" not in str(error.value)


def _contains(what: str, **least: int) -> Callable[[Schedule], bool]:
    """Fails while there is such a misfortune with arguments at least as large."""

    def fails(schedule: Schedule) -> bool:
        return any(
            fault.what == what and all(abs(fault[name]) >= value for name, value in least.items())
            for fault in schedule.misfortunes
        )

    return fails


def _long_schedule() -> Schedule:
    faults = [fault for seed in range(40) for fault in draw_schedule(seed).misfortunes]
    wanted = Misfortune(3000, "kill_server", {"steps": 44, "down_s": 700})
    stepped = Misfortune(3100, "step_edge", {"by_s": -5000})
    return Schedule(1, 90, 1400, 9, (*faults[:15], wanted, stepped, *faults[15:30]))


def test_one_cause_is_shrunk_to_one_misfortune_with_small_numbers() -> None:
    found = shrink(_long_schedule(), _contains("kill_server", steps=6))
    assert [fault.what for fault in found.misfortunes] == ["kill_server"]
    assert found.misfortunes[0].arguments["down_s"] == 1
    assert 6 <= found.misfortunes[0]["steps"] < 12, "halved as long as it fails"
    assert (found.misfortunes[0].at_s, found.minutes) == (0, 2)


def test_two_causes_that_only_fail_together_both_stay() -> None:
    first, second = _contains("kill_server", steps=40), _contains("step_edge", by_s=1000)
    found = shrink(_long_schedule(), lambda schedule: first(schedule) and second(schedule))
    by_kind = {fault.what: fault for fault in found.misfortunes}
    assert len(found.misfortunes) == 2
    assert 40 <= by_kind["kill_server"]["steps"] < 80
    assert 1000 <= abs(by_kind["step_edge"]["by_s"]) < 2000


def test_shrinking_ends_though_everything_fails() -> None:
    found = shrink(_long_schedule(), lambda _: True)
    assert found.misfortunes == ()
    assert found.minutes == 2
