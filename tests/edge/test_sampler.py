"""Readings become minutes: what was heard, and nothing else."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st
from tests.support.edge import DESCRIPTION, NOON

from stallaini.edge.sampler import Sampler
from stallaini.link.messages import Minute
from stallaini.site.reading import Reading

EMPTY = (None, None, None, None, None, None)


def current(at_s: float, value: float | None) -> Reading:
    return Reading("battery.current", at_s, value)


def test_a_minute_holds_mean_least_greatest_and_last() -> None:
    sampler = Sampler(DESCRIPTION)
    for second, amperes in enumerate((10.0, -4.2, 3.4)):
        sampler.feed(current(second, amperes))
        sampler.feed(Reading("battery.soc", second, 62.41 - second))
    assert sampler.close(NOON) == Minute(NOON, (31, -42, 100, 6041, None, None))


def test_a_minute_without_a_fresh_reading_has_no_value() -> None:
    sampler = Sampler(DESCRIPTION)
    sampler.feed(current(0, 12.0))
    sampler.close(NOON)
    assert sampler.close(NOON + 1).values == EMPTY


def test_what_the_device_does_not_report_is_no_value_and_not_zero() -> None:
    sampler = Sampler(DESCRIPTION)
    sampler.feed(current(0, None))
    sampler.feed(Reading("battery.alarm.high_temperature", 0, None))
    assert sampler.close(NOON).values == EMPTY
    assert sampler.live(0, 0.0).values == (None, None, None, None)


def test_a_flag_is_raised_for_the_minute_if_it_was_ever_raised_in_it() -> None:
    sampler = Sampler(DESCRIPTION)
    for second, raised in enumerate((False, True, False)):
        sampler.feed(Reading("battery.alarm.high_temperature", second, raised))
        sampler.feed(Reading("battery.charge_enabled", second, not raised))
    assert sampler.close(NOON).values[4:] == (0, 1)


def test_a_stale_reading_that_arrives_late_stays_out_of_the_minute() -> None:
    sampler = Sampler(DESCRIPTION)
    sampler.feed(Reading("battery.soc", 100.0, 50.0))
    sampler.feed(current(94.0, 12.0))
    assert sampler.close(NOON).values[:3] == (None, None, None)


def test_impossible_values_and_strange_channels_are_counted_and_kept_out() -> None:
    sampler = Sampler(DESCRIPTION)
    sampler.feed(current(0, math.nan))
    sampler.feed(current(0, 1e300))
    sampler.feed(Reading("battery.wishes", 0, 1.0))
    assert (sampler.refused, sampler.close(NOON).values) == (3, EMPTY)


def test_live_shows_the_newest_value_with_its_age() -> None:
    sampler = Sampler(DESCRIPTION)
    sampler.feed(current(10.0, 1.0))
    sampler.feed(current(12.0, 2.0))
    sampler.feed(Reading("battery.charge_enabled", 12.5, True))
    sampler.close(NOON)
    live = sampler.live(at_s=1234, now_s=99.9)
    assert (live.at_s, live.values) == (1234, ((20, 87), None, (1, 87), None))


def test_a_value_no_longer_reported_is_not_shown_as_live() -> None:
    sampler = Sampler(DESCRIPTION)
    sampler.feed(current(10.0, 1.0))
    sampler.feed(current(11.0, None))
    assert sampler.live(0, 11.0).values[0] is None


def test_a_ready_made_aggregate_is_kept_instead_of_that_of_the_samples() -> None:
    sampler = Sampler(DESCRIPTION)
    for second, amperes in enumerate((10.0, 20.0)):
        sampler.feed(current(second, amperes))
    sampler.feed(Reading("battery.current", 5.0, 7.3, "mean"))
    assert sampler.live(0, 5.0).values[0] == (200, 4)
    assert sampler.close(NOON).values[:3] == (73, 100, 200)


def test_a_ready_made_aggregate_belongs_to_the_running_minute_alone() -> None:
    sampler = Sampler(DESCRIPTION)
    sampler.feed(Reading("battery.current", 5.0, 7.3, "mean"))
    assert sampler.close(NOON).values[:3] == (73, None, None)
    sampler.feed(current(61.0, 10.0))
    assert sampler.close(NOON + 1).values[:3] == (100, 100, 100)


def test_an_impossible_or_stale_ready_made_aggregate_is_not_kept() -> None:
    sampler = Sampler(DESCRIPTION)
    sampler.feed(current(100.0, 10.0))
    sampler.feed(Reading("battery.current", 100.0, math.inf, "mean"))
    sampler.feed(Reading("battery.current", 100.0, 5.0, "median"))
    sampler.feed(Reading("battery.current", 90.0, 5.0, "mean"))
    sampler.feed(Reading("battery.current", 100.0, None, "mean"))
    assert (sampler.refused, sampler.close(NOON).values[:3]) == (2, (100, 100, 100))


@given(st.lists(st.floats(-2000, 2000), min_size=1))
def test_the_mean_lies_between_least_and_greatest(values: list[float]) -> None:
    sampler = Sampler(DESCRIPTION)
    for second, value in enumerate(values):
        sampler.feed(current(second, value))
    mean, low, high = sampler.close(NOON).values[:3]
    assert mean is not None
    assert low is not None
    assert high is not None
    assert low <= mean <= high
    assert abs(mean / 10 - math.fsum(values) / len(values)) <= 0.1
