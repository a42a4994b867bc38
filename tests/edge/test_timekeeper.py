"""The site's time is known or not known, never guessed."""

from __future__ import annotations

from tests.support.edge import NOON_S

from stallaini.clock import VirtualClock
from stallaini.edge.timekeeper import ClockNews, Timekeeper

UPTIME_S = 500.0
DAY_S = 86_400


def a_clock(wall_s: float = NOON_S, *, right: bool = False) -> VirtualClock:
    return VirtualClock(wall_s, UPTIME_S, right=right)


def test_a_clock_nobody_set_is_not_believed() -> None:
    time = Timekeeper(a_clock())
    assert not time.synchronized()
    assert (time.wall_s(), time.claimed_s) == (UPTIME_S, NOON_S)
    assert time.server_wanted()


def test_a_synchronized_or_trusted_clock_is_believed_from_the_start() -> None:
    for time in (Timekeeper(a_clock(right=True)), Timekeeper(a_clock(), trusted=True)):
        assert time.synchronized()
        assert time.wall_s() == NOON_S
        assert not time.server_wanted()


def test_a_trusted_clock_with_an_empty_battery_is_not_believed() -> None:
    time = Timekeeper(a_clock(wall_s=3.0), trusted=True)
    assert not time.synchronized()
    assert time.server_wanted()


def test_the_time_becomes_known_by_a_time_service() -> None:
    clock = a_clock(wall_s=600.0)
    time = Timekeeper(clock)
    assert time.look() is None
    clock.step_wall(NOON_S)
    clock.right = True
    assert time.look() == ClockNews("clock.known", {"source": "clock", "stepped_s": NOON_S})
    assert time.wall_s() == NOON_S + 600
    assert time.look() is None


def test_the_time_becomes_known_by_the_server_half_a_round_trip_ago() -> None:
    time = Timekeeper(a_clock(wall_s=NOON_S - 7200))
    assert time.hear(NOON_S * 1000, round_trip_s=3.0) == ClockNews(
        "clock.known", {"source": "server", "stepped_s": 7202}
    )
    assert time.wall_s() == NOON_S + 1.5
    assert not time.server_wanted()


def test_an_answer_without_a_usable_time_is_followed_by_a_pause_before_the_next_question() -> None:
    for server_ms, round_trip_s in ((None, 0.1), (NOON_S * 1000, 30.0), (1000, 0.1)):
        clock = a_clock()
        time = Timekeeper(clock)
        assert time.hear(server_ms, round_trip_s) is None
        assert (time.synchronized(), time.server_wanted()) == (False, False)
        clock.advance(60)
        assert time.server_wanted()


def test_a_known_time_outlives_steps_of_a_clock_nobody_vouches_for() -> None:
    clock = a_clock()
    time = Timekeeper(clock)
    time.hear(NOON_S * 1000, 0.0)
    clock.step_wall(-100_000)
    news = time.look()
    assert news is not None
    assert (news.kind, news.data["seconds"], news.data["ignored"]) == ("clock.stepped", -100_000, True)
    assert time.wall_s() == NOON_S


def test_a_synchronized_clock_corrects_the_server() -> None:
    clock = a_clock(wall_s=NOON_S + 5)
    time = Timekeeper(clock)
    time.hear(NOON_S * 1000, 0.0)
    clock.right = True
    assert time.look() == ClockNews("clock.stepped", {"seconds": 5, "source": "clock"})
    assert time.hear(NOON_S * 1000, 0.0) is None
    assert time.wall_s() == NOON_S + 5


def test_without_a_time_service_the_server_is_asked_once_a_day_and_corrects_the_drift() -> None:
    clock = a_clock()
    time = Timekeeper(clock)
    time.hear(NOON_S * 1000, 0.0)
    clock.advance(DAY_S - 1)
    assert not time.server_wanted()
    clock.advance(1)
    assert time.server_wanted()
    assert time.hear((NOON_S + DAY_S + 1) * 1000, round_trip_s=0.2) is None
    assert abs(time.wall_s() - (NOON_S + DAY_S + 1.1)) < 0.001
    assert not time.server_wanted()


def test_a_slow_answer_does_not_shake_a_time_that_it_agrees_with() -> None:
    time = Timekeeper(a_clock())
    time.hear(NOON_S * 1000, 0.0)
    assert time.hear((NOON_S - 4) * 1000, round_trip_s=9.0) is None
    assert time.wall_s() == NOON_S


def test_what_an_earlier_start_in_this_boot_knew_is_known_and_confirmed_soon() -> None:
    time = Timekeeper(a_clock(wall_s=600.0))
    time.remember(NOON_S - UPTIME_S)
    assert (time.synchronized(), time.wall_s()) == (True, NOON_S)
    assert time.server_wanted()
    right = Timekeeper(a_clock(right=True))
    right.remember(17.0)
    assert right.wall_s() == NOON_S
