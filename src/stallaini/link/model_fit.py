"""Finding a model's odds: count the decisions of known minutes, then share what is rare. Pure, no I/O."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

from stallaini.link.codec_state import Layout
from stallaini.link.codec_writer import MinuteWriter
from stallaini.link.messages import Minute
from stallaini.link.model import Model, SeriesKind
from stallaini.link.model_slots import SLOTS
from stallaini.link.rangecoder import EVEN, ONE

Counts = dict[int, list[int]]
"""Per slot, how often it was told 0 and 1."""

RUN_MINUTES = 15
SELF_CONTAINED_EVERY = 8
"""Runs learned from: a quarter of an hour each, every eighth of them without a base."""

_PRIOR = 6.0
"""A table's parent weighs as much as this many decisions seen."""
_SHARE = 400.0
"""One kind weighs at most as this many decisions of a slot in the tables above it."""
SHIPPED_WORTH_BITS, SITE_WORTH_BITS = 32.0, 4.0
"""Odds are kept only where they save this much over their parent's, on all that was learned from."""
_LEAST = 24
"""The boldest odds: 24 of 65,536. What never happened yet may still happen."""


class Tally:
    """Decisions counted by the most special of a series' tables: its kind's, or its own by name."""

    def __init__(self, by_name: bool = False) -> None:
        self._by_name = by_name
        self._tables: dict[tuple[str, ...], Counts] = {}

    def learn(self, kinds: Sequence[SeriesKind], minutes: Sequence[Minute]) -> None:
        """Count what coding `minutes` (consecutive ones, of series of these kinds) would tell."""
        counts = [self._tables.setdefault(self._path(kind), {}) for kind in kinds]
        # Every series gets slot numbers of its own, far from real odds, so that the writer needs no change.
        offsets = [ONE + position * SLOTS for position in range(len(kinds))]
        layout = Layout(kinds, [range(offset, offset + SLOTS) for offset in offsets])

        def count(odds: int, bit: int) -> None:
            if odds >= ONE:
                position, slot = divmod(odds - ONE, SLOTS)
                counts[position].setdefault(slot, [0, 0])[bit] += 1

        for run, start in enumerate(range(1, len(minutes), RUN_MINUTES)):
            chained = run % SELF_CONTAINED_EVERY > 0
            writer = MinuteWriter(layout, minutes[start - 1] if chained else None, count)
            for minute in minutes[start : start + RUN_MINUTES]:
                writer.write(minute)

    def fit(self, trained_on: Iterable[str] = ()) -> Model:
        """The model of all that was learned."""
        worth_bits = SITE_WORTH_BITS if self._by_name else SHIPPED_WORTH_BITS
        levels: list[dict[tuple[str, ...], Counts]] = [{} for _ in range(4)]
        for path, counts in self._tables.items():
            for depth in range(1, len(path) + 1):
                _add(levels[depth - 1].setdefault(path[:depth], {}), counts, depth < len(path))
        model: dict[str, dict[int, int]] = {}
        full: dict[tuple[str, ...], Mapping[int, int]] = {(): {}}
        for level in levels:
            for path, counts in level.items():
                parent = full[path[:-1]]
                own = _worthwhile(counts, parent, worth_bits)
                full[path] = {**parent, **own}
                if own:
                    model[path[-1]] = own
        return Model(model, trained_on)

    def _path(self, kind: SeriesKind) -> tuple[str, ...]:
        return kind.tables if self._by_name else kind.tables[:-1]


def _add(total: Counts, counts: Counts, shared: bool) -> None:
    for slot, (zeros, ones) in counts.items():
        share = min(1.0, _SHARE / (zeros + ones)) if shared else 1.0
        entry = total.setdefault(slot, [0, 0])
        entry[0] += math.ceil(zeros * share)
        entry[1] += math.ceil(ones * share)


def _worthwhile(counts: Counts, parent: Mapping[int, int], worth_bits: float) -> dict[int, int]:
    """The odds by slot that save enough over the parent's."""
    kept = {}
    for slot, (zeros, ones) in counts.items():
        expected = parent.get(slot, EVEN)
        odds = (zeros + _PRIOR * expected / ONE) / (zeros + ones + _PRIOR)
        fixed = min(ONE - _LEAST, max(_LEAST, round(odds * ONE)))
        if _bits(zeros, ones, expected) - _bits(zeros, ones, fixed) > worth_bits:
            kept[slot] = fixed
    return kept


def _bits(zeros: int, ones: int, odds: int) -> float:
    return -zeros * math.log2(odds / ONE) - ones * math.log2(1 - odds / ONE)
