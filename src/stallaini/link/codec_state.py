"""What both ends of a coded run of minutes know at every decision: the values so far, and what they hint.

`MinuteWriter` tells minutes as decisions, `MinuteReader` makes minutes of decisions; both walk the state
here, so that a decision is looked up by the same odds at both ends. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from stallaini.link import model_slots as slots
from stallaini.link.messages import Minute
from stallaini.link.model import SeriesKind
from stallaini.link.rangecoder import ONE

MAX_RUN_MINUTES = 1440
"""One run is a day at most: what bounds the work that a few bytes can ask for."""
FOLLOWS = ONE - ONE // 512
"""Odds that a minute follows the one before, spanning one minute."""

MINUTE_BITS, SPAN_BITS, DISTANCE_BITS = 32, 11, 6
"""How long the numbers of a minute's place are: its number, its span, the length of a distance."""

_OLDEST = slots.HISTORIES >> 1
# Flags and counts stay as they are so long that their silence says nothing of the series beside them.
_STILL = frozenset({"flag", "count"})


class Layout:
    """What is fixed for a site and a model: the odds per series, its neighbour, whether it is lively.

    The neighbour is the nearest earlier series of the same quantity and resolution: likely to move with it.
    """

    __slots__ = ("lively", "neighbours", "odds", "width")

    def __init__(self, kinds: Sequence[SeriesKind], odds: Sequence[Sequence[int]]) -> None:
        self.width = len(kinds)
        self.odds = tuple(odds)
        self.lively = tuple(kind.quantity not in _STILL for kind in kinds)
        self.neighbours = tuple(_neighbours(kinds))


class Run:
    """The state after every value told: identical at both ends."""

    __slots__ = (
        "before",
        "busy",
        "deltas",
        "end",
        "histories",
        "known",
        "layout",
        "lengths",
        "minutes",
        "now",
        "signs",
    )

    def __init__(self, layout: Layout, base: Minute | None) -> None:
        width = layout.width
        self.layout = layout
        self.minutes = 0
        self.end = None if base is None else base.minute + base.span_minutes
        self.before: list[int | None] = [None] * width if base is None else list(base.values)
        self.known: list[int | None] = list(self.before)
        self.histories = [1] * width
        self.lengths = [0] * width
        self.signs = [0] * width
        self.start()

    def start(self) -> None:
        """Begin a minute."""
        self.now: list[int | None] = []
        self.deltas = [0] * self.layout.width
        self.busy = 0

    def ended(self, minute: int, span_minutes: int) -> None:
        """End a minute whose values are all told."""
        self.before = self.now
        self.end = minute + span_minutes
        self.minutes += 1

    def stop_odds(self) -> int:
        """Odds that the run ends here: single minutes and quarters of an hour are what is sent most."""
        share = {0: 64, 1: 2, 5: 8, 15: 4}.get(self.minutes, 32 if self.minutes < 15 else 64)
        return ONE // share

    def changed_slot(self, position: int, before: int) -> int:
        """Where the odds are that a series keeps its value."""
        neighbour = self.layout.neighbours[position]
        beside = 0
        if neighbour >= 0:
            tied = self.before[neighbour] == before
            beside = (4 if tied else 2) if self.deltas[neighbour] else (3 if tied else 1)
        place = self.histories[position] * slots.GRAINS + slots.grain(before)
        return (
            slots.CHANGED
            + (place * slots.NEIGHBOURS + beside) * slots.BUSY
            + (self.busy & 1)
            + (self.busy >> 1)
        )

    def note(self, position: int, value: int | None) -> None:
        """Take in the value of the series at `position`, the next one."""
        changed = value != self.before[position]
        history = self.histories[position] << 1 | changed
        self.histories[position] = history if history < slots.HISTORIES else _OLDEST | history & (_OLDEST - 1)
        if self.layout.lively[position]:
            self.busy = (self.busy << 1 | changed) & 3
        self.now.append(value)
        if value is None or not changed:
            return
        known, self.known[position] = self.known[position], value
        if known is not None and known != value:
            delta = value - known
            self.deltas[position] = delta
            self.lengths[position] = abs(delta).bit_length()
            self.signs[position] = 1 if delta < 0 else 2

    def beside(self, position: int) -> int:
        """By how much the neighbour changed in this minute."""
        neighbour = self.layout.neighbours[position]
        return self.deltas[neighbour] if neighbour >= 0 else 0

    def same_slot(self, position: int, start: int) -> int:
        """Where the odds are that a series changes by another number than its neighbour."""
        tied = self.before[self.layout.neighbours[position]] == start
        return slots.SAME + 2 * tied + (self.histories[position] & 1)

    def sign_slot(self, position: int, start: int, beside: int) -> int:
        """Where the odds are that a change is upwards."""
        hint = (beside > 0) * 2 + (beside < 0)
        return slots.NEGATIVE + (hint * 3 + self.signs[position]) * 2 + (start == 0)

    def length_slot(self, position: int, start: int, beside: int, step: int) -> int:
        """Where the odds of a change's length begin."""
        size = slots.SIZE_AT_ZERO if start == 0 else slots.size_after(self.lengths[position])
        place = (step * slots.SIZES + size) * slots.NEIGHBOUR_SIZES + slots.size_beside(
            abs(beside).bit_length()
        )
        return slots.LENGTH + place * slots.LENGTHS

    def first_guess(self, position: int) -> int | None:
        """What a value never known before is told against: its neighbour's."""
        neighbour = self.layout.neighbours[position]
        return self.now[neighbour] if neighbour >= 0 else None


def _neighbours(kinds: Sequence[SeriesKind]) -> Iterator[int]:
    """Per series the nearest one before it that measures the same in the same steps; -1: none does."""
    latest: dict[tuple[str, float], int] = {}
    for position, kind in enumerate(kinds):
        if kind.quantity in _STILL:
            yield -1
            continue
        yield latest.get((kind.quantity, kind.resolution), -1)
        latest[kind.quantity, kind.resolution] = position
