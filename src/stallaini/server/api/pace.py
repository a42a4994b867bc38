"""How many requests one caller may make: many at once, and a steady number from then on.

Counted in memory: it keeps one caller's runaway program from the others' server, and guards no secret.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from stallaini.clock import Clock
from stallaini.server.people.roles import Actor


class Pace(NamedTuple):
    """`burst` requests at once, `per_s` a second for as long as one likes."""

    burst: int
    per_s: float


# A page asks once a second at its busiest, while somebody drags a chart; a script may ask faster.
CALLER = Pace(burst=1200, per_s=20.0)
# The bot asks and reports for every chat there is, and Telegram takes 30 messages a second from it.
BOT = Pace(burst=6000, per_s=200.0)
# Above so many callers those who have been quiet for long enough are forgotten.
_MOST_KEPT = 1000


class Pacer:
    """One bucket per caller: a person with all their browsers, a token, or the chats of an account."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._left: dict[str, tuple[float, float]] = {}

    def wait_s(self, actor: Actor) -> int:
        """Count a request of `actor`: 0 when it may be answered, else the seconds until the next one may.

        Whoever acts without having signed in, in a demo, is not counted: only this machine reaches one.
        """
        if actor.way == "demo":
            return 0
        pace, now_s = _pace(actor), self._clock.monotonic_s()
        key = _key(actor)
        left, at_s = self._left.get(key, (float(pace.burst), now_s))
        left = min(float(pace.burst), left + (now_s - at_s) * pace.per_s)
        if left < 1:
            self._left[key] = (left, now_s)
            return math.ceil((1 - left) / pace.per_s)
        if len(self._left) >= _MOST_KEPT:
            self._forget(now_s)
        self._left[key] = (left - 1, now_s)
        return 0

    def _forget(self, now_s: float) -> None:
        """Those whose bucket is full by now, whatever its size."""
        longest_s = max(pace.burst / pace.per_s for pace in (CALLER, BOT))
        self._left = {key: kept for key, kept in self._left.items() if now_s - kept[1] < longest_s}


def _pace(actor: Actor) -> Pace:
    return BOT if actor.way == "bot" else CALLER


def _key(actor: Actor) -> str:
    """A token by its id; a person is one caller in all their browsers, and another in all their chats."""
    return f"{actor.way} {actor.key if actor.way in ('token', 'bot') else actor.name.casefold()}"
