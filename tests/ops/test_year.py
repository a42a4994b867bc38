"""A few days of the whole system under a virtual clock; `stallaini bench year` lives a whole year so."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from stallaini.devices.can_battery import simulator
from stallaini.devices.can_battery.simulator import BatteryState
from stallaini.edge.core import EdgeCore
from stallaini.ops import virtual_site
from stallaini.ops.bench import year
from stallaini.ops.year.account import CHARGED, COUNTED_SOLAR, DISCHARGED, SOLAR
from stallaini.ops.year.fate import Happening, happenings
from stallaini.ops.year.life import Figures, Life
from stallaini.ops.year.verdict import Gap, judge

DAY = 1440
SPRING = date(2026, 3, 28)
"""The clocks of Rome go forward in the night to the day after."""


@pytest.fixture
def folder() -> Iterator[Path]:
    """In RAM where there is such a disk: each simulated minute syncs a file."""
    ram = "/dev/shm"
    with tempfile.TemporaryDirectory(dir=ram if os.access(ram, os.W_OK) else None) as name:
        yield Path(name)


def live(folder: Path, days: int, *fate: Happening) -> Figures:
    return asyncio.run(Life(folder, 1, SPRING, fate).live(days))


def test_days_with_a_clock_change_an_outage_and_a_restart_lose_no_minute_and_no_energy(folder: Path) -> None:
    figures = live(
        folder,
        2,
        Happening(600, "outage", 1000),
        Happening(700, "restart"),
        Happening(1700, "lost module", 90),
        Happening(1900, "mppt error", 15),
        Happening(2000, "restart"),
        Happening(2200, "power cut", 10),
        Happening(2300, "battery alarm", 20),
    )
    assert figures.minutes == 2 * DAY - 60
    assert figures.starts == 3
    assert figures.verdict.missing_minutes == 0
    assert figures.verdict.broken == []
    assert figures.verdict.kept
    found = {(one.day.day, one.quantity) for one in figures.verdict.differences if one.stored_kwh is not None}
    assert len(found) == 2 * 8
    assert figures.verdict.worst[SOLAR].twin_kwh > 1
    # An hour and more without a link is one message after it, not many.
    assert 90 < figures.messages < 250
    assert figures.ip_bytes > figures.up_bytes + figures.down_bytes


def test_a_dropped_minute_and_a_current_one_percent_too_large_are_noticed(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    true = EdgeCore.minute_ended
    dropped = iter([False] * 500 + [True] + [False] * DAY)

    def forgetful(core: EdgeCore, minute: int) -> None:
        if not next(dropped):
            true(core, minute)

    def boastful(profile: str, said: BatteryState) -> list[tuple[int, bytes]]:
        return simulator.encode_burst(profile, replace(said, current_a=said.current_a * 1.01))

    monkeypatch.setattr(EdgeCore, "minute_ended", forgetful)
    monkeypatch.setattr(virtual_site, "encode_burst", boastful)
    verdict = live(folder, 1).verdict
    assert (verdict.missing_minutes, verdict.kept) == (1, False)
    assert [(gap.minutes, gap.reason) for gap in verdict.gaps] == [(1, None)]
    assert {one.quantity for one in verdict.broken} >= {CHARGED, DISCHARGED}


def test_what_the_store_does_not_have_or_has_too_little_of_is_not_allowed() -> None:
    day = date(2026, 1, 1)
    assert judge({day: {CHARGED: 4.0}}, {day: {CHARGED: 4.019}}, []).kept
    assert not judge({day: {CHARGED: 4.0}}, {day: {CHARGED: 4.021}}, []).kept
    assert not judge({day: {CHARGED: 0.0}}, {}, []).kept
    assert not judge({}, {}, []).kept
    named = judge(
        {day: {CHARGED: 4.0}}, {day: {CHARGED: 4.0}}, [Gap("2026-01-01T12:00Z", 2, "edge not running")]
    )
    assert (named.missing_minutes, named.kept) == (2, False)
    # Almost nothing on a day without sun may differ by the store's own steps.
    assert judge({day: {CHARGED: 0.010}}, {day: {CHARGED: 0.012}}, []).kept
    assert judge({day: {COUNTED_SOLAR: 0.9}}, {day: {COUNTED_SOLAR: 0.89}}, []).kept


def test_a_year_has_its_share_of_misfortune_and_the_same_seed_the_same() -> None:
    fate = happenings(7, 365)
    assert fate == happenings(7, 365) == sorted(fate)
    assert fate != happenings(8, 365)
    kinds = [one.kind for one in fate]
    assert (kinds.count("outage"), kinds.count("restart")) == (63, 24)
    assert max(one.minutes for one in fate) > 2 * DAY
    assert all(0 <= one.at_minute < 365 * DAY for one in fate)


def test_the_bench_prints_all_of_it_as_text_and_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    parser = argparse.ArgumentParser()
    year.configure(parser)
    assert year.run(parser.parse_args(["--days", "1", "--seed", "3", "--json"])) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["minutes"], told["missing_minutes"], told["kept"]) == (DAY, 0, True)
    text = year.as_text(told)
    assert "no minute missing" in text
    assert "left out" in text
