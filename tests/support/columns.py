"""Columns of any shape, and what they say minute by minute."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from stallaini.server.store.base import Column

START = 29_000_000


@st.composite
def columns(draw: st.DrawFn) -> Column:
    """Records at any minutes, some of them thinned."""
    records = draw(
        st.dictionaries(
            st.tuples(st.integers(START - 70, START + 400), st.sampled_from([1, 1, 1, 15, 5])),
            st.integers(-5000, 5000),
            max_size=60,
        )
    )
    ordered = sorted(records)
    return Column(
        np.array([minute for minute, _ in ordered], np.int64),
        np.array([records[key] for key in ordered], np.int64),
        np.array([span for _, span in ordered], np.int64),
        0.1,
        "A",
    )


def by_minute(column: Column) -> dict[int, int]:
    """Each covered minute's value: long records first, so that shorter ones overwrite them."""
    found: dict[int, int] = {}
    rows = zip(column.spans.tolist(), column.minutes.tolist(), column.values.tolist(), strict=True)
    for span, minute, value in sorted(rows, key=lambda row: (-row[0], -row[1])):
        found.update({minute + offset: value for offset in range(span)})
    return found


def plain(minutes: list[int], values: list[int], resolution: float = 1.0, unit: str = "W") -> Column:
    ones = np.ones(len(minutes), np.int64)
    return Column(np.array(minutes, np.int64), np.array(values, np.int64), ones, resolution, unit)
