"""A forecast goes by the guide that did best: the past, the channel, the product; and stays within bounds."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from hypothesis import example, given
from hypothesis import strategies as st

from stallaini.link.codec_forecast import (
    ALIKE,
    CHANNEL,
    EDGE,
    PAST,
    PRODUCT,
    TREND,
    Forecast,
    bounds_of,
    guides_of,
)
from stallaini.link.model import SeriesKind
from stallaini.link.varint import HIGHEST, LOWEST


def kinds(*names: str) -> list[SeriesKind]:
    steps = {"voltage": 0.01, "current": 0.1, "power": 1.0, "soc": 0.01, "flag": 1.0}
    found = []
    for name in names:
        channel, _, aggregate = name.rpartition(".")
        quantity = channel.partition(".")[2]
        found.append(SeriesKind(name, quantity, aggregate, steps[quantity], channel))
    return found


BATTERY = kinds(
    "battery.voltage.mean", "battery.voltage.min", "battery.voltage.max", "battery.voltage.last",
    "battery.current.mean", "battery.current.min",
    "battery.power.mean", "battery.power.min",
    "solar.voltage.mean", "battery.flag.max",
)  # fmt: skip


def sources(series: Sequence[SeriesKind]) -> list[tuple[int, ...]]:
    return [tuple(guide.source for guide in guides_of(series, at)) for at in range(len(series))]


def test_what_guides_a_series_follows_from_the_kinds_before_it() -> None:
    assert sources(BATTERY) == [
        (PAST, TREND),
        (PAST, CHANNEL),
        (PAST, CHANNEL),
        (PAST, CHANNEL, EDGE, EDGE),
        (PAST, TREND),
        (PAST, CHANNEL),
        (PAST, PRODUCT, TREND),
        (PAST, PRODUCT, CHANNEL),
        (PAST, TREND, ALIKE),
        (),
    ]


def test_the_mean_lies_between_and_the_last_too() -> None:
    assert [bounds_of(BATTERY, at) for at in range(4)] == [(-1, -1), (-1, 0), (0, -1), (1, 2)]
    backwards = kinds("b.soc.last", "b.soc.max", "b.soc.min", "b.soc.mean")
    assert [bounds_of(backwards, at) for at in range(4)] == [(-1, -1), (0, -1), (-1, 0), (2, 1)]


def test_power_is_voltage_times_current_and_current_the_other_way_round() -> None:
    (power,) = (guide for guide in guides_of(BATTERY, 6) if guide.source == PRODUCT)
    assert power.at((4961, 4960, 4961, 4960, -40, -41), 0) == -198
    assert power.at((4961, 4960, 4961, 4960, None, None), 0) is None
    series = kinds("battery.power.mean", "battery.voltage.mean", "battery.current.mean")
    (current,) = (guide for guide in guides_of(series, 2) if guide.source == PRODUCT)
    assert current.at((-198, 4961), 0) == -40
    assert current.at((-198, 0), 0) is None


def test_a_value_that_climbs_is_forecast_to_climb_on() -> None:
    forecast = Forecast(guides_of(BATTERY, 0), (5000,), 5000)
    for value in range(5010, 5200, 10):
        forecast.look((), value - 10, (-1, -1))
        forecast.learn(value)
    forecast.look((), 5190, (-1, -1))
    assert (forecast.source, forecast.value) == (TREND, 5200)


def test_what_never_moves_is_forecast_to_stay() -> None:
    forecast = Forecast(guides_of(BATTERY, 1), (5000, 4990), 4990)
    for now in range(5001, 5030):
        forecast.look((now,), 4990, (-1, 0))
        forecast.learn(4990)
    forecast.look((5100,), 4990, (-1, 0))
    assert (forecast.source, forecast.value) == (PAST, 4990)


def test_a_lowest_value_is_never_forecast_above_the_mean() -> None:
    base = (4961, 4960, 4961, 4960, -40, -41, -200, -203)
    forecast = Forecast(guides_of(BATTERY, 7), base, -203)
    forecast.look(base[:7], -203, (-1, 6))
    assert (forecast.source, forecast.value) == (PRODUCT, -203)
    forecast.look((*base[:6], -210), -203, (-1, 6))
    assert (forecast.source, forecast.value) == (PRODUCT, -210)


@given(st.lists(st.tuples(*[st.integers(LOWEST, HIGHEST)] * 3), min_size=2, max_size=8))
@example([(0, 0, 0), (HIGHEST, HIGHEST, 5), (LOWEST, HIGHEST, 5)])
def test_a_forecast_is_a_number_of_64_bits_whatever_the_values_were(rows: list[tuple[int, int, int]]) -> None:
    series = kinds("battery.voltage.mean", "battery.current.mean", "battery.power.mean")
    forecast = Forecast(guides_of(series, 2), rows[0], rows[0][2])
    for before, now in pairwise(rows):
        forecast.look(now[:2], before[2], (-1, -1))
        assert LOWEST <= forecast.value <= HIGHEST
        forecast.learn(now[2])


def test_a_description_with_a_resolution_of_nothing_breaks_nothing() -> None:
    series = [kind._replace(resolution=0.0) for kind in BATTERY]
    assert PRODUCT not in {source for found in sources(series) for source in found}
