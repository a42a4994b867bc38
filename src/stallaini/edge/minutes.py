"""Where one minute ends and the next begins, whatever the wall clock does."""

from __future__ import annotations

from collections.abc import Callable

from stallaini.clock import Clock

_LONGEST_WAIT_S = 1.0
_STEP_S = 2.0
_SAME_INSTANT_S = 0.1
_BEHIND_MINUTES = 2


class MinuteTicker:
    """Tells `on_end(minute)` when a wall minute is over, and `on_step(seconds)` when the wall clock stepped.

    A reading's own time also moves the minute on, so that none falls into the minute before its own.
    When the clock steps back by up to two minutes the running minute goes on until the clock is past
    it; a longer step ends it.
    """

    def __init__(self, clock: Clock, on_end: Callable[[int], None], on_step: Callable[[float], None]) -> None:
        self._clock = clock
        self._on_end = on_end
        self._on_step = on_step
        self._offset_s = self._offset_now_s()
        self.minute = self._minute_of(clock.monotonic_s())

    def heard(self, monotonic_s: float) -> None:
        """A reading of that instant is about to be fed."""
        self._watch_step()
        self._reach(self._minute_of(monotonic_s))

    def tick(self) -> None:
        """Look at the clock."""
        self.heard(self._clock.monotonic_s())

    async def run(self) -> None:
        """Tick until cancelled. Waits at most 1 s at a time, because a wall clock may step meanwhile."""
        while True:
            into_minute_s = self._clock.wall_s() % 60
            await self._clock.sleep(min(60 - into_minute_s, _LONGEST_WAIT_S))
            self.tick()

    def _reach(self, minute: int) -> None:
        if self.minute - _BEHIND_MINUTES <= minute <= self.minute:
            return
        ended, self.minute = self.minute, minute
        self._on_end(ended)

    def _watch_step(self) -> None:
        offset_s = self._offset_now_s()
        stepped_s = offset_s - self._offset_s
        if abs(stepped_s) > _STEP_S:
            self._offset_s = offset_s
            self._on_step(stepped_s)

    def _offset_now_s(self) -> float:
        """Wall minus monotonic time, both read while neither moved much."""
        while True:
            before_s = self._clock.monotonic_s()
            wall_s = self._clock.wall_s()
            if self._clock.monotonic_s() - before_s < _SAME_INSTANT_S:
                return wall_s - before_s

    def _minute_of(self, monotonic_s: float) -> int:
        return int((monotonic_s + self._offset_now_s()) // 60)
