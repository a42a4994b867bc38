"""Quarters of an hour out of minutes, and the set of covered minutes."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from stallaini.edge.ranges import MinuteRanges
from stallaini.edge.thinning import combine, runs
from stallaini.link.messages import Entry, Minute

AGGREGATES = ("mean", "min", "max", "last")


def entries(*minutes: int) -> list[Entry]:
    return [Entry(seq, Minute(minute, (0,))) for seq, minute in enumerate(minutes, 1)]


def test_a_run_ends_at_the_quarter_and_at_a_gap() -> None:
    found = runs(entries(*range(28, 33), 40, 41))
    assert [[entry.seq for entry in run] for run in found] == [[1, 2], [3, 4, 5], [6, 7]]


def test_each_series_is_combined_by_its_aggregate() -> None:
    run = [Entry(7, Minute(30, (10, 1, 9, 4))), Entry(9, Minute(31, (21, 0, 3, None)))]
    assert combine(run, AGGREGATES) == Entry(9, Minute(30, (16, 0, 9, 4), span_minutes=2))


def test_a_series_without_values_stays_without() -> None:
    run = [Entry(1, Minute(30, (None,))), Entry(2, Minute(31, (None,)))]
    assert combine(run, ("mean",)).body == Minute(30, (None,), span_minutes=2)


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(1, 15)), max_size=30))
def test_ranges_are_the_set_they_stand_for(stretches: list[tuple[int, int]]) -> None:
    ranges, plain = MinuteRanges(), set[int]()
    for start, span in stretches:
        ranges.add(start, span)
        plain |= set(range(start, start + span))
    assert {minute for minute in range(80) if minute in ranges} == plain
    assert ranges.end == (max(plain) + 1 if plain else None)
