"""Virtual time: ordered, repeatable, and merciless to what is killed."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from stallaini.ops.lab import timeline as timeline_module
from stallaini.ops.lab.timeline import Livelock, ProcessLoop, Timeline


def _ignore(context: dict[str, Any]) -> None:
    del context


def test_two_processes_sleep_in_one_time() -> None:
    timeline = Timeline()
    told: list[tuple[float, str]] = []

    async def sleeper(name: str, seconds: float) -> None:
        for _ in range(2):
            await asyncio.sleep(seconds)
            told.append((timeline.now_s, name))

    for name, seconds in (("slow", 3600.0), ("quick", 2000.0)):
        ProcessLoop(timeline, _ignore).create_task(sleeper(name, seconds))
    timeline.run_until(86_400.0)
    assert told == [(2000.0, "quick"), (3600.0, "slow"), (4000.0, "quick"), (7200.0, "slow")]
    assert timeline.now_s == 86_400.0


def test_a_killed_process_does_nothing_more_not_even_in_its_finally() -> None:
    timeline = Timeline()
    loop = ProcessLoop(timeline, _ignore)
    told: list[str] = []

    async def program() -> None:
        try:
            await asyncio.sleep(10)
        finally:
            told.append("finally")

    loop.create_task(program())
    timeline.at(5.0, loop.die)
    timeline.run_until(20.0)
    assert told == []
    loop.bury()


def test_a_pool_runs_one_function_at_a_time_while_the_loop_goes_on() -> None:
    timeline = Timeline()
    loop = ProcessLoop(timeline, _ignore)
    loop.pool_delay_s = lambda: 2.0
    told: list[tuple[float, str]] = []

    async def program() -> None:
        pool = object()
        both = [loop.run_in_executor(pool, told.append, (timeline.now_s, name)) for name in ("a", "b")]
        await asyncio.sleep(1)
        told.append((timeline.now_s, "meanwhile"))
        await asyncio.gather(*both)
        told.append((timeline.now_s, "done"))

    loop.create_task(program())
    timeline.run_until(60.0)
    assert [name for _, name in told] == ["meanwhile", "a", "b", "done"]
    assert told[-1] == (4.0, "done")


def test_a_fault_of_the_labs_own_is_raised_and_an_endless_loop_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    timeline = Timeline()
    timeline.at(1.0, {}.__getitem__, "missing")
    with pytest.raises(KeyError):
        timeline.run_until(2.0)

    monkeypatch.setattr(timeline_module, "_MOST_CALLS", 1000)
    busy = Timeline()
    loop = ProcessLoop(busy, _ignore)

    def again() -> None:
        loop.call_soon(again)

    again()
    with pytest.raises(Livelock):
        busy.run_until(1.0)
