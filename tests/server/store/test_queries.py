"""Gaps, energy: each against the slow and obvious way."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.columns import START, by_minute, columns, plain

from stallaini.link.messages import Event
from stallaini.server import queries
from stallaini.server.store.base import Column


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
