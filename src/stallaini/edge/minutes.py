"""Where one minute ends and the next begins, whatever the wall clock does."""

from __future__ import annotations

from collections.abc import Callable

from stallaini.edge.timekeeper import Timekeeper

BEHIND_MINUTES = 2


def nearest_minute(wall_s: float) -> int:
    """The whole minute since 1970 that begins nearest to this instant; half past belongs to the next."""
    return int((wall_s + 30) // 60)


class MinuteTicker:
    """Tells `on_end(minute)` when a minute of the site's time is over: a wall minute, or one since boot.

    A reading's own time also moves the minute on, so that none falls into the minute before its own.
    When the time steps back by up to two minutes the running minute goes on until the clock is past
    it; a longer step ends it.
    """

    def __init__(self, clock: Timekeeper, on_end: Callable[[int], None]) -> None:
        self._clock = clock
        self.on_end = on_end
        self.minute = self._minute_of(clock.monotonic_s())

    def heard(self, monotonic_s: float) -> None:
        """A reading of that instant is about to be fed."""
        minute = self._minute_of(monotonic_s)
        if self.minute - BEHIND_MINUTES <= minute <= self.minute:
            return
        ended, self.minute = self.minute, minute
        self.on_end(ended)

    def tick(self) -> None:
        """Look at the clock."""
        self.heard(self._clock.monotonic_s())

    def go_on_as(self, minute: int) -> None:
        """The running minute bears another number from now on: the time became known."""
        self.minute = minute

    def _minute_of(self, monotonic_s: float) -> int:
        return int(self._clock.wall_of(monotonic_s) // 60)
