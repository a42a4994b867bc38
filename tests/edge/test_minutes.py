"""Minutes end where the site's time says, once each, whatever the machine's clock does."""

from __future__ import annotations

from tests.support.edge import NOON, NOON_S

from stallaini.clock import VirtualClock
from stallaini.edge.minutes import MinuteTicker, nearest_minute
from stallaini.edge.timekeeper import Timekeeper


class Bench:
    """A ticker looked at every half second, and what it told."""

    def __init__(
        self, start_s: float = NOON_S + 30.0, monotonic_s: float = 5.0, *, right: bool = True
    ) -> None:
        self.clock = VirtualClock(start_s, monotonic_s, right=right)
        self.time = Timekeeper(self.clock)
        self.ended: list[int] = []
        self.ticker = MinuteTicker(self.time, self.ended.append)

    def live(self, seconds: float) -> None:
        for _ in range(int(seconds * 2)):
            self.clock.advance(0.5)
            self.time.look()
            self.ticker.tick()

    @property
    def after_noon(self) -> list[int]:
        return [minute - NOON for minute in self.ended]


def test_each_minute_ends_once() -> None:
    bench = Bench()
    bench.live(180)
    assert bench.after_noon == [0, 1, 2]


def test_the_first_reading_of_a_minute_ends_the_one_before_and_a_late_one_changes_nothing() -> None:
    bench = Bench()
    bench.clock.advance(30.1)
    bench.ticker.heard(bench.clock.monotonic_s())
    assert bench.after_noon == [0]
    bench.ticker.heard(bench.clock.monotonic_s() - 0.5)
    bench.live(50)
    assert bench.after_noon == [0]


def test_while_the_time_is_not_known_minutes_are_those_since_boot() -> None:
    bench = Bench(start_s=NOON_S + 17.0, monotonic_s=130.0, right=False)
    bench.live(55)
    bench.clock.step_wall(-90_000)
    bench.live(120)
    assert bench.ended == [2, 3, 4]


def test_a_running_minute_that_gets_its_wall_number_ends_with_that_minute() -> None:
    bench = Bench(start_s=NOON_S + 100.0, monotonic_s=130.0, right=False)
    bench.live(30)
    bench.clock.right = True
    bench.time.look()
    begun = nearest_minute(bench.time.wall_of(120))
    bench.ticker.go_on_as(begun)
    assert begun == NOON + 2, "it began at 12:01:30"
    bench.live(120)
    assert bench.after_noon == [2, 3]


def test_a_small_step_back_never_ends_a_minute_twice() -> None:
    bench = Bench()
    bench.live(31)
    bench.clock.step_wall(-20)
    bench.live(150)
    assert bench.after_noon == [0, 1, 2]


def test_a_large_step_back_ends_the_running_minute() -> None:
    bench = Bench()
    bench.live(60)
    bench.clock.step_wall(-3600)
    bench.live(60)
    assert bench.after_noon == [0, 1, -59]
