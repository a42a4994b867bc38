"""Buckets, gaps, energy: each against the slow and obvious way."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stallaini.link.messages import Event
from stallaini.server import queries
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


@given(columns(), st.integers(START - 50, START + 300), st.integers(0, 300), st.integers(1, 400))
def test_buckets_are_what_counting_minute_by_minute_gives(
    column: Column, start: int, length: int, points: int
) -> None:
    found = queries.buckets(column, start * 60, (start + length) * 60, points)
    values = by_minute(column)
    assert len(found.t) <= points + 1
    assert found.bucket_s % 60 == 0
    for index, begin_s in enumerate(found.t):
        assert begin_s % found.bucket_s == 0
        begin = begin_s // 60
        inside = [
            values[minute] / 10
            for minute in range(max(start, begin), min(start + length, begin + found.bucket_s // 60))
            if minute in values
        ]
        if not inside:
            assert found.mean[index] is found.low[index] is found.high[index] is None
            continue
        assert found.mean[index] == pytest.approx(sum(inside) / len(inside), abs=0.006)
        assert (found.low[index], found.high[index]) == (min(inside), max(inside))


@given(st.lists(st.integers(0, 300), min_size=1), st.integers(1, 20))
def test_every_minute_falls_into_exactly_one_bucket(offsets: list[int], points: int) -> None:
    minutes = sorted({START + offset for offset in offsets})
    found = queries.buckets(plain(minutes, [1] * len(minutes)), START * 60, (START + 301) * 60, points)
    begins = [bucket // 60 for bucket in found.t]
    assert begins == list(
        range(begins[0], begins[0] + len(begins) * (found.bucket_s // 60), found.bucket_s // 60)
    )
    assert begins[0] <= START
    assert begins[-1] + found.bucket_s // 60 >= START + 301


def test_the_band_comes_from_the_lowest_and_highest_series() -> None:
    minutes = [START, START + 1]
    found = queries.buckets(
        plain(minutes, [10, 20]),
        START * 60,
        START * 60 + 120,
        1,
        plain(minutes, [1, 5]),
        plain(minutes, [90, 30]),
    )
    filled = [index for index, value in enumerate(found.mean) if value is not None]
    assert [(found.mean[i], found.low[i], found.high[i]) for i in filled] == [(15.0, 1.0, 90.0)]


def test_an_empty_stretch_has_no_buckets() -> None:
    assert queries.buckets(plain([], []), 6000, 6000, 10).t == []


@given(st.sets(st.integers(-5, 60)), st.integers(0, 30), st.integers(0, 40))
def test_gaps_and_present_minutes_make_up_the_whole(present: set[int], start: int, length: int) -> None:
    end = start + length
    report = queries.gaps(np.array(sorted(present), np.int64), start, end)
    missing = {minute for gap in report.gaps for minute in range(gap.start_minute, gap.end_minute)}
    assert missing == set(range(start, end)) - present
    assert sum(gap.minutes for gap in report.gaps) == len(missing)
    assert (report.minutes_expected, report.minutes_present) == (length, length - len(missing))
    assert report.uptime_pct == (round(100 * (length - len(missing)) / length, 3) if length else None)
    for one, other in zip(report.gaps, report.gaps[1:], strict=False):
        assert one.end_minute < other.start_minute


GAP = queries.Gap(START, START + 10)


@pytest.mark.parametrize(
    ("events", "reason"),
    [
        ([], None),
        ([Event((START + 11) * 60, "edge.started")], "edge not running"),
        ([Event((START + 15) * 60, "edge.started")], None),
        ([Event((START - 1) * 60, "edge.started")], None),
        ([Event((START + 10) * 60, "clock.stepped", {"seconds": 600})], "clock set"),
        ([Event((START + 10) * 60, "clock.stepped", {"seconds": 600, "ignored": True})], None),
        ([Event(0, "journal.dropped", {"from": (START + 9) * 60, "to": (START + 20) * 60})], "journal full"),
        ([Event(0, "journal.dropped", {"from": (START + 10) * 60, "to": (START + 20) * 60})], None),
        # An event right after the gap may have told its reason, before it was dropped itself.
        (
            [Event(0, "journal.dropped", {"from": (START + 10) * 60, "to": (START + 20) * 60, "events": 2})],
            "journal full",
        ),
        (
            [Event(0, "entries.lost", {"after_minute": START - 1, "before_minute": START + 10})],
            "lost before delivery",
        ),
        ([Event(0, "entries.lost", {"after_minute": None, "before_minute": START})], None),
        (
            [Event(0, "minute.refused", {"first_minute": START, "before_minute": START + 1})],
            "refused by the server",
        ),
        ([Event(0, "minute.refused", {"first_minute": START + 10, "before_minute": START + 12})], None),
        (
            [Event(0, "journal.recovered", {"entries": 2, "from": START * 60, "to": (START + 9) * 60})],
            "lost by the edge's card",
        ),
        ([Event(0, "journal.recovered", {"entries": 0})], None),
        ([Event(0, "journal.renewed", {"to": (START + 3) * 60})], "lost by the edge's card"),
        ([Event(0, "journal.renewed", {"to": START * 60})], None),
        ([Event(0, "clock.stepped", {"seconds": 900, "said_at_s": (START + 10) * 60})], "clock set"),
        (
            [
                Event((START + 9) * 60, "edge.started"),
                Event(0, "journal.dropped", {"from": START * 60, "to": (START + 5) * 60}),
            ],
            "journal full",
        ),
    ],
)
def test_a_gap_has_the_reason_its_events_tell(events: list[Event], reason: str | None) -> None:
    assert queries.gap_reason(GAP, events) == reason


@given(columns(), st.integers(START - 50, START + 300), st.integers(0, 300))
def test_integrating_splits_each_minute_by_its_sign(column: Column, start: int, length: int) -> None:
    inward, outward = queries.integrate(column, start, start + length)
    values = [v for minute, v in by_minute(column).items() if start <= minute < start + length]
    assert inward == pytest.approx(sum(v for v in values if v > 0) / 600)
    assert outward == pytest.approx(-sum(v for v in values if v < 0) / 600)


@pytest.mark.parametrize(
    ("day", "minutes"),
    [(date(2026, 3, 29), 1380), (date(2026, 10, 25), 1500), (date(2026, 7, 5), 1440)],
)
def test_a_day_is_as_long_as_its_zone_makes_it(day: date, minutes: int) -> None:
    start, end = queries.day_bounds(day, "Europe/Rome")
    assert end - start == minutes
    power = plain(list(range(start - 100, end + 100)), [600] * (minutes + 200))
    (period,) = queries.periods("day", "Europe/Rome", day, date.fromordinal(day.toordinal() + 1))
    (found,) = queries.energy(power, [period])
    assert (period.end_minute - period.start_minute, found.minutes_present) == (minutes, minutes)
    assert found.in_kwh == pytest.approx(0.6 * minutes / 60)
    assert found.out_kwh == 0


def test_energy_goes_to_the_local_day_and_to_its_direction() -> None:
    midnight = queries.day_bounds(date(2026, 7, 5), "Europe/Rome")[0]
    power = plain([midnight - 1, midnight, midnight + 1], [6000, 1200, -600])
    days = queries.periods("day", "Europe/Rome", date(2026, 7, 4), date(2026, 7, 6))
    before, after = queries.energy(power, days)
    assert (before.in_kwh, before.out_kwh, before.minutes_present) == (0.1, 0, 1)
    assert (after.in_kwh, after.out_kwh, after.minutes_present) == (0.02, 0.01, 2)


def test_months_begin_where_asked_and_at_each_first() -> None:
    found = queries.periods("month", "Europe/Rome", date(2026, 1, 20), date(2026, 4, 1))
    assert [period.day.isoformat() for period in found] == ["2026-01-20", "2026-02-01", "2026-03-01"]
    assert [one.end_minute for one in found[:-1]] == [one.start_minute for one in found[1:]]
    assert found[-1].end_minute == queries.day_bounds(date(2026, 3, 31), "Europe/Rome")[1]
