"""Which modules of a stack are there, by what answers. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable

ROUNDS_BORNE = 3
"""Rounds in a row that a module may leave unanswered before it counts as gone."""


class Roster:
    """Numbers of the modules known, from 1 (the master) on."""

    def __init__(self) -> None:
        self._missed: dict[int, int] = {}

    @property
    def known(self) -> frozenset[int]:
        """The modules that count as there."""
        return frozenset(self._missed)

    def heard_all(self, numbers: Iterable[int]) -> None:
        """The master spoke for the whole stack: these modules, and no others."""
        self._missed = dict.fromkeys(numbers, 0)

    def heard(self, number: int) -> None:
        """One module spoke for itself."""
        self._missed[number] = 0

    def round_ended(self, answered: Collection[int]) -> None:
        """Each known module has been asked; these have answered."""
        for number in self._missed:
            self._missed[number] = 0 if number in answered else self._missed[number] + 1
        self._missed = {number: missed for number, missed in self._missed.items() if missed < ROUNDS_BORNE}

    def clear(self) -> None:
        """Know nothing."""
        self._missed.clear()
