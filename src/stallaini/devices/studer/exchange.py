"""What both masters share: how often to ask, which late answers are still owed, and when to ask twice."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from stallaini.devices.studer.asker import StuderRefused, StuderSilent
from stallaini.devices.studer.errors import RETRYABLE, ScomError

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Patience:
    """How long and how often a gateway is asked.

    A gateway that says it is busy - each night for some seconds while it writes its log - is asked
    `busy_tries` times, with pauses of `busy_pause_s`, doubled each time. An answer that has not come within
    `late_s` is taken as never to come.
    """

    timeout_s: float = 2.0
    tries: int = 3
    busy_tries: int = 5
    busy_pause_s: float = 1.0
    late_s: float = 6.0


async def persist(
    attempt: Callable[[], Awaitable[T]], pause: Callable[[float], Awaitable[None]], patience: Patience
) -> T:
    """The first attempt that succeeds; raises what the last one raised, or a refusal that would stand."""
    tried = 0
    while True:
        tried += 1
        try:
            return await attempt()
        except StuderSilent:
            if tried >= patience.tries:
                raise
        except StuderRefused as refusal:
            busy = refusal.error is ScomError.GATEWAY_BUSY
            if refusal.error not in RETRYABLE or tried >= (patience.busy_tries if busy else patience.tries):
                raise
            if busy:
                await pause(patience.busy_pause_s * 2 ** (tried - 1))


K = TypeVar("K")


class Debts(Generic[K]):
    """Answers that did not come in time and may still come: what was asked, and until when to expect it."""

    def __init__(self) -> None:
        self._owed: list[tuple[K, float]] = []

    def __len__(self) -> int:
        return len(self._owed)

    def owe(self, asked: K, now_s: float, late_s: float) -> None:
        """Note that the answer to `asked` may come within `late_s`; forgets what has lapsed."""
        self._lapse(now_s)
        self._owed.append((asked, now_s + late_s))

    def pay(self, settles: Callable[[K], bool]) -> bool:
        """Strike the oldest debt that an answer `settles`; whether there was one."""
        for at, (asked, _) in enumerate(self._owed):
            if settles(asked):
                del self._owed[at]
                return True
        return False

    def left_s(self, now_s: float) -> float:
        """Seconds until the last debt lapses; forgets those that have."""
        self._lapse(now_s)
        return max((until_s - now_s for _, until_s in self._owed), default=0.0)

    def forget(self) -> None:
        """All have lapsed."""
        self._owed.clear()

    def _lapse(self, now_s: float) -> None:
        self._owed = [debt for debt in self._owed if debt[1] > now_s]


def middle(readings: Sequence[tuple[float, ...]]) -> tuple[float, ...]:
    """Value by value, the middle one of three readings; NaN counts as the highest."""
    ordered = (sorted(three, key=_rank) for three in zip(*readings, strict=True))
    return tuple(three[1] for three in ordered)


def agree(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    """Whether two readings are the same, NaN being equal to NaN."""
    return all(a == b or (math.isnan(a) and math.isnan(b)) for a, b in zip(one, other, strict=True))


def _rank(value: float) -> tuple[bool, float]:
    return (True, 0.0) if math.isnan(value) else (False, value)
