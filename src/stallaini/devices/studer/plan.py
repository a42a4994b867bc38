"""What to ask now: the questions of a gateway's devices by their periods. Pure: no I/O, no clock.

A question has a period, counted from shortly after the wall clock's minute: so each of our minutes holds
exactly one of a device's own aggregates, and what is due at the same time can be asked together. Where a
gateway is too slow for all, what has waited longest for its period comes first, and all grow old evenly.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

AFTER_MINUTE_S = 5.0
"""A device's minute and ours differ by how far its clock is off: a few seconds past is past for both."""
AGAIN_S = 2.0
"""A value that waits for another one to confirm it is asked for again after this."""
_TOO_SOON = 0.05


class Question(NamedTuple):
    """An info of a device."""

    address: int
    nr: int


@dataclass
class _Item:
    every_s: float
    due_s: float


class PollPlan:
    """The questions of one gateway and when each is due, in monotonic seconds."""

    def __init__(self, now_s: float) -> None:
        self._began_s = now_s
        self._items: dict[Question, _Item] = {}
        self._away_until_s: dict[int, float] = {}

    def add(self, question: Question, every_s: float) -> None:
        """Ask `question` each `every_s`, from now on; of two periods the shorter counts."""
        item = self._items.setdefault(question, _Item(every_s, self._began_s))
        item.every_s = min(item.every_s, every_s)

    def due(self, now_s: float) -> list[Question]:
        """The questions due, the one that has waited longest for its period first."""
        waiting = [
            ((now_s - item.due_s) / item.every_s, question)
            for question, item in self._items.items()
            if item.due_s <= now_s and self._away_until_s.get(question.address, now_s) <= now_s
        ]
        waiting.sort(key=lambda entry: (-entry[0], entry[1]))
        return [question for _, question in waiting]

    def next_due_s(self) -> float:
        """When the next question is due; infinity when there is none left."""
        due = (
            max(item.due_s, self._away_until_s.get(question.address, item.due_s))
            for question, item in self._items.items()
        )
        return min(due, default=float("inf"))

    def asked(self, question: Question, now_s: float, wall_s: float) -> None:
        """It was asked, with whatever result: it is due again after its period."""
        item = self._items[question]
        left_s = item.every_s - (wall_s - AFTER_MINUTE_S) % item.every_s
        if (
            left_s < item.every_s * _TOO_SOON
        ):  # it was asked a moment before its time: the clock was corrected
            left_s += item.every_s
        item.due_s = now_s + left_s

    def again(self, questions: Iterable[Question], now_s: float) -> None:
        """Ask these again soon."""
        for question in questions:
            if question in self._items:
                self._items[question].due_s = now_s + AGAIN_S

    def drop(self, question: Question) -> None:
        """Never ask it again: the device does not know it."""
        self._items.pop(question, None)

    def away(self, address: int, until_s: float) -> None:
        """Ask this device nothing before that."""
        self._away_until_s[address] = until_s
