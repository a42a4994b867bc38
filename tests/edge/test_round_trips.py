"""A message is repeated as soon as the line allows, and never sooner."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from stallaini.edge.round_trips import RoundTrips


def test_a_new_line_is_given_the_whole_time() -> None:
    trips = RoundTrips(2.0)
    for _ in range(3):
        trips.took(0.1)
    assert trips.patience_s == 2.0


def test_a_quick_line_is_asked_again_after_a_second() -> None:
    trips = RoundTrips(2.0)
    for _ in range(4):
        trips.took(0.3)
    assert trips.patience_s == 1.0
    trips.took(0.8)
    assert trips.patience_s == 1.6, "twice the slowest of late"


def test_a_line_that_became_slow_is_soon_given_the_whole_time_again() -> None:
    trips = RoundTrips(2.0)
    for _ in range(20):
        trips.took(0.2)
    for _ in range(5):
        trips.took(1.4)
    assert trips.patience_s == 2.0


def test_loss_does_not_slow_a_quick_line_down() -> None:
    trips, chance = RoundTrips(2.0), random.Random(1)
    quick = 0
    for _ in range(1000):
        trips.took(0.1 if chance.random() < 0.64 else 1.2 * trips.patience_s + 0.1)
        quick += trips.patience_s == 1.0
    assert quick > 900


@given(st.lists(st.floats(0, 200), max_size=40), st.floats(0.5, 60))
def test_the_patience_stays_within_its_bounds(took_s: list[float], longest_s: float) -> None:
    trips = RoundTrips(longest_s)
    for seconds in took_s:
        trips.took(seconds)
        assert min(1.0, longest_s) <= trips.patience_s <= longest_s
