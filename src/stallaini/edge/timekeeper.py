"""The site's time: monotonic time and, once somebody who knows has told it, where that began."""

from __future__ import annotations

from typing import NamedTuple

from stallaini.clock import Clock
from stallaini.link.messages import Scalar

KNOWN, UNKNOWN, STEPPED = "clock.known", "clock.unknown", "clock.stepped"
CLAIMED = "claimed_s"

EARLIEST_S = 946_684_800
"""2000-01-01T00:00Z. What is dated before it counts from a boot: no machine is up for thirty years."""

STEP_S = 2.0
_SAME_INSTANT_S = 0.1
_SLOWEST_S = 20.0
_ASK_AGAIN_S = 60.0
_DRIFTS_FOR_S = 86_400.0


class ClockNews(NamedTuple):
    """What happened to the time: the kind and the data of the event that tells it."""

    kind: str
    data: dict[str, Scalar]


class Timekeeper:
    """A clock that says when it does not know the time, instead of guessing.

    While it does not, `wall_s` counts the seconds from the boot: what is dated so is told from real dates
    by `EARLIEST_S`, and dated anew when the time becomes known. It becomes known by the machine's clock
    when that is `trusted` or synchronized, and else by the server; from then on it is monotonic time plus
    `booted_s`, and a step of the machine's clock counts only when that is synchronized.
    """

    def __init__(self, clock: Clock, *, trusted: bool = False) -> None:
        self._clock = clock
        self._trusted = trusted
        self._machine_s = self._machine_offset_s()
        self._ask_from_s = self._confirmed_s = clock.monotonic_s()
        self.booted_s: float | None = None
        if self._machine_is_right():
            self.booted_s = self._machine_s

    # -- a clock

    def monotonic_s(self) -> float:
        """Seconds since boot."""
        return self._clock.monotonic_s()

    def wall_s(self) -> float:
        """Unix time now; seconds since boot while the time is not known."""
        return self.wall_of(self._clock.monotonic_s())

    def synchronized(self) -> bool:
        """Whether the time is known."""
        return self.booted_s is not None

    async def sleep(self, seconds: float) -> None:
        """Return after `seconds` of monotonic time."""
        await self._clock.sleep(seconds)

    # -- and how it is kept

    def wall_of(self, monotonic_s: float) -> float:
        """What `wall_s` says of another instant of this boot."""
        return monotonic_s + (self.booted_s or 0.0)

    def known_s(self) -> float | None:
        """Unix time now; None while it is not known."""
        return None if self.booted_s is None else self.wall_s()

    @property
    def claimed_s(self) -> int:
        """Unix time now by the machine's own clock, right or wrong."""
        return int(self._machine_s + self._clock.monotonic_s())

    def remember(self, booted_s: float | None) -> None:
        """Know what an earlier start of the program in this boot knew; the server is asked to confirm it."""
        if self.booted_s is None and booted_s is not None:
            self.booted_s = booted_s
            self._confirmed_s = self._clock.monotonic_s() - _DRIFTS_FOR_S

    def look(self) -> ClockNews | None:
        """Look at the machine's clock, about once a second; returns what there is to tell."""
        before_s, self._machine_s = self._machine_s, self._machine_offset_s()
        if self._machine_is_right():
            return self._take(self._machine_s, "clock", before_s)
        stepped_s = self._machine_s - before_s
        if abs(stepped_s) <= STEP_S:
            return None
        ignored = self.booted_s is not None
        return ClockNews(STEPPED, {"seconds": round(stepped_s), "ignored": ignored, CLAIMED: self.claimed_s})

    def server_wanted(self) -> bool:
        """Whether to ask the server for the time: it is not known, or a day went by without proof."""
        now_s = self._clock.monotonic_s()
        if now_s < self._ask_from_s or self._machine_is_right():
            return False
        return self.booted_s is None or now_s - self._confirmed_s >= _DRIFTS_FOR_S

    def hear(self, server_ms: int | None, round_trip_s: float) -> ClockNews | None:
        """The server answered just now; `server_ms` is its time in Unix milliseconds, if it gave it.

        Returns what there is to tell. Without a usable time the server is asked again in a minute.
        """
        now_s = self._clock.monotonic_s()
        if self._machine_is_right():
            return None
        if server_ms is None or round_trip_s > _SLOWEST_S or server_ms < EARLIEST_S * 1000:
            if self.server_wanted():
                self._ask_from_s = now_s + _ASK_AGAIN_S
            return None
        booted_s = server_ms / 1000 + round_trip_s / 2 - now_s
        if self.booted_s is not None and abs(booted_s - self.booted_s) <= round_trip_s / 2:
            booted_s = self.booted_s
        return self._take(booted_s, "server", self._machine_s)

    def _take(self, booted_s: float, source: str, claimed_s: float) -> ClockNews | None:
        self._confirmed_s = self._clock.monotonic_s()
        before_s, self.booted_s = self.booted_s, booted_s
        if before_s is None:
            return ClockNews(KNOWN, {"source": source, "stepped_s": round(booted_s - claimed_s)})
        if abs(booted_s - before_s) <= STEP_S:
            return None
        return ClockNews(STEPPED, {"seconds": round(booted_s - before_s), "source": source})

    def _machine_is_right(self) -> bool:
        plausible = self._machine_s + self._clock.monotonic_s() >= EARLIEST_S
        return plausible and (self._trusted or self._clock.synchronized())

    def _machine_offset_s(self) -> float:
        """The machine's wall minus its monotonic time, both read while neither moved much."""
        while True:
            before_s = self._clock.monotonic_s()
            wall_s = self._clock.wall_s()
            if self._clock.monotonic_s() - before_s < _SAME_INSTANT_S:
                return wall_s - before_s


def keeping(clock: Clock, *, trusted: bool) -> Timekeeper:
    """A timekeeper over `clock`, or the very same when it is one: all parts of an edge share one."""
    return clock if isinstance(clock, Timekeeper) else Timekeeper(clock, trusted=trusted)
