"""Minutes end where the wall clock says, once each, whatever the wall clock does."""

from __future__ import annotations

import asyncio

from tests.support.edge import NOON, NOON_S

from stallaini.clock import VirtualClock
from stallaini.edge.minutes import MinuteTicker


class Bench:
    """A ticker looked at every half second, and what it told."""

    def __init__(self, start_s: float = NOON_S + 30.0) -> None:
        self.clock = VirtualClock(start_s, monotonic_s=5.0)
        self.ended: list[int] = []
        self.steps: list[float] = []
        self.ticker = MinuteTicker(
            self.clock, lambda minute: self.ended.append(minute - NOON), self.steps.append
        )

    def live(self, seconds: float) -> None:
        for _ in range(int(seconds * 2)):
            self.clock.advance(0.5)
            self.ticker.tick()


def test_each_minute_ends_once() -> None:
    bench = Bench()
    bench.live(180)
    assert (bench.ended, bench.steps) == ([0, 1, 2], [])


def test_the_first_reading_of_a_minute_ends_the_one_before_and_a_late_one_changes_nothing() -> None:
    bench = Bench()
    bench.clock.advance(30.1)
    bench.ticker.heard(bench.clock.monotonic_s())
    assert bench.ended == [0]
    bench.ticker.heard(bench.clock.monotonic_s() - 0.5)
    bench.live(50)
    assert bench.ended == [0]


def test_the_first_contact_with_a_time_server_ends_the_minute_it_falls_into() -> None:
    bench = Bench(start_s=30.0)
    bench.live(60)
    bench.clock.step_wall(NOON_S)
    bench.live(60)
    assert (bench.ended, bench.steps) == ([0 - NOON, 1 - NOON, 1], [NOON_S])


def test_a_small_step_back_never_ends_a_minute_twice() -> None:
    bench = Bench()
    bench.live(31)
    bench.clock.step_wall(-20)
    bench.live(150)
    assert bench.ended == [0, 1, 2]
    assert bench.steps == [-20]


def test_a_large_step_back_ends_the_running_minute() -> None:
    bench = Bench()
    bench.live(60)
    bench.clock.step_wall(-3600)
    bench.live(60)
    assert bench.ended == [0, 1, -59]


async def test_it_runs_on_the_injected_clock() -> None:
    bench = Bench()
    running = asyncio.create_task(bench.ticker.run())
    for _ in range(400):
        await asyncio.sleep(0)
        bench.clock.advance(0.5)
        await asyncio.sleep(0)
    running.cancel()
    assert bench.ended == [0, 1, 2]
