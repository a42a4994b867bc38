"""Billing months and days: clipped in short months, 23 and 25 hours long where the clocks change."""

from __future__ import annotations

from datetime import UTC, date, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stallaini.site.billing import billing_month, day_start_s, load_zone, local_day

DAYS = st.dates(date(2000, 2, 1), date(2100, 1, 1))
ROME = ZoneInfo("Europe/Rome")


@given(DAYS, st.integers(1, 31))
def test_every_day_lies_in_its_month_and_months_follow_each_other(day: date, billing_day: int) -> None:
    month = billing_month(day, billing_day)
    assert month.first <= day < month.end
    assert billing_month(month.first, billing_day) == month
    assert billing_month(month.end - timedelta(days=1), billing_day) == month
    assert billing_month(month.end, billing_day).first == month.end
    assert 28 <= (month.end - month.first).days <= 31 + 3


@pytest.mark.parametrize(
    ("day", "billing_day", "first", "end"),
    [
        (date(2026, 2, 27), 31, date(2026, 1, 31), date(2026, 2, 28)),
        (date(2026, 2, 28), 31, date(2026, 2, 28), date(2026, 3, 31)),
        (date(2024, 2, 29), 30, date(2024, 2, 29), date(2024, 3, 30)),
        (date(2026, 1, 1), 15, date(2025, 12, 15), date(2026, 1, 15)),
        (date(2026, 12, 31), 1, date(2026, 12, 1), date(2027, 1, 1)),
    ],
)
def test_a_day_that_a_month_lacks_is_its_last(day: date, billing_day: int, first: date, end: date) -> None:
    assert billing_month(day, billing_day) == (first, end)


def test_days_are_the_sites_and_change_length_with_its_clocks() -> None:
    spring, autumn, plain = date(2026, 3, 29), date(2026, 10, 25), date(2026, 7, 1)
    hours = [
        (day_start_s(day + timedelta(days=1), ROME) - day_start_s(day, ROME)) / 3600
        for day in (spring, autumn, plain)
    ]
    assert hours == [23, 25, 24]
    assert local_day(day_start_s(plain, ROME) - 1, ROME) == plain - timedelta(days=1)


@given(DAYS, st.sampled_from(["Europe/Rome", "Asia/Kathmandu", "America/St_Johns", "Australia/Lord_Howe"]))
def test_a_day_begins_where_the_one_before_ends(day: date, zone: str) -> None:
    begin_s = day_start_s(day, ZoneInfo(zone))
    assert local_day(begin_s, ZoneInfo(zone)) == day
    assert local_day(begin_s - 1, ZoneInfo(zone)) == day - timedelta(days=1)


def test_a_machine_without_zone_data_counts_in_utc() -> None:
    assert load_zone("Nowhere/Atall") is UTC
