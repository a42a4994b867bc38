"""The day of minutes that everything in the link bench sends a part of, and how much news is in it."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from stallaini.site.description import Description


@dataclass(frozen=True)
class Day:
    """Minutes in a row from `first_minute` on: one fixed-point value, or None, per series of each."""

    description: Description
    first_minute: int
    rows: list[tuple[int | None, ...]]

    def entropy_bytes_per_min(self) -> float:
        """Order-0 entropy of each series' change from minute to minute, summed, in bytes a minute."""
        return sum(_entropy_bits(column) for column in zip(*self.rows, strict=True)) / 8

    def narrowed(self, description: Description) -> Day:
        """The same day with the series of `description` alone."""
        names = [spec.name for spec in self.description.series]
        positions = [names.index(spec.name) for spec in description.series]
        rows = [tuple(row[position] for position in positions) for row in self.rows]
        return Day(description, self.first_minute, rows)

    def message(self, row: int) -> dict[str, str | float | None]:
        """One minute as most programs send it: site, Unix time, values in their units by short names."""
        message: dict[str, str | float | None] = {"site": "bench", "ts": (self.first_minute + row) * 60}
        for spec, steps in zip(self.description.series, self.rows[row], strict=True):
            name = spec.name.partition(".")[2].removesuffix(".mean").removesuffix(".last")
            message[name] = None if steps is None else round(steps * spec.resolution, 6)
        return message


def _entropy_bits(column: Sequence[int | None]) -> float:
    """Bits a minute; a value that appears or vanishes is a change of its own kind."""
    changes = Counter(
        (before is None, None if now is None else now - (before or 0)) for before, now in pairwise(column)
    )
    total = changes.total()
    return -sum(count / total * math.log2(count / total) for count in changes.values())
