"""A day of one series as bytes, and back."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stallaini.server.store.base import MAX_VALUE
from stallaini.server.store.chunks import DAY_MINUTES, Chunk, decode_chunks, encode_chunk
from stallaini.server.store.hot import HotRow, blocks, pack_values, unpack_values

VALUES = st.one_of(
    st.integers(-300, 300), st.integers(-(2**17), 2**17), st.integers(-MAX_VALUE, MAX_VALUE), st.just(0)
)


@st.composite
def days(draw: st.DrawFn) -> tuple[int, int, list[int], list[int]]:
    """(day, span, minutes of the day, values)."""
    span = draw(st.sampled_from([1, 1, 1, 15, 7, 60]))
    slots = DAY_MINUTES // span
    first = draw(st.integers(0, slots - 1))
    run = [slot * span for slot in range(first, draw(st.integers(first + 1, slots)))]
    holes = draw(st.sets(st.sampled_from(run), max_size=min(20, len(run) - 1)))
    offsets = [offset for offset in run if offset not in holes]
    some = draw(st.lists(VALUES, min_size=1, max_size=30))
    values = [some[index % len(some)] for index in range(len(offsets))]
    return draw(st.integers(0, 40_000)), span, offsets, values


@given(st.lists(days(), min_size=1, max_size=6))
def test_any_days_come_back_as_they_were(many: list[tuple[int, int, list[int], list[int]]]) -> None:
    chunks = [encode_chunk(np.array(offsets), np.array(values), span) for _, span, offsets, values in many]
    minutes, values = decode_chunks(
        [day for day, *_ in many],
        [span for _, span, *_ in many],
        [c.n for c in chunks],
        [c.data for c in chunks],
    )
    assert minutes.tolist() == [
        day * DAY_MINUTES + offset for day, _, offsets, _ in many for offset in offsets
    ]
    assert values.tolist() == [value for *_, row in many for value in row]
    for chunk, (*_, row) in zip(chunks, many, strict=True):
        assert (chunk.n, chunk.low, chunk.high, chunk.total) == (len(row), min(row), max(row), sum(row))


def encode(values: list[int]) -> Chunk:
    return encode_chunk(np.arange(len(values)), np.array(values), 1)


def test_a_day_that_never_changes_costs_a_few_bytes() -> None:
    assert len(encode([532] * DAY_MINUTES).data) == 3


def test_equal_days_are_equal_bytes() -> None:
    values = [minute % 37 for minute in range(DAY_MINUTES)]
    assert encode(values) == encode(list(values))


def test_nothing_decodes_to_nothing() -> None:
    minutes, values = decode_chunks([], [], [], [])
    assert minutes.tolist() == values.tolist() == []


@given(st.lists(st.none() | VALUES, max_size=40))
def test_a_hot_minute_comes_back_as_it_was(values: list[int | None]) -> None:
    assert unpack_values(pack_values(values), len(values)) == tuple(values)


@pytest.mark.parametrize(
    ("values", "size"), [([1, -32767], 4), ([1, -32768], 8), ([None, 2**31], 16), ([], 0)]
)
def test_a_hot_minute_takes_the_narrowest_width_that_fits(values: list[int | None], size: int) -> None:
    assert len(pack_values(values)) == size


def test_rows_of_several_descriptions_and_widths_become_blocks() -> None:
    rows = [
        HotRow(1, 1, b"a", pack_values([5, None])),
        HotRow(2, 1, b"b", pack_values([7])),
        HotRow(3, 15, b"a", pack_values([70_000, -1])),
    ]
    found = blocks(rows, {b"a": 2, b"b": 1}.__getitem__)
    assert [block.minutes.tolist() for block in found] == [[1], [2], [3]]
    assert [block.present.tolist() for block in found] == [[[True, False]], [[True]], [[True, True]]]
    assert found[2].values.tolist() == [[70_000, -1]]
