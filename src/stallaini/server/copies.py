"""Sites whose spent sequence numbers come again: somebody runs a copy of their keys. Pure but for time."""

from __future__ import annotations

from typing import NamedTuple

from stallaini.clock import Clock

_WINDOW_S = 3600.0
SUSPICIOUS = 3
"""One number may come again by the network's doing, not several within an hour."""


class _Again(NamedTuple):
    since_s: float
    numbers: set[int]


class Copies:
    """Counts genuine messages under numbers that were used before."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._again: dict[str, _Again] = {}

    def heard(self, site: str, number: int) -> bool:
        """Note one; True when it is time to say that two edges share the keys of `site`, once an hour."""
        now_s = self._clock.monotonic_s()
        again = self._again.get(site)
        if again is None or now_s - again.since_s > _WINDOW_S:
            again = self._again[site] = _Again(now_s, set())
        if number in again.numbers or len(again.numbers) == SUSPICIOUS:
            return False
        again.numbers.add(number)
        return len(again.numbers) == SUSPICIOUS
