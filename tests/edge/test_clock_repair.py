"""A machine without a clock chip: whatever its clock says, each minute gets its place in time, once."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.clockless import TICK_S, Site
from tests.support.edge import NOON_S

from stallaini.link.messages import Event, Minute, TimeQuality

CLAIMS = st.one_of(
    st.none(),
    st.just(0),
    st.integers(-7200, 7200).map(lambda s: NOON_S + s),
    st.integers(-10, 10).map(lambda years: NOON_S + years * 31_557_600),
)
SERVER_OFF_S = 5
"""How far the server's time is off at most when half of such a round trip is taken for its way down."""

ACTIONS = st.one_of(
    st.tuples(st.just("boot"), st.tuples(st.integers(20, 200_000), CLAIMS)),
    st.tuples(st.just("boot"), st.tuples(st.integers(20, 200_000), CLAIMS)),
    st.tuples(st.just("restart"), st.integers(0, 150)),
    st.tuples(st.just("step"), st.integers(-100_000, 100_000)),
    st.tuples(st.just("link"), st.sampled_from([(0.2, 0.2), (7.0, 1.0), (0.5, 9.0), (40.0, 1.0), None])),
    st.tuples(st.just("deliver"), st.just(0)),
    st.tuples(st.just("server knows"), st.booleans()),
    st.tuples(st.sampled_from(["ntp", "ntp lost"]), st.just(0)),
)
RUNS = st.integers(0, 50)
IN_RAM = Path("/dev/shm")
"""Where a file's syncs cost nothing: a life has hundreds, and what they are for is not tried here."""


@settings(max_examples=200)
@given(st.lists(st.tuples(ACTIONS, RUNS), min_size=4, max_size=25))
def test_whatever_clocks_and_boots_do_each_minute_arrives_once_where_it_belongs(
    life: list[tuple[tuple[str, object], int]],
) -> None:
    with tempfile.TemporaryDirectory(dir=IN_RAM if IN_RAM.exists() else None) as folder:
        site = Site(Path(folder))
        asyncio.run(_live(site, life))
        _check(site)


async def _live(site: Site, life: list[tuple[tuple[str, object], int]]) -> None:
    end = [(("ntp", 0), 30), (("link", (0.0, 0.0)), 0), (("deliver", 0), 0)]
    for (action, detail), ticks in [*life, *end]:
        if action == "boot":
            site.boot(*detail)  # type: ignore[misc]
        elif action == "restart":
            site.restart(detail)  # type: ignore[arg-type]
        elif action == "step" and not site.clock.right:
            site.clock.step_wall(detail)  # type: ignore[arg-type]
        elif action == "link":
            site.linked = detail is not None
            site.up_s, site.down_s = detail or (0.0, 0.0)  # type: ignore[misc]
        elif action == "server knows":
            site.server.wall_s = site.true_time if detail else None
        elif action == "ntp":
            site.synchronize()
        elif action == "ntp lost":
            site.clock.right = False
        else:
            await site.deliver()
        site.run(ticks * TICK_S)


def _check(site: Site) -> None:
    assert site.delivered == site.journaled, "each once, in order"
    numbers = [minute.minute for minute in site.minutes]
    assert numbers == sorted(set(numbers)), "no two have the same minute, and none stands before an earlier"
    for minute in site.minutes:
        _CHECKS[minute.quality](site, minute)


def _check_exact(site: Site, minute: Minute) -> None:
    begin_s = minute.minute * 60
    assert begin_s - SERVER_OFF_S <= site.first_in(minute).at_s
    assert site.last_in(minute).at_s < begin_s + 60 + SERVER_OFF_S


def _check_repaired(site: Site, minute: Minute) -> None:
    first = site.first_in(minute)
    since_boot_s = first.at_s - first.booted_s
    begun_s = first.at_s - since_boot_s % 60
    assert abs(begun_s - minute.minute * 60) <= 30 + SERVER_OFF_S


def _check_bounded(site: Site, minute: Minute) -> None:
    assert any(_bounds(event, site, minute) for event in site.events("clock.bounded"))


def _bounds(event: Event, site: Site, minute: Minute) -> bool:
    """Whether the event is about that minute, and the minute was when it says."""
    data = {key: int(value) for key, value in event.data.items() if value is not None}
    about = data["from"] - 31 <= minute.minute * 60 <= data["to"] - 29
    earliest_s, latest_s = data.get("earliest", 0) - SERVER_OFF_S - 1, data["latest"] + SERVER_OFF_S + 1
    return about and earliest_s <= site.first_in(minute).at_s and site.last_in(minute).at_s <= latest_s


_CHECKS = {
    TimeQuality.EXACT: _check_exact,
    TimeQuality.REPAIRED: _check_repaired,
    TimeQuality.BOUNDED: _check_bounded,
}
