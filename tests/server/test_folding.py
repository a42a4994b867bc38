"""Buckets against counting minute by minute, whatever stretches they are added in."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.columns import START, by_minute, columns, plain

from stallaini.server.folding import Folded, Folding, listed
from stallaini.server.store.base import Column


def fold(
    mean: Column, start: int, end: int, points: int, *band: Column, cuts: tuple[int, ...] = ()
) -> Folded:
    """The whole of a column in buckets, added in stretches that end at the cuts."""
    low, high = band or (mean, mean)
    folding = Folding(start, end, points)
    edges = sorted({start, end, *(cut for cut in cuts if start < cut < end)})
    for begin, finish in pairwise(edges):
        folding.add(mean, low, high, begin, finish)
    return folding.folded()


@given(
    columns(),
    st.integers(START - 50, START + 300),
    st.integers(0, 300),
    st.integers(1, 400),
    st.lists(st.integers(START - 50, START + 600), max_size=3),
)
def test_buckets_are_what_counting_minute_by_minute_gives(
    column: Column, start: int, length: int, points: int, cuts: list[int]
) -> None:
    found = fold(column, start, start + length, points, cuts=tuple(cuts))
    values = by_minute(column)
    assert len(found.mean) <= points + 1
    for begin_s, *shown in zip(found.starts_s(), found.mean, found.low, found.high, strict=True):
        assert begin_s % (found.length * 60) == 0
        begin = begin_s // 60
        inside = [
            values[minute] / 10
            for minute in range(max(start, begin), min(start + length, begin + found.length))
            if minute in values
        ]
        if inside:
            assert shown == pytest.approx([sum(inside) / len(inside), min(inside), max(inside)])
        else:
            assert np.isnan(shown).all()


@given(st.lists(st.integers(0, 300), min_size=1), st.integers(1, 20))
def test_every_minute_falls_into_exactly_one_bucket(offsets: list[int], points: int) -> None:
    minutes = sorted({START + offset for offset in offsets})
    found = fold(plain(minutes, [1] * len(minutes)), START, START + 301, points)
    begins = [begin_s // 60 for begin_s in found.starts_s()]
    assert begins == list(range(begins[0], begins[0] + len(begins) * found.length, found.length))
    assert begins[0] <= START
    assert begins[-1] + found.length >= START + 301


def test_the_band_comes_from_the_lowest_and_highest_series() -> None:
    minutes = [START, START + 1]
    lowest, highest = plain(minutes, [1, 5]), plain(minutes, [90, 30])
    found = fold(plain(minutes, [10, 20]), START, START + 2, 1, lowest, highest)
    assert listed(found.mean, 1) == [15.0]
    assert (listed(found.low, 0), listed(found.high, 0)) == ([1.0], [90.0])


def test_stretches_in_different_resolutions_add_up_in_the_unit() -> None:
    folding = Folding(START, START + 2, 1)
    for minute, steps, resolution in ((START, 10, 1.0), (START + 1, 205, 0.1)):
        column = plain([minute], [steps], resolution)
        folding.add(column, column, column, minute, minute + 1)
    found = folding.folded()
    assert listed(found.mean, found.digits + 1) == [15.25]
    assert listed(found.high, found.digits) == [20.5]


def test_an_empty_stretch_has_no_buckets() -> None:
    assert fold(plain([], []), 100, 100, 10).starts_s() == []
