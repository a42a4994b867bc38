"""Real edge and server through random schedules of misfortune: no promise breaks. And how that is known."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from stallaini.ops.lab.schedule import draw_schedule, parse_schedule
from stallaini.ops.lab.trials import run_trials
from stallaini.ops.lab.world import run_world

SCHEDULES = 500

FOUND = (
    # A repetition that could not be sent went on and ended in a KeyError.
    "lab1 seed=297 minutes=18 start=1424 journal_kb=64000; 617 cut_server steps=1 down_s=421; "
    "998 part for_s=5 no_route=1",
    # What a server refused because its clock had fallen behind left a gap without a reason.
    "lab1 seed=0 minutes=13 start=1408 journal_kb=64000; 705 step_server by_s=-1106",
    # Events came twice from a journal that had to be renewed.
    "lab1 seed=50 minutes=55 start=1359 journal_kb=64000; 3289 forget_edge commits=11 down_s=1",
    # Card and server both set back: the renewed journal had nothing more to send.
    "lab1 seed=1097 minutes=7 start=1422 journal_kb=64000; 305 forget_edge commits=1 down_s=1; "
    "376 forget_server commits=9 down_s=1",
    # The server set back to before what only the edge's memory had sent.
    "lab1 seed=1905 minutes=9 start=1416 journal_kb=64000; 301 full_edge for_s=113; "
    "484 restore_server age_s=133 down_s=1",
    # More journaled while cut off than the card had forgotten: hidden behind used numbers.
    "lab1 seed=2340 minutes=8 start=1436 journal_kb=64000; 91 full_server for_s=305; "
    "389 forget_edge commits=12 down_s=2; 391 part for_s=72 no_route=0",
    # The disk forgot twice in one outage, the renewal of the journal too: used numbers were given again.
    "lab1 seed=9256 minutes=20 start=1432 journal_kb=10; "
    "616 cut_edge steps=0 down_s=1 behind_s=23 sync_s=74; 697 forget_edge commits=2 down_s=1; "
    "909 part for_s=263 no_route=0; 944 forget_edge commits=9 down_s=1; 1182 forget_edge commits=1 down_s=1",
    # The gap of a clock set more than ten minutes ahead, whose event the server stored under another time.
    "lab1 seed=1172 minutes=20 start=1418 journal_kb=20; 365 step_edge by_s=647",
    # Card, then server set back: what the renewed journal no longer held had no name.
    "lab1 seed=295 minutes=64 start=1363 journal_kb=8; 3690 restore_edge age_s=34 down_s=1; "
    "3811 restore_server age_s=1964 down_s=1",
    # The event that gave a gap its reason was dropped by a full journal.
    "lab1 seed=5018 minutes=18 start=1401 journal_kb=8; 629 kill_edge steps=0 down_s=1; "
    "759 forget_server commits=1 down_s=1; 804 step_edge by_s=1848",
    # What the server may have had stayed in the edge's memory alone when its card worked again.
    "lab1 seed=5964 minutes=4 start=1432 journal_kb=64000; 48 part for_s=277 no_route=0; "
    "55 full_edge for_s=6; 193 edit down_s=1",
)
"""Schedules that broke a promise once, as the lab had shrunk them."""


@pytest.mark.long
@pytest.mark.timeout(900)
def test_random_schedules_break_no_promise() -> None:
    summary = run_trials((draw_schedule(seed) for seed in range(SCHEDULES)), os.cpu_count() or 1)
    broken = [f"{report.schedule}: {report.problems[:3]}" for report in summary.failures]
    assert not broken, "give a line to `stallaini bench lab --replay LINE`"
    assert summary.schedules == SCHEDULES
    assert min(summary.struck.values()) > SCHEDULES // 50, "every kind has struck"
    assert {"journal.failed", "journal.renewed", "journal.dropped", "minute.refused"} <= set(summary.events)


@pytest.mark.parametrize("line", FOUND)
def test_what_was_found_once_stays_mended(line: str, tmp_path: Path) -> None:
    assert run_world(parse_schedule(line), tmp_path / "world").problems == []


@pytest.mark.parametrize("seed", [3, 20, 51])
def test_the_same_schedule_is_the_same_to_the_byte(seed: int, tmp_path: Path) -> None:
    first, second = (run_world(draw_schedule(seed), tmp_path / name, traced=True) for name in "ab")
    assert first.trace == second.trace
    assert first.digest == second.digest
    assert run_world(draw_schedule(seed + 1), tmp_path / "c").digest != first.digest


def test_an_undisturbed_world_takes_one_exchange_a_minute(tmp_path: Path) -> None:
    quiet = parse_schedule("lab1 seed=1 minutes=60 start=1400 journal_kb=64000")
    report = run_world(quiet, tmp_path / "world")
    assert report.problems == []
    assert report.datagrams["lost"] == 0
    assert report.minutes > 60
    assert report.datagrams["sent"] < 3 * report.minutes
