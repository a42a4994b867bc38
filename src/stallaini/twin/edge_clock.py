"""The clock of an edge under test, in a file: right, or as late as after a boot without a clock chip."""

from __future__ import annotations

from pathlib import Path

from stallaini.clock import Clock, SharedClock
from stallaini.errors import OperatorError

_PERIOD_S = 0.01


class ServedClock:
    """Keeps the file going; an edge that was given `--clock FILE` lives by it."""

    def __init__(self, path: Path, clock: Clock) -> None:
        self._true = clock
        try:
            self._served = SharedClock.create(path, clock.wall_s(), clock.monotonic_s())
        except OSError as error:
            raise OperatorError(
                f"cannot make the clock {path}: {error.strerror}; name another path"
            ) from error

    async def run(self) -> None:
        """Tick for ever; returns only by cancellation."""
        while True:
            self.tick()
            await self._true.sleep(_PERIOD_S)

    def tick(self) -> None:
        """Bring its monotonic time up to now."""
        self._served.advance(self._true.monotonic_s() - self._served.monotonic_s())

    def forget(self, behind_s: float) -> None:
        """From now on it is `behind_s` late, and nobody has told it the time."""
        self._set(self._true.wall_s() - behind_s, right=False)

    def learn(self) -> None:
        """A time service sets it right."""
        self._set(self._true.wall_s(), right=True)

    def _set(self, wall_s: float, right: bool) -> None:
        self.tick()
        self._served.set_wall(wall_s, right=right)
