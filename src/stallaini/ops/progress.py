"""A progress bar for people; a line at the end where nobody looks."""

from __future__ import annotations

import sys

from stallaini.clock import Clock

_WIDTH = 30
_REFRESH_S = 0.1


class Progress:
    """Shows how far `total` steps of work are, on standard error."""

    def __init__(self, title: str, total: int, clock: Clock) -> None:
        self._title = title
        self._total = max(1, total)
        self._clock = clock
        self._started_s = clock.monotonic_s()
        self._shown_s = -1.0
        self._terminal = sys.stderr.isatty()

    def show(self, step: int) -> None:
        """Draw the bar, at most ten times a second."""
        now_s = self._clock.monotonic_s()
        if not self._terminal or now_s - self._shown_s < _REFRESH_S:
            return
        self._shown_s = now_s
        self._draw(min(1.0, step / self._total))

    def done(self) -> None:
        """Draw the full bar, or say that it is done, with the time it took."""
        spent_s = self._clock.monotonic_s() - self._started_s
        if self._terminal:
            self._draw(1.0)
            print(f" {spent_s:.1f} s", file=sys.stderr, flush=True)
        else:
            print(f"{self._title}: done in {spent_s:.1f} s", file=sys.stderr, flush=True)

    def _draw(self, share: float) -> None:
        filled = round(share * _WIDTH)
        bar = "#" * filled + "-" * (_WIDTH - filled)
        print(f"\r{self._title} [{bar}] {share:4.0%}", end="", file=sys.stderr, flush=True)
