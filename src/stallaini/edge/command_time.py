"""The time by which commands are judged: between which two instants now lies, by the clock that set them."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from stallaini.clock import Clock

_FRESH_S = 3600.0
"""For so long the server's time is told on by the monotonic clock rather than asked of the site's own."""


class Span(NamedTuple):
    """Now is not before `earliest_s` and not after `latest_s` (Unix seconds)."""

    earliest_s: float
    latest_s: float


class _Heard(NamedTuple):
    server_s: float
    monotonic_s: float
    round_trip_s: float


class CommandTime:
    """The server's time as an answer brought it, else the site's own where it is known.

    A command's not-before and not-after are the server's words, so its clock is the right one to hold
    against them. Its answer may have been on the way for the whole round trip; the span says so.
    `known_s` gives the site's own time, None while it is not known.
    """

    def __init__(self, clock: Clock, known_s: Callable[[], float | None]) -> None:
        self._clock = clock
        self._known_s = known_s
        self._heard: _Heard | None = None

    def heard(self, time_ms: int, round_trip_s: float) -> None:
        """An answer brought the server's time."""
        self._heard = _Heard(time_ms / 1000, self._clock.monotonic_s(), round_trip_s)

    def now(self) -> Span | None:
        """Where now lies; None while nobody knows."""
        known_s = self._known_s()
        if self._heard is not None:
            passed_s = self._clock.monotonic_s() - self._heard.monotonic_s
            if passed_s < _FRESH_S or known_s is None:
                earliest_s = self._heard.server_s + passed_s
                return Span(earliest_s, earliest_s + self._heard.round_trip_s)
        return None if known_s is None else Span(known_s, known_s)
